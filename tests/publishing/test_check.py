"""A board that is not what its records give is found, whichever file it is that lies."""

from __future__ import annotations

import pytest

from ra_bench.publishing.check import SHOWN, check_board
from ra_bench.specs import RendererSpec


@pytest.fixture
def folder(made, tmp_path):
    made.write(tmp_path / "clinic")
    return tmp_path / "clinic"


def found(made, folder, renderers=None):
    return {
        difference.file: "\n".join(difference.lines)
        for difference in check_board(folder, made.metrics, renderers or made.renderers).differences
    }


def change(file, old, new):
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_board_as_it_was_written_has_no_differences(made, folder):
    assert found(made, folder) == {}


def test_checking_writes_nothing(made, folder):
    before = {file: file.stat().st_mtime_ns for file in folder.rglob("*")}
    change(folder / "board.md", "close", "cl0se")
    found(made, folder)
    after = {file: file.stat().st_mtime_ns for file in folder.rglob("*")}
    assert after.keys() == before.keys()
    assert {file for file in after if after[file] != before[file]} <= {folder / "board.md"}


def test_a_changed_digit_of_the_markdown_is_shown_in_a_diff(made, folder):
    line = next(line for line in (folder / "board.md").read_text().splitlines() if " far " in line)
    change(folder / "board.md", line, line.replace("2", "3", 1))
    lines = found(made, folder)["board.md"].splitlines()
    assert f"-{line.replace('2', '3', 1)}" in lines
    assert f"+{line}" in lines


def test_a_changed_digit_of_the_json_is_found(made, folder):
    change(folder / "board.json", '"films": 40', '"films": 41')
    assert '-      "films": 41,' in found(made, folder)["board.json"]


def test_a_changed_prediction_is_found(made, folder):
    file = folder / "records/far-seed0/predictions.csv"
    row = file.read_text().splitlines()[1]
    change(file, row, f"{row.rpartition(',')[0]},1.0")
    assert set(found(made, folder)) == {"board.md", "board.json"}


def test_a_file_that_was_deleted_is_found(made, folder):
    (folder / "board.md").unlink()
    assert found(made, folder) == {"board.md": "is not there"}


def test_what_any_renderer_makes_is_compared(made, folder):
    drawn = RendererSpec(name="drawing", suffix=".svg", render=lambda board: f"<svg>{len(board.rows)}</svg>")
    made.rebuild(folder, made.metrics, (*made.renderers, drawn))
    assert found(made, folder, (*made.renderers, drawn)) == {}
    change(folder / "board.svg", "<svg>", "<svg >")
    assert set(found(made, folder, (*made.renderers, drawn))) == {"board.svg"}


def test_a_file_that_nothing_makes_any_more_is_found_with_what_to_do(made, folder):
    (folder / "board.tex").write_text("old")
    assert found(made, folder) == {
        "board.tex": "nothing that is installed makes it. Install its plugin, give it with -p, or delete the file"
    }


def test_a_persons_own_file_is_none_of_ours(made, folder):
    (folder / "README.md").write_text("mine")
    (folder / "notes").mkdir()
    (folder / "notes" / "board.md").write_text("mine")
    assert found(made, folder) == {}


def test_bytes_that_are_no_text_are_counted(made, folder):
    (folder / "board.md").write_bytes(b"\xff\xfe")
    assert found(made, folder)["board.md"].startswith("other bytes: 2 in the folder, ")


def test_other_line_ends_are_named(made, folder):
    text = (folder / "board.md").read_bytes()
    (folder / "board.md").write_bytes(text.replace(b"\n", b"\r\n"))
    assert found(made, folder) == {"board.md": "other line ends"}


def test_a_long_diff_is_cut_and_says_how_much_is_left_out(made, folder):
    (folder / "board.json").write_text((folder / "board.json").read_text().replace('": ', '":  '))
    lines = found(made, folder)["board.json"].splitlines()
    assert len(lines) == SHOWN + 1
    assert lines[-1].startswith("... and ")


def test_a_diff_shows_no_control_characters(made, folder):
    change(folder / "board.md", " far ", " \x1b[31mfar ")
    said = found(made, folder)["board.md"]
    assert "\x1b" not in said
    assert "(U+001B)[31mfar" in said


def test_a_version_of_the_cohort_that_the_records_do_not_have_is_found(made, folder):
    change(folder / "board.md", "version cohort1", "version cohort2")
    change(folder / "board.json", "version cohort1", "version cohort2")
    assert found(made, folder) == {"board.json": "says cohort 'cohort2'; the records hold 'cohort1'"}


def test_a_protocol_that_the_records_do_not_have_is_found(made, folder):
    change(folder / "board.md", "quick: Small", "standard: Small")
    change(folder / "board.json", "quick: Small", "standard: Small")
    assert found(made, folder) == {"board.json": "says protocol 'standard'; the records hold 'quick'"}


def test_a_private_board_is_held_against_its_json(made, tmp_path):
    made.write(tmp_path / "clinic", private=True)
    assert found(made, tmp_path / "clinic") == {}
    change(tmp_path / "clinic/board.md", " far ", " fur ")
    assert set(found(made, tmp_path / "clinic")) == {"board.md"}
