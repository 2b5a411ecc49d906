"""Figures of a board: each a pure function of a board and its records that gives an altair chart.

altair and vl-convert are imported when a figure is drawn, not before. Every number in a figure comes from
`ra_bench.metrics` or stands on the board already.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from ra_bench.files import write_text

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path

    from ra_bench.boards.figures.source import Source
    from ra_bench.boards.figures.style import Chart
    from ra_bench.values import Board, RunRecord

FIGURES = "figures"
#: In the order in which they are read.
NAMES = (
    "ranks",
    "separation",
    "prediction",
    "agreement",
    "calibration",
    "strata",
    "films",
    "scores",
    "change",
    "cost",
    "training",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A board with the figures that there are now, their Vega-Lite specifications by name, and what is `broken`.

    `broken` has a sentence on each figure that could not be drawn: a figure never costs a board.
    """

    board: Board
    charts: dict[str, str] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)


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
    UnknownNameError, RecordError
        A model without predictions on this board, or too many models.
    """
    made = {name: draw() for name, draw in _makers(board, records, models).items()}
    return {name: chart for name, chart in made.items() if chart is not None}


def write_figures(board: Board, records: Sequence[RunRecord], folder: Path) -> Written:
    """Draw the figures of a board into its folder, as SVG; those of before that are not among them go.

    Parameters
    ----------
    board : Board
        As `build_board` made it.
    records : sequence of RunRecord
        As `charts` takes them.
    folder : Path
        The board's folder; the files are `figures/<name>.svg` below it.

    Returns
    -------
    Written
        The board, and what a page draws of it.

    Raises
    ------
    StorageError
        A file cannot be written.
    """
    if os.environ.get("RA_BENCH_FIGURES") == "no":
        remove_figures(folder)
        return Written(board=replace(board, figures=()))
    drawn: dict[str, _Drawn] = {}
    broken = []
    try:
        makers = _makers(board, records)
    except Exception as error:  # noqa: BLE001 - a figure must never cost the board of a long run
        makers, broken = {}, [f"The figures cannot be drawn: {type(error).__name__}: {error}"]
    for name, draw in makers.items():
        try:
            made = _drawn(draw())
        except Exception as error:  # noqa: BLE001 - nor must it cost the other figures
            broken.append(f"The figure '{name}' cannot be drawn: {type(error).__name__}: {error}")
        else:
            if made is not None:
                drawn[name] = made
    for name, figure in drawn.items():
        write_text(folder / FIGURES / f"{name}.svg", figure.svg)
    remove_figures(folder, keep=drawn)
    return Written(
        board=replace(board, figures=tuple((name, figure.said) for name, figure in drawn.items())),
        charts={name: figure.chart for name, figure in drawn.items()},
        broken=broken,
    )


def remove_figures(folder: Path, keep: Collection[str] = ()) -> None:
    """Remove the figures of a board, which show other numbers than it has now; a person's own files stay."""
    for name in NAMES:
        if name not in keep:
            (folder / FIGURES / f"{name}.svg").unlink(missing_ok=True)
    if (folder / FIGURES).is_dir() and not any((folder / FIGURES).iterdir()):
        (folder / FIGURES).rmdir()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Drawn:
    """A figure as SVG, as a specification for a page, and what it shows in words."""

    svg: str
    chart: str
    said: str


def _drawn(chart: Chart | None) -> _Drawn | None:
    from ra_bench.boards.figures.interactive import specification
    from ra_bench.boards.figures.svg import svg_of

    if chart is None:
        return None
    return _Drawn(svg=svg_of(chart), chart=specification(chart), said=str(chart.title.text))


def _makers(
    board: Board, records: Sequence[RunRecord], models: Sequence[str] = ()
) -> dict[str, Callable[[], Chart | None]]:
    from ra_bench.boards.figures import (
        agreement,
        calibration,
        change,
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
    of_board: dict[str, Callable[[], Chart | None]] = {
        "ranks": partial(ranks.draw, board),
        "cost": partial(cost.draw, board),
    }
    if source is None:
        return of_board
    of_films: dict[str, Callable[[Source], Chart | None]] = {
        "separation": separation.draw,
        "prediction": prediction.draw,
        "agreement": agreement.draw,
        "calibration": calibration.draw,
        "strata": strata.draw,
        "films": films.draw,
        "scores": scores.draw,
        "change": change.draw,
        "training": training.draw,
    }
    found = of_board | {name: partial(draw, source) for name, draw in of_films.items()}
    return {name: found[name] for name in NAMES}
