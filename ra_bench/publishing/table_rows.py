"""A board as one table with a heading a section: what the exports share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ra_bench.boards.columns import RANK
from ra_bench.boards.render.numbers import as_text, decimals, films_of, rank_of

if TYPE_CHECKING:
    from ra_bench.values import Board, BoardRow, Column

_SECTIONS = {"Models": "model", "Readers": "reader", "Baselines": "baseline", "Published, not recomputed": "published"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Rows of one kind, and what is shown of each: rank, name, films, and a cell a column; nothing escaped."""

    heading: str
    lines: tuple[tuple[str, ...], ...]


def shown_columns(board: Board) -> list[Column]:
    """The columns in which any measured or published row has a number."""
    return [column for column in board.columns if any(column.metric in row.metrics for row in board.rows)]


def sections(board: Board) -> list[Section]:
    """Sections with rows, in the order of the board."""
    columns = shown_columns(board)
    found = []
    for heading, kind in _SECTIONS.items():
        rows = [row for row in board.rows if row.kind == kind]
        if rows:
            found.append(Section(heading=heading, lines=tuple(_line(row, columns) for row in rows)))
    return found


def _line(row: BoardRow, columns: list[Column]) -> tuple[str, ...]:
    return (
        rank_of(row, row.metrics.get(RANK)),
        row.name,
        films_of(row),
        *(as_text(row.metrics.get(column.metric), _digits(row, column)) for column in columns),
    )


def _digits(row: BoardRow, column: Column) -> int:
    """What a paper prints is not rounded again."""
    value = row.metrics.get(column.metric)
    return max(column.digits, decimals(value.value)) if value and row.kind == "published" else column.digits
