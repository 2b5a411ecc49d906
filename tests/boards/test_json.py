from __future__ import annotations

import json as standard

import pytest

from ra_bench.boards.board import build_board
from ra_bench.boards.render import json
from ra_bench.errors import RecordError


@pytest.fixture
def board(made):
    return build_board("made-up", records=made.board_records(), metrics=made.metrics, baselines=("mean", "statistics"))


def test_a_board_survives_the_round_trip(board):
    assert repr(json.read_board(json.render(board))) == repr(board)


def test_the_text_survives_the_round_trip(board):
    text = json.render(board)
    assert json.render(json.read_board(text)) == text


def test_what_is_undefined_is_null(board):
    rows = {row["name"]: row for row in standard.loads(json.render(board))["rows"]}
    assert rows["collapsed"]["metrics"]["rho"]["value"] is None


def test_the_text_is_strict_json(board):
    assert "NaN" not in json.render(board)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"name": 3}', "null", '{"rows": [{"metrics": {"a": 1}}]}'])
def test_what_is_no_board_is_refused(text):
    with pytest.raises(RecordError, match="no board that ra-bench can read"):
        json.read_board(text)
