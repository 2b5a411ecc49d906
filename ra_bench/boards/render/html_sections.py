"""The smaller tables of the HTML page: what did not finish, what new labels move, what sites and seeds do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ra_bench.boards.columns import OVER_SEEDS
from ra_bench.boards.render.change import change_tables
from ra_bench.boards.render.escape import one_line
from ra_bench.boards.render.legend import OF_SEEDS, OF_SITES, OVER
from ra_bench.boards.render.moved import HOW_TO_READ, LABELS, moved
from ra_bench.boards.render.numbers import as_text
from ra_bench.boards.render.uncertainty import COLUMNS, HEADING, NOTE, uncertainty_rows
from ra_bench.boards.sites import BIAS, RMSE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ra_bench.values import Board


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    """A table as it is read: headings, rows of text, and a sentence below."""

    heading: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


def sections(board: Board) -> tuple[Plain, ...]:
    """The tables that this board has, in the order of board.md."""
    found = (
        *_moved(board),
        *_sites(board),
        *_change(board),
        *_unfinished(board),
        *_seeds(board),
        *_uncertainty(board),
    )
    return tuple(
        Plain(
            heading=plain.heading,
            columns=tuple(map(one_line, plain.columns)),
            rows=tuple(tuple(map(one_line, row)) for row in plain.rows),
            note=plain.note,
        )
        for plain in found
        if plain.rows
    )


def _moved(board: Board) -> Iterable[Plain]:
    yield Plain(
        heading="What the new labels move",
        columns=("Model", *(f"{label} {when}" for label in LABELS for when in ("before", "now"))),
        rows=tuple((row.name, *(text for _, *both in pairs for text in both)) for row, pairs in moved(board)),
        note=HOW_TO_READ,
    )


def _sites(board: Board) -> Iterable[Plain]:
    if not board.sites:
        return
    names = [row.name for row in board.rows if row.kind in ("model", "baseline") and row.name in board.sites[0].metrics]
    digits = max((column.digits for column in board.columns if column.metric == RMSE), default=1)
    for metric, label in ((RMSE, "RMSE"), (BIAS, "bias")):
        yield Plain(
            heading=f"Sites, {label}: each read by a model that saw no film of it",
            columns=(
                "Model",
                *(f"{site.site} ({site.films:,} films, {site.patients:,} patients)" for site in board.sites),
            ),
            rows=tuple(
                (name, *(as_text(site.metrics[name].get(metric), digits) for site in board.sites)) for name in names
            ),
            note=OF_SITES,
        )


def _change(board: Board) -> Iterable[Plain]:
    for found in change_tables(board):
        yield Plain(heading=found.title, columns=found.columns, rows=found.rows, note=one_line(found.note))


def _unfinished(board: Board) -> Iterable[Plain]:
    yield Plain(
        heading="Not finished",
        columns=("Model", "Seeds", "State", "Why"),
        rows=tuple(
            (row.name, ", ".join(map(str, row.seeds)), row.kind, row.remark)
            for row in board.rows
            if row.kind in ("failed", "waiting")
        ),
    )


def _seeds(board: Board) -> Iterable[Plain]:
    digits = max((column.digits for column in board.columns if column.metric == RMSE), default=1) + 1
    yield Plain(
        heading="Seeds: what another training would change",
        columns=("Model", "Seeds", *(label for _, label in OVER)),
        rows=tuple(
            (row.name, ", ".join(map(str, row.seeds)), *(as_text(row.metrics.get(name), digits) for name, _ in OVER))
            for row in board.rows
            if OVER_SEEDS in row.metrics
        ),
        note=OF_SEEDS,
    )


def _uncertainty(board: Board) -> Iterable[Plain]:
    yield Plain(heading=HEADING, columns=COLUMNS, rows=uncertainty_rows(board), note=NOTE)
