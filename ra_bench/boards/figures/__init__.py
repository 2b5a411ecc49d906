"""Figures of a board: each a pure function of a board and its records that gives an altair chart.

altair and vl-convert are imported when a figure is drawn, not before. Every number in a figure comes from
`ra_bench.metrics` or stands on the board already.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ra_bench.boards.figures.style import Chart
    from ra_bench.values import Board, RunRecord


def charts(board: Board, records: Sequence[RunRecord], models: Sequence[str] = ()) -> dict[str, Chart]:
    """The figures of a board by name, in the order in which they are read.

    Parameters
    ----------
    board : Board
        As `build_board` made it.
    records : sequence of RunRecord
        The records of the board. Without any, and of a private cohort, there are only the figures that the rows of the
        board give: nothing film by film, and nothing that counts films.
    models : sequence of str
        Whose films are drawn, at most four. If not given: the three best models.

    Returns
    -------
    dict of str to altair chart
        `chart.to_dict()` is its Vega-Lite specification, with all data in it. Figures of which a board has nothing to
        show are left out; there may be none.

    Raises
    ------
    UnknownNameError
        A model without predictions on this board.
    """
    from ra_bench.boards.figures import (
        agreement,
        calibration,
        cost,
        films,
        prediction,
        ranks,
        scores,
        separation,
        strata,
        training,
    )
    from ra_bench.boards.figures.source import source_of

    source = None if board.private else source_of(board, records, models)
    found: dict[str, Chart | None] = {"ranks": ranks.draw(board)}
    if source is not None:
        found |= {
            "separation": separation.draw(source),
            "prediction": prediction.draw(source),
            "agreement": agreement.draw(source),
            "calibration": calibration.draw(source),
            "strata": strata.draw(source),
            "films": films.draw(source),
            "scores": scores.draw(source),
        }
    found["cost"] = cost.draw(board)
    if source is not None:
        found["training"] = training.draw(source)
    return {name: chart for name, chart in found.items() if chart is not None}
