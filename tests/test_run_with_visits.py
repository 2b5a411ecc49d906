"""A run on a cohort with visits, from the command to the board, as a user has it."""

from __future__ import annotations

import re

import pytest

from ra_bench.boards.render.json import as_json_text, read_board
from ra_bench.runs.records import PREDICTIONS, read_predictions

pytestmark = pytest.mark.slow  # whole runs in processes of their own

BOARD = "hands-tiny-3-folds"


@pytest.fixture
def ran(cli, tmp_path, tiny_protocol):
    """A folder of films with two visits, and what runs it."""

    def run():
        said = cli(
            *("run", "--models", "mean", "--dataset", "hands/cohort.toml", "--protocol", tiny_protocol),
            *("--folds", 3, "--quiet"),
        )
        assert said.code == 0, said.err
        return read_board((tmp_path / "leaderboards" / BOARD / "board.json").read_text(encoding="utf-8"))

    assert cli("cohort", "make", "hands", "--films", 24, "--width", 64, "--visits", 2).code == 0
    return run


def test_every_patient_has_a_change_on_the_board_and_records_number_the_visits(ran, tmp_path):
    board = ran()
    assert board.change.patients == 12
    assert [row.name for row in board.change.rows] == ["mean", "reader 2 against reader 1"]
    assert dict(board.facts)["visits"].startswith("up to 2 a patient; 12 patients with two or more")
    for folder in (tmp_path / "runs", tmp_path / "leaderboards"):
        files = list(folder.rglob(PREDICTIONS))
        assert len(files) == 3
        assert {visit for file in files for visit in read_predictions(file).visits} == {1, 2}


def test_runs_of_before_get_their_visits_without_training(ran, tmp_path):
    first = ran()
    files = list((tmp_path / "runs").rglob(PREDICTIONS))
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert text.splitlines()[0].split(",")[-2:] == ["visit", "pixels"]
        file.write_text(re.sub(r",(?:visit|\d)(,\w+)$", r"\1", text, flags=re.MULTILINE), encoding="utf-8")
        assert read_predictions(file).visits == ()
    assert as_json_text(ran().change) == as_json_text(first.change)
    assert all(read_predictions(file).visits == () for file in files)  # nothing was trained again


def test_visits_whose_order_is_not_known_give_no_change_and_the_board_says_so(ran, tmp_path):
    table = tmp_path / "hands/readings.csv"
    text = table.read_text(encoding="utf-8").replace("month 0", "31.1.2021").replace("month 12", "3.2.2022")
    table.write_text(text, encoding="utf-8")
    board = ran()
    assert board.change is None
    assert "in no order that their names tell, so that change is not measured" in dict(board.facts)["visits"]
