"""A page of sections, drawn for a terminal or as markdown; and written beside its values as JSON."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ra_bench.boards.render.escape import escaped, one_line
from ra_bench.boards.render.json import as_json_text
from ra_bench.boards.render.table import TableColumn, table
from ra_bench.files import make_folder, write_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ra_bench.reports.sections import Column, Section


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A title and its sections; text is as it is, and escaped where it is drawn."""

    title: str
    sections: tuple[Section, ...]


def page_markdown(page: Page) -> str:
    """The page as markdown."""
    parts = [[f"# {escaped(page.title)}"]]
    for section in page.sections:
        parts.append([f"## {escaped(section.heading)}"])
        parts.append([f"- {escaped(line)}" for line in section.lines])
        parts.append(table([_escaped(column) for column in section.columns]))
        parts.append([f"- {escaped(line)}" for line in section.notes])
    return "\n\n".join("\n".join(lines) for lines in parts if lines) + "\n"


def page_text(page: Page, width: int = 100) -> str:
    """The page for a terminal: sentences wrapped, a table that is too wide turned, never wrapped."""
    title = one_line(page.title)
    parts = [[title, "=" * len(title)]]
    for section in page.sections:
        heading = one_line(section.heading)
        parts.append([heading, "-" * len(heading), *_wrapped(section.lines, width)])
        parts.append(_lines(section.columns, width))
        parts.append(_wrapped(section.notes, width))
    return "\n\n".join("\n".join(lines) for lines in parts if lines) + "\n"


def write_page(page: Page, values: object, folder: Path, name: str) -> tuple[Path, ...]:
    """Write `<name>.md` and `<name>.json`, each whole; give their paths. What is undefined is null.

    Raises
    ------
    StorageError
        The folder cannot be written to.
    """
    make_folder(folder)
    texts = {".md": page_markdown(page), ".json": as_json_text(values)}
    for suffix, text in texts.items():
        write_text(folder / f"{name}{suffix}", text)
    return tuple(folder / f"{name}{suffix}" for suffix in texts)


def _escaped(column: Column) -> TableColumn:
    return TableColumn(
        heading=escaped(column.heading), cells=tuple(escaped(cell) for cell in column.cells), right=column.right
    )


def _wrapped(lines: Sequence[str], width: int) -> list[str]:
    return [
        textwrap.fill(
            one_line(line),
            width=min(100, max(40, width)),
            initial_indent="- ",
            subsequent_indent="  ",
            break_long_words=False,
            break_on_hyphens=False,
        )
        for line in lines
    ]


def _lines(columns: Sequence[Column], width: int) -> list[str]:
    """A table; one that is too wide is turned, and one that is too wide then too becomes an entry after the other."""
    if not columns:
        return []
    cells = [[one_line(cell) for cell in (column.heading, *column.cells)] for column in columns]
    rights = [column.right for column in columns]
    turned = [list(row) for row in zip(*cells, strict=True)]
    for drawn, sides in ((cells, rights), (turned, [False, *([True] * len(columns[0].cells))])):
        widths = [max(map(len, column)) for column in drawn]
        if sum(widths) + 2 * (len(widths) - 1) <= width:
            return [_line(row, widths, sides) for row in zip(*drawn, strict=True)]
    label = max(len(column[0]) for column in cells[1:]) + 2
    lines = []
    for name, *values in turned[1:]:
        lines += [name, *(f"  {column[0]:<{label}}{value}" for column, value in zip(cells[1:], values, strict=True))]
    return lines


def _line(row: Sequence[str], widths: Sequence[int], rights: Sequence[bool]) -> str:
    padded = [
        cell.rjust(size) if right else cell.ljust(size) for cell, size, right in zip(row, widths, rights, strict=True)
    ]
    return "  ".join(padded).rstrip()
