"""A board as CSV: a line a row of the board, numbers unrounded, and text that no spreadsheet takes for a formula."""

from __future__ import annotations

import csv
import io
from math import isfinite
from typing import TYPE_CHECKING

from ra_bench.boards.render.escape import is_formula, one_line

if TYPE_CHECKING:
    from ra_bench.values import Board, BoardRow, Column


def cell(text: str) -> str:
    """Text on one line; with an apostrophe before it where a spreadsheet would compute it.

    Examples
    --------
    >>> cell("=1+1"), cell("resnet50"), cell("\\t@x")
    ("'=1+1", 'resnet50', "'@x")
    """
    line = one_line(text)
    return f"'{line}" if is_formula(line) else line


def spreadsheet(board: Board) -> str:
    """The table: what a row is, then value, low and high of each metric, then what the model costs and the remark."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    heads = ["kind", "rank", "name", "seeds", "films", "missing"]
    heads += [f"{column.metric}{end}" for column in board.columns for end in ("", "_low", "_high")]
    heads += ["parameters", "madds", "seconds_per_epoch", "peak_memory", "pretrained_on", "remark"]
    writer.writerow(map(cell, heads))
    writer.writerows(_line(row, board.columns) for row in board.rows)
    return text.getvalue()


def _line(row: BoardRow, columns: tuple[Column, ...]) -> list[str]:
    return [
        row.kind,
        _number(row.rank),
        cell(row.name),
        cell(", ".join(map(str, row.seeds))),
        _number(row.films),
        _number(row.missing),
        *(text for column in columns for text in _metric(row, column)),
        _number(row.parameters),
        _number(row.madds),
        _number(row.seconds_per_epoch),
        _number(row.peak_memory),
        cell(row.pretrained_on or ""),
        cell(row.remark),
    ]


def _metric(row: BoardRow, column: Column) -> list[str]:
    value = row.metrics.get(column.metric)
    return ["", "", ""] if value is None else [_number(value.value), _number(value.low), _number(value.high)]


def _number(value: float | None) -> str:
    """A number as it is; empty where there is none. It may begin with a minus: no name can get here."""
    return "" if value is None or not isfinite(value) else repr(value)
