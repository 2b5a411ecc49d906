"""A sheet of films to be read again, and the board with what was read, as a user asks for them."""

from __future__ import annotations

import csv
import shutil
from functools import cache

import numpy as np
import pytest
from PIL import Image

from ra_bench.boards.render.json import read_board
from ra_bench.suite import plan, run, score_predictions

pytestmark = pytest.mark.slow  # whole runs in processes of their own

COHORT = """
name = "clinic"
table = "scores.csv"
films = "films"
image = "film"
patient = "patient"
readers = ["A", "B"]
{private}
[scale]
name = "SvH, both hands"
minimum = 0
maximum = 280
unit = "SvH units"
"""
FILMS = 16
BOARD = "clinic-tiny-2-folds"


def write_cohort(folder, private=""):
    (folder / "films").mkdir(parents=True)
    grey = np.random.default_rng(0)
    rows = ["film,patient,A,B"]
    for number in range(FILMS):
        film = grey.integers(0, 256, (32, 48), dtype=np.uint8)
        Image.fromarray(film).save(folder / "films" / f"film{number:02d}.png")
        more = 4 if number % 2 else -4
        rows.append(f"film{number:02d},patient{number:02d},{10 + 10 * number},{10 + 10 * number + more}")
    (folder / "scores.csv").write_text("\n".join(rows) + "\n")
    (folder / "cohort.toml").write_text(COHORT.format(private=private))


@pytest.fixture(scope="module")
def trained(tmp_path_factory, tiny_suite, tiny_protocol, new_observer):
    """A board of a constant model, and of three models from elsewhere that read film07 far too high."""

    @cache
    def train(private):
        folder = tmp_path_factory.mktemp("trained")
        write_cohort(folder / "clinic", private)
        fill(folder, tiny_suite, tiny_protocol, new_observer)
        return folder

    return train


def fill(folder, tiny_suite, tiny_protocol, new_observer):
    for place, name in enumerate(("one", "two", "three")):
        rows = [f"film{n:02d},{10 + 10 * n + (60 if n == 7 else place)}" for n in range(FILMS)]
        (folder / f"{name}.csv").write_text("film,predicted\n" + "\n".join(rows) + "\n")
    suite = tiny_suite(folder, boards=folder / "leaderboards")
    cohort = str(folder / "clinic/cohort.toml")
    run(
        suite,
        plan(suite, models=["forty"], dataset=cohort, protocol=str(tiny_protocol), folds=2),
        observers=new_observer(),
    )
    for name in ("one", "two", "three"):
        score_predictions(suite, folder / f"{name}.csv", board=BOARD)


@pytest.fixture
def at_board(cli, tmp_path, trained, request):
    """A copy of that board and its runs; of a private cohort where a test asks for it."""
    shutil.copytree(trained(getattr(request, "param", "")), tmp_path, dirs_exist_ok=True)
    return tmp_path


def rows_of(file):
    with file.open(newline="") as lines:
        return list(csv.DictReader(lines))


def cli_sheet(done, folder):
    """The text of the sheet that a command wrote."""
    assert done.code == 0, done.err
    return (folder / f"{BOARD}-reread.csv").read_text()


def test_from_a_board_to_a_sheet_to_the_board_under_both_labels(at_board, cli, tiny_file):
    done = cli("reread", BOARD, "-p", tiny_file, "-o", "sheet.csv")
    assert done.code == 0, done.err
    assert "1 of 16 films are suspect; on the sheet: 1, where models read more damage on 1 and less on 0" in done.out
    assert "published records" not in done.out
    kinds = {row["film"]: row["kind"] for row in rows_of(at_board / "sheet-key.csv")}
    assert (kinds["film07"], sorted(kinds.values())) == ("suspect", ["control", "suspect"])
    sheet = (at_board / "sheet.csv").read_text()
    assert sheet.splitlines()[0] == "film,re-read"
    assert "suspect" not in sheet
    (at_board / "sheet.csv").write_text(sheet.replace("film07,", "film07,150"))
    again = cli("rescore", BOARD, "-p", tiny_file, "--labels", "clinic/cohort.toml", "--reread", "sheet.csv")
    assert again.code == 0, again.err
    assert "Read again: 1 of the 2 films of sheet.csv, by 're-read' (new reader)." in again.out
    # film07: readings 80 and 84, then 150 with them
    assert "on 1 suspects the reference moved by 22.7 on average, 22.7 of it to the side of the models" in again.out
    (folder,) = (at_board / "leaderboards").glob(f"{BOARD}-labels-*")
    new = read_board((folder / "board.json").read_text())
    assert len([row for row in new.before if row.kind == "model"]) == 4
    assert "--reread PATH/sheet.csv" in dict(new.facts)["command"]
    assert any("New readers: 're-read'" in value for _, value in new.facts)


def test_a_reader_who_is_named_is_replaced(at_board, cli, tiny_file):
    assert cli("reread", BOARD, "-p", tiny_file, "-o", "sheet.csv", "--reader", "B").code == 0
    sheet = (at_board / "sheet.csv").read_text()
    assert sheet.splitlines()[0] == "film,B"
    (at_board / "sheet.csv").write_text(sheet.replace("film07,", "film07,140"))
    again = cli("rescore", BOARD, "-p", tiny_file, "--labels", "clinic/cohort.toml", "--reread", "sheet.csv")
    assert "by 'B' (replaces)" in again.out
    assert "The reference changed on 1 of 16 test films, most on 'film07', from 82 to 110" in again.out


def test_an_empty_sheet_changes_nothing_and_is_refused(at_board, cli, tiny_file):
    cli("reread", BOARD, "-p", tiny_file, "-o", "sheet.csv")
    again = cli("rescore", BOARD, "-p", tiny_file, "--labels", "clinic/cohort.toml", "--reread", "sheet.csv")
    assert (again.code, "no score is filled in" in again.err) == (1, True)


def test_a_sheet_is_not_overwritten_and_not_put_among_boards(at_board, cli, tiny_file):
    assert cli("reread", BOARD, "-p", tiny_file).code == 0
    assert (at_board / f"{BOARD}-reread.csv").exists()
    again = cli("reread", BOARD, "-p", tiny_file)
    assert (again.code, "is there already and may hold scores" in again.err) == (1, True)
    among = cli("reread", BOARD, "-p", tiny_file, "-o", f"leaderboards/{BOARD}/sheet.csv")
    assert (among.code, "lies in the folder of boards" in among.err) == (1, True)
    assert not (at_board / f"leaderboards/{BOARD}/sheet.csv").exists()


def test_no_suspect_writes_nothing(at_board, cli, tiny_file):
    done = cli("reread", BOARD, "-p", tiny_file, "--margin", "200")
    assert done.code == 0
    assert "No film is suspect: nothing is written." in done.out
    assert not list(at_board.glob("*reread*"))


@pytest.mark.parametrize("names", [["film"], ["B", "B"], [" "]])
def test_columns_that_cannot_be_told_apart_are_refused(at_board, cli, tiny_file, names):
    done = cli("reread", BOARD, "-p", tiny_file, *(word for name in names for word in ("--reader", name)))
    assert (done.code, "each column takes a name of its own, and not 'film'" in done.err) == (1, True)


def test_without_runs_the_published_records_stand_in(at_board, cli, tiny_file):
    shutil.rmtree(at_board / "runs")
    assert "The film ids are those of the published records" in cli("reread", BOARD, "-p", tiny_file).out


@pytest.mark.parametrize("at_board", ["private = true"], indirect=True)
def test_a_private_board_takes_its_runs(at_board, cli, tiny_file):
    assert "film07" in cli_sheet(cli("reread", BOARD, "-p", tiny_file), at_board)
    shutil.rmtree(at_board / "runs")
    done = cli("reread", BOARD, "-p", tiny_file, "-o", "other.csv")
    assert (done.code, "Name the folder of runs with --runs" in done.err) == (1, True)


def test_a_board_that_is_not_there_is_offered_the_nearest(at_board, cli, tiny_file):
    done = cli("reread", "clinic-tiny-2-fold")
    assert (done.code, f"Did you mean '{BOARD}'?" in done.err) == (1, True)


def test_a_margin_of_nothing_and_no_films_are_wrong_usage(at_board, cli):
    assert cli("reread", BOARD, "--margin", "0").code == 2
    assert cli("reread", BOARD, "--films", "0").code == 2
    assert cli("reread", BOARD, "--margin", "nan").code == 1


@pytest.mark.parametrize("at_board", ["private = true"], indirect=True)
def test_tables_of_a_private_board_know_the_readers_means_and_show_no_film(at_board, cli, tiny_file):
    done = cli("tables", BOARD, "-p", tiny_file, "-o", "out")
    assert done.code == 0, done.err
    written = done.out + "".join(file.read_text() for file in (at_board / "out").iterdir())
    assert "film0" not in written
    assert "patient0" not in written
    # A reads 10, 20, ..., 160
    assert "85.00" in written


def test_tables_of_a_board_that_is_not_there_or_a_table_that_the_paper_has_not_are_refused(at_board, cli):
    absent = cli("tables", "clinc")
    assert (absent.code, "No board named 'clinc'" in absent.err) == (1, True)
    assert cli("tables", BOARD, "--table", "1").code == 2
