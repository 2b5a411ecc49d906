"""A `cohort.toml` with every key explained, before values are filled in."""

from __future__ import annotations

OF_ANY_TABLE = """\
# What ra-bench needs to know of these films. Paths are taken from the folder of this file.

# How the cohort is called on a board.
name = ""
# The table, csv, tsv or xlsx: one row a film.
table = ""
# The folder of the films; folders in it are looked through too.
films = ""
# The column that names the film, with or without ".png", or a pattern of columns such as "{patient}_{visit}".
image = ""
# 'left' and 'right' name the films of the two hands, like 'image', where a row has one score for both: they become one
# film, which 'image' names.
left = ""
right = ""
# Two percentiles of a film's own grey values, such as [1, 99], that become black and white. Left out: as the file says.
window = []
# 'patient' is the column by which films are split: no patient stands on two sides. Leave it out only if there is none.
patient = ""
# 'visit' is the column that tells a patient's films apart in time: numbers, or dates with the year first; then boards
# show change. It may be left out.
visit = ""
# Columns that no model sees, and that may give a score away; they may be left out. 'ra-bench cohort check' asks what
# each alone tells of the score. 'site' is where a film was taken: 'ra-bench run --folds sites' leaves out one after the
# other. 'marker' is what is laid on the film or burnt into it, such as a letter.
site = ""
year = ""
sex = ""
age = ""
marker = ""
# Either 'readers', one column a reader, or 'score', one column with the score. With readers, the board has a human row.
readers = []
score = ""
# Errors that are to be remarks on the board: "film-of-two-patients", "patient-on-two-sides".
allow = []
# Who made the films and the scores, as they want to be cited.
citation = ""
# What may be done with them.
licence = ""
# true: predictions of single patients are kept out of leaderboards/.
private = true
# true: films or readings are simulated, and every board says so.
simulated = false
# What a reader of the board must know, a sentence each.
remarks = []

# The ends of the scale are inclusive: a score outside is an error in the table.
[scale]
name = ""
minimum = 0
maximum = 0
unit = ""

# A section [split] gives the cohort's own split: its 'column', and the words in it for 'train', 'validation', 'test'.
[split]
column = ""
train = []
validation = []
test = []
"""

OF_A_LAYOUT = """\
# What ra-bench needs to know of these films. Paths are taken from the folder of this file.

# How the cohort is called on a board.
name = ""
# The layout, known by name: it says what the columns mean, which scale the score has, and who is whose patient.
layout = ""
# The layout's table; of ram-h1200 the folder above its splits.
table = ""
# The folder of the films; folders in it are looked through too.
films = ""
# true: the films of a left and a right hand become one film with both, and their scores are added.
compose = false
# Two percentiles of a film's own grey values, such as [1, 99], that become black and white. Left out: as the file says.
window = []
# Errors that are to be remarks on the board: "film-of-two-patients", "patient-on-two-sides".
allow = []
# Who made the films and the scores, as they want to be cited.
citation = ""
# What may be done with them.
licence = ""
# true: predictions of single patients are kept out of leaderboards/.
private = true
# true: films or readings are simulated, and every board says so.
simulated = false
# What a reader of the board must know, a sentence each.
remarks = []
"""
