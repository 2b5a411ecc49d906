"""A markdown table whose source is as readable as its picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class TableColumn:
    """A heading with its cells, all escaped; `right` for numbers."""

    heading: str
    cells: tuple[str, ...]
    right: bool = True


def table(columns: Sequence[TableColumn]) -> list[str]:
    """Lines of a table; columns without any text are left out."""
    shown = [column for column in columns if any(column.cells)]
    if not shown:
        return []
    widths = [max(3, len(column.heading), *map(len, column.cells)) for column in shown]
    rule = [
        "-" * (width - 1) + ":" if column.right else "-" * width for column, width in zip(shown, widths, strict=True)
    ]
    rows = [[column.heading for column in shown], rule, *zip(*(column.cells for column in shown), strict=True)]
    rights = [column.right for column in shown]
    return [_line(row, widths, rights) for row in rows]


def _line(cells: Sequence[str], widths: Sequence[int], rights: Sequence[bool]) -> str:
    padded = [
        cell.rjust(width) if right else cell.ljust(width)
        for cell, width, right in zip(cells, widths, rights, strict=True)
    ]
    return f"| {' | '.join(padded)} |"
