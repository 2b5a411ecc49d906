"""Tables for papers and spreadsheets: the board's numbers, and text that stays text."""

from __future__ import annotations

import csv
import io
import re

import pytest
import yaml

from ra_bench.boards.render.markdown import render
from ra_bench.errors import RecordError, UnknownNameError
from ra_bench.publishing.about import AboutModel
from ra_bench.publishing.card import model_card
from ra_bench.publishing.citation import citation
from ra_bench.publishing.hub import eval_results
from ra_bench.publishing.latex import latex, latex_text
from ra_bench.publishing.methods import methods
from ra_bench.publishing.reproduce import reproduce
from ra_bench.publishing.spreadsheet import cell, spreadsheet
from ra_bench.runs.records import SCORED


@pytest.fixture
def board(made, tmp_path):
    return made.write(tmp_path / "clinic")


def rows(text):
    return list(csv.DictReader(io.StringIO(text, newline="")))


# --- LaTeX ----------------------------------------------------------------------------------------------------------


def test_a_latex_table_has_the_numbers_of_the_board(board):
    row = next(row for row in board.rows if row.name == "far")
    line = next(line for line in latex(board).splitlines() if "& far &" in line)
    value = row.metrics["rmse"]
    assert f"{value.value:.1f} ({value.low:.1f}--{value.high:.1f})" in line


def test_every_row_of_a_latex_table_has_as_many_cells_as_it_has_columns(board):
    text = latex(board)
    wide = len(re.search(r"\\begin\{tabular\}\{(\w+)\}", text)[1])
    lines = [line for line in text.splitlines() if line.endswith(r"\\") and "multicolumn" not in line]
    assert {len(re.findall(r"(?<!\\)&", line)) + 1 for line in lines} == {wide}
    assert text.count(r"\toprule") == text.count(r"\bottomrule") == 1


SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    "|": r"\textbar{}",
    "[": "{[}",
    "*": "{*}",
    "\n": " ",
    "\u202e": "(U+202E)",
}


@pytest.mark.parametrize(("letter", "typeset"), SPECIAL.items())
def test_a_letter_that_tex_acts_on_is_typeset(letter, typeset):
    assert latex_text(f"a{letter}b") == f"a{typeset}b"


def test_hostile_text_adds_no_line_and_no_command_to_a_latex_table(made, board):
    mild, text = latex(board), latex(made.hostile_board())
    ours = (
        r"\\(?:text\w+|midrule|toprule|bottomrule|multicolumn|emph|begin|end|centering|caption|label|uparrow|downarrow"
    )
    ours += r"|to|usepackage|\\|[{}$%_&#,])"
    assert re.sub(ours, "", text).count("\\") == 0
    assert "\u202e" not in text
    assert "(U+202E)" in text
    assert len([line for line in text.splitlines() if "&" in line]) == len(
        [line for line in mild.splitlines() if "&" in line]
    )


# --- CSV ------------------------------------------------------------------------------------------------------------


def test_a_csv_has_a_line_a_row_with_unrounded_numbers(board):
    found = {row["name"]: row for row in rows(spreadsheet(board))}
    far = next(row for row in board.rows if row.name == "far")
    assert len(found) == len(board.rows)
    assert float(found["far"]["rmse"]) == far.metrics["rmse"].value
    assert float(found["far"]["rmse_low"]) == far.metrics["rmse"].low
    assert (found["far"]["kind"], found["far"]["films"], found["close"]["seeds"]) == ("model", "40", "0, 1")
    assert found["mean"]["parameters"] == ""


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r=", "\n@", "＝", " ="])
def test_a_text_that_a_spreadsheet_would_compute_is_text(start):
    assert cell(f"{start}1+1").startswith("'")


def test_a_negative_number_stays_a_number(board):
    bias = [row["rmse"] for row in rows(spreadsheet(board)) if row["rmse"]]
    assert [float(text) for text in bias]
    assert not [text for text in bias if text.startswith("'")]


def test_hostile_text_neither_adds_lines_nor_formulas_to_a_csv(made):
    text = spreadsheet(made.hostile_board())
    found = rows(text)
    assert len(found) == len(text.splitlines()) - 1
    assert [value for row in found for value in row.values() if value.startswith(("=", "+", "@", "\t"))] == []
    assert found[0]["name"].startswith('\'=cmd|"x"<script>')
    assert "\u202e" not in text


# --- the Hub --------------------------------------------------------------------------------------------------------


def test_results_for_the_hub_are_an_entry_a_metric(made, board):
    found = yaml.safe_load(eval_results(board, made.records(), model="far", hub_dataset="clinic/hands"))
    far = next(row for row in board.rows if row.name == "far")
    assert {entry["dataset"]["task_id"]: entry["value"] for entry in found} == {
        column.metric: far.metrics[column.metric].value for column in board.columns if column.metric in far.metrics
    }
    assert {entry["dataset"]["id"] for entry in found} == {"clinic/hands"}
    assert found[0]["date"] == "2026-03-01T12:00:00+00:00"
    assert "on 40 films" in found[0]["notes"]


def test_hostile_text_stays_one_scalar_of_the_yaml(made):
    found = yaml.safe_load(
        eval_results(made.hostile_board(), [], model=made.hostile_board().rows[0].name, hub_dataset="a/b")
    )
    assert all(set(entry) == {"dataset", "value", "evaluation_framework", "notes"} for entry in found)
    assert found[0]["notes"].startswith('=cmd|"x"<script>$\\input{% (U+202E)end')


def test_the_hub_needs_a_benchmark(made, board):
    with pytest.raises(RecordError, match="Name the benchmark: --hub-dataset OWNER/NAME"):
        eval_results(board, [], model="far", hub_dataset=None)


@pytest.mark.parametrize("name", ["hands", "a/b/c", "a/", "a/b\n- x", "../b"])
def test_a_benchmark_that_cannot_be_one_is_refused(board, name):
    with pytest.raises(RecordError, match=r"is no name of one. Name the benchmark: --hub-dataset OWNER/NAME"):
        eval_results(board, [], model="far", hub_dataset=name)


def test_the_hub_needs_a_model_where_there_are_several(board):
    with pytest.raises(RecordError, match=r"the board 'clinic' has 4. Name one: --model NAME"):
        eval_results(board, [], model=None, hub_dataset="a/b")


def test_a_model_that_is_not_on_the_board_is_answered_with_the_nearest(board):
    with pytest.raises(UnknownNameError, match=r"No row named 'fat'. Did you mean 'far'"):
        eval_results(board, [], model="fat", hub_dataset="a/b")


# --- methods --------------------------------------------------------------------------------------------------------


def test_the_paragraph_says_what_was_done(made, board):
    text = methods(board, made.records())
    assert text.count("\n") == 1
    assert "80 films of 80 patients for training, 10 films of 10 patients for validation" in text
    assert "the mean of the readings of 2 readers" in text
    assert "close (seeds 0, 1) and far were trained by the protocol quick on films of 96 x 128 pixels" in text
    assert "a learning rate that rose to 0.001 and fell to 0 (one cycle)" in text
    assert "mean was fitted by the trainer 'closed-form' of ra-bench-made-up 0.1.0" in text
    assert "The predictions of theirs were made elsewhere and only measured here." in text


def test_epochs_are_those_that_were_done_not_those_that_were_planned(made, board):
    assert " for 2 epochs with batches of 16" in methods(board, made.records())


def test_the_paragraph_says_nothing_that_was_not_done(made, tmp_path):
    only = [made.record("theirs", 14, trainer=SCORED, device="elsewhere", protocol={}, environment={})]
    text = methods(made.write(tmp_path / "clinic", only), only)
    assert not re.search("trained|ranked|seeds|pretrained|augmentation", text.replace("for training", ""))


def test_changes_of_a_model_and_its_pretraining_are_told(made, tmp_path):
    changed = [made.record("deep", overrides={"epochs": "9"}, pretrained_on="chests"), made.record("far", 25)]
    text = methods(made.write(tmp_path / "clinic", changed), changed)
    assert "It changes the protocol (epochs = 9)." in text
    assert "Before, the body of deep was pretrained on chests." in text


def test_without_records_there_is_no_paragraph(board):
    with pytest.raises(RecordError, match="The board 'clinic' has no records"):
        methods(board, [])


# --- markdown and CFF -----------------------------------------------------------------------------------------------


def test_hostile_text_adds_no_line_to_markdown(made):
    board = made.hostile_board()
    card = model_card(board, board.rows[0], made.records(), AboutModel(citation=made.hostile, licence=made.hostile))
    for text in (render(board), card, reproduce(board, made.records())):
        assert "<script" not in text
        assert "\u202e" not in text
        assert not [line for line in text.splitlines() if line.startswith(("end", "=cmd"))]


def test_hostile_text_adds_no_key_to_a_citation(made):
    found = yaml.safe_load(citation(made.hostile_board(), made.records(), [made.hostile]))
    assert set(found) == {"cff-version", "message", "title", "type", "authors", "date-released", "references"}
    assert "(U+202E)end" in found["title"]
