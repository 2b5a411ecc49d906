from __future__ import annotations

from pathlib import Path

import pytest

from ra_bench.boards.board import build_board
from ra_bench.boards.published import IMPOSSIBLE, read_published, with_published
from ra_bench.boards.render.markdown import render
from ra_bench.errors import RecordError

FILE = Path(__file__).parents[2] / "leaderboards" / "wang2022" / "published.toml"


@pytest.fixture(scope="module")
def board():
    return read_published(FILE)


def figures(row):
    values = tuple(row.metrics[name].value for name in ("rho", "mae", "rmse"))
    return (*values, row.parameters, row.seconds_per_epoch)


def test_the_board_holds_the_figures_of_tables_2_to_5(board):
    assert [figures(row) for row in board.rows] == [
        (0.97, 12.24, 18.75, None, None),
        (0.95, 18.85, 28.95, 25_000_000, 359.0),
        (0.93, 18.96, 29.48, 3_700_000, 169.0),
        (0.95, 17.76, 26.34, 4_300_000, 179.0),
        (0.93, 18.94, 29.85, 2_200_000, 162.0),
        (0.97, 15.32, 22.58, None, None),
        (0.96, 15.70, 22.89, None, None),
        (0.97, 14.90, 22.01, None, None),
    ]


def test_no_row_is_measured_or_ranked(board):
    assert {(row.kind, row.rank) for row in board.rows} == {("published", None)}


def test_the_readers_row_fails_the_identity_check(board):
    assert f"Check: {IMPOSSIBLE} (rho is printed as 0.97, but means, SDs and RMSE force 0.891)" in board.rows[0].remark


def test_rows_that_pass_are_not_accused(board):
    assert not [row.name for row in board.rows[1:] if IMPOSSIBLE in row.remark]


def test_rows_say_what_their_p_leaves_possible(board):
    assert "p is printed as >0.05: on 158 films this allows the means to differ by up to 4.5." in board.rows[1].remark


def test_the_strain_on_tables_3_to_5_is_said(board):
    assert any("an SD of 10 to 18 or of 56 to 64" in remark for remark in board.remarks)


def test_later_work_is_not_on_the_board(board):
    assert not [row.name for row in board.rows if "Bo" in row.name]


def test_the_page_has_an_empty_measured_section_with_its_command(board):
    page = render(board)
    command = "`ra-bench run --models all --protocol wang2022 --dataset PATH/cohort.toml`"
    assert f"## Models\n\nNothing is measured yet. This command measures: {command}" in page
    assert "| ResNet-50 " in page.split("## Published, not recomputed")[1]


def test_measured_rows_and_published_rows_share_a_board_in_two_sections(board, made):
    measured = build_board("wang2022", records=made.board_records(), metrics=made.metrics)
    both = with_published(measured, board)
    assert [row.kind for row in both.rows].count("published") == 8
    assert repr(with_published(both, board)) == repr(both)


def test_published_rows_do_not_join_a_simulated_board(board, made):
    measured = build_board("made-up", records=made.board_records(), metrics=made.metrics, simulated=True)
    with pytest.raises(RecordError, match="measured on real films, and the board 'made-up' on simulated ones"):
        with_published(measured, board)
