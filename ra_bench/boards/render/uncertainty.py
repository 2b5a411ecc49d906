"""The table of how sure models say they are, as it is read on every kind of page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ra_bench.boards.render.numbers import as_text
from ra_bench.boards.uncertainty import AREA, COVERAGE, CRPS, ERROR, SCORE, WIDTH

if TYPE_CHECKING:
    from ra_bench.values import Board

HEADING = "Uncertainty: what models say of their own error"
#: Of the columns, in their order; the first two are words.
COLUMNS = (
    "Model",
    "Intervals",
    "Level",
    "n",
    "Share covered",
    "Mean width",
    "Interval score ↓",
    "CRPS ↓",
    "AURC ↓",
    "MAE ↓",
)
NOTE = (
    "Share covered: of the references, by the intervals, which are meant to cover their level. Interval score: the "
    "width, and for a film outside 2 / (1 - level) times the distance. CRPS: of a normal distribution with the SD; "
    "with no SD it is the MAE. AURC: the MAE of the most certain films, averaged over how many are kept; in a random "
    "order it is the MAE. The SD of an ensemble is that among its members, unless they give one themselves: it tells "
    "where they disagree and is no error. A mean over seeds. In brackets: 95 % intervals."
)
_SHOWN = {COVERAGE: 2, WIDTH: 1, SCORE: 1, CRPS: 1, AREA: 1, ERROR: 1}


def uncertainty_rows(board: Board) -> tuple[tuple[str, ...], ...]:
    """A row a model and kind of interval, in the board's order; none where no model says how sure it is."""
    place = {row.name: number for number, row in enumerate(board.rows)}
    return tuple(
        (
            row.name,
            row.kind,
            f"{row.level:.4g}",
            f"{row.films:,}",
            *(as_text(row.metrics.get(name), digits) for name, digits in _SHOWN.items()),
        )
        for row in sorted(board.uncertainty, key=lambda row: place[row.name])
    )
