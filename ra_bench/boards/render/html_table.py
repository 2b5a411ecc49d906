"""The table of the HTML page: groups of rows that are never mixed, and every column that any row fills."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

from ra_bench.boards.columns import RANK
from ra_bench.boards.folder import PUBLISHED
from ra_bench.boards.render.cost import COST
from ra_bench.boards.render.escape import one_line
from ra_bench.boards.render.numbers import as_text, digits_of, films_of, rank_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ra_bench.values import Board, BoardRow, Column, MetricValue

#: Kind of row, heading of its group, word that marks each of its rows.
_GROUPS = (
    ("model", "Models", ""),
    ("reader", "Readers: the same measures, reader against reader", "reader"),
    ("baseline", "Baselines: what every model must beat", "baseline"),
    ("published", "Published, not recomputed", "published"),
)
_BETTER = {
    "high": ("↑", "higher is better"),
    "low": ("↓", "lower is better"),
    "zero": ("→0", "nearer to 0 is better"),
    "none": ("", ""),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What is shown, the number that it is sorted by (empty: by its text, or last), and the file behind it."""

    text: str
    number: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A column's label, which way is better as sign and as words, and whether board.md shows it beside the metrics."""

    label: str
    best: str
    arrow: str = ""
    better: str = ""
    right: bool = True
    at_first: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row's name, the mark of what it is, where its runs are, and its cells in the order of the headings."""

    name: str
    mark: str
    link: str
    remark: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Rows of one kind: sorting moves them among themselves only."""

    kind: str
    heading: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageTable:
    """The whole table; `headings` are those behind the name."""

    headings: tuple[Heading, ...]
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _PageColumn:
    heading: Heading
    cells: Mapping[int, Cell]


def page_table(board: Board, links: Mapping[str, tuple[str, str]]) -> PageTable:
    """All rows that have numbers.

    Parameters
    ----------
    board : Board
        The board.
    links : mapping of str to (str, str)
        Of each measured row where its predictions are, and where its record is.
    """
    kinds = [kind for kind, _, _ in _GROUPS]
    rows = sorted((row for row in board.rows if row.kind in kinds), key=lambda row: kinds.index(row.kind))
    measured = any(row.kind != "published" for row in rows)
    columns = [
        _column(rows, links, Heading(label="Rank", best="low"), 0, [_rank(row) for row in rows]),
        _column(rows, links, Heading(label="n", best="high"), 0, [_films(row) for row in rows]),
        *(_column(rows, links, _heading(column), 0, _of_metric(column, rows)) for column in board.columns),
        *_cost(rows, links, at_first=not measured),
    ]
    shown = [column for column in columns if any(cell.text for cell in column.cells.values())]
    groups = [
        Group(
            kind=kind,
            heading=heading,
            rows=tuple(
                Row(
                    name=one_line(row.name),
                    mark=mark,
                    link=PUBLISHED if kind == "published" else _links_of(row, links)[1],
                    remark=one_line(row.remark),
                    cells=tuple(column.cells[place] for column in shown),
                )
                for place, row in enumerate(rows)
                if row.kind == kind
            ),
        )
        for kind, heading, mark in _GROUPS
    ]
    return PageTable(
        headings=tuple(column.heading for column in shown), groups=tuple(group for group in groups if group.rows)
    )


def _column(
    rows: Sequence[BoardRow],
    links: Mapping[str, tuple[str, str]],
    heading: Heading,
    which: int,
    given: Sequence[tuple[str, float | None]],
) -> _PageColumn:
    """A column whose cells lead to the predictions (`which` is 0) or to the record (1) of their rows."""
    cells = {}
    for place, (row, (text, number)) in enumerate(zip(rows, given, strict=True)):
        cells[place] = Cell(
            text=one_line(text),
            number="" if number is None or not isfinite(number) else repr(number),
            link=_links_of(row, links)[which] if text else "",
        )
    return _PageColumn(heading=heading, cells=cells)


def _links_of(row: BoardRow, links: Mapping[str, tuple[str, str]]) -> tuple[str, str]:
    """A reader or a paper's row may bear the name of a model, and has no run."""
    return links.get(row.name, ("", "")) if row.kind in ("model", "baseline") else ("", "")


def _heading(column: Column) -> Heading:
    arrow, better = _BETTER[column.best]
    return Heading(label=one_line(column.label), best=column.best, arrow=arrow, better=better)


def _of_metric(column: Column, rows: Sequence[BoardRow]) -> list[tuple[str, float | None]]:
    printed = [row for row in rows if row.kind == "published"]
    ours, theirs = digits_of(column, []), digits_of(column, printed)
    return [
        _measure(row.metrics.get(column.metric), theirs if row.kind == "published" else ours, column.best)
        for row in rows
    ]


def _measure(value: MetricValue | None, digits: int, best: str) -> tuple[str, float | None]:
    if value is None:
        return "", None
    return as_text(value, digits), abs(value.value) if best == "zero" else value.value


def _rank(row: BoardRow) -> tuple[str, float | None]:
    return rank_of(row, row.metrics.get(RANK)), row.rank


def _films(row: BoardRow) -> tuple[str, float | None]:
    return films_of(row), row.films


def _cost(rows: Sequence[BoardRow], links: Mapping[str, tuple[str, str]], *, at_first: bool) -> list[_PageColumn]:
    return [
        _column(
            rows,
            links,
            Heading(
                label=column.heading, best="low" if column.right else "none", right=column.right, at_first=at_first
            ),
            1,
            [(column.text(row), column.number(row)) for row in rows],
        )
        for column in COST
    ]
