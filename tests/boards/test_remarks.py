"""What a board says of its shared ranks."""

from __future__ import annotations

import pytest

from ra_bench.boards.board import build_board
from ra_bench.boards.render.markdown import render

OUTSIDE = "A shared rank is that of the best of its group, and may lie outside the places in brackets, as "


@pytest.fixture
def remarks_of(made):
    """What the board says of four models of much the same quality, and the rank and the brackets of each."""

    def built(first):
        errors = {"a": 20, "b": 20, "c": 23, "d": 24}
        records = [
            made.record(model, made.predictions(error, first + place))
            for place, (model, error) in enumerate(errors.items())
        ]
        board = build_board("made-up", records=records, metrics=made.metrics)
        assert all(remark in render(board).replace("\\", "") for remark in board.remarks)
        places = {
            row.name: (row.rank, row.metrics["rank"].low, row.metrics["rank"].high)
            for row in board.rows
            if row.rank is not None
        }
        return [remark for remark in board.remarks if remark.startswith(OUTSIDE)], places

    return built


@pytest.mark.parametrize(("first", "names", "said"), [(8, "a", "that of a does"), (192, "cd", "those of d and c do")])
def test_a_shared_rank_outside_its_own_brackets_is_told(remarks_of, first, names, said):
    remarks, places = remarks_of(first)
    assert "".join(sorted(name for name, (rank, low, _) in places.items() if rank < low)) == names
    assert remarks == [f"{OUTSIDE}{said} here."]


def test_shared_ranks_within_their_brackets_are_not_spoken_of(remarks_of):
    remarks, places = remarks_of(4)
    assert len({rank for rank, *_ in places.values()}) < len(places)
    assert all(low <= rank <= high for rank, low, high in places.values())
    assert remarks == []
