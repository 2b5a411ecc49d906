"""A report as markdown, as text for a terminal, and as JSON. The same report gives the same bytes."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING

from ra_bench.boards.render.escape import escaped, one_line
from ra_bench.boards.render.json import plain
from ra_bench.boards.render.table import TableColumn, table
from ra_bench.reports.guidelines import GUIDELINES
from ra_bench.reports.model_sections import sections_of_model
from ra_bench.reports.reader_sections import sections_of_readers
from ra_bench.reports.values import ModelReport, ReadersReport

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ra_bench.reports.sections import Column, Section
    from ra_bench.reports.values import Item

Report = ModelReport | ReadersReport


def as_markdown(report: Report) -> str:
    """The whole report as a page."""
    parts = [[f"# {escaped(_title(report))}"]]
    for section in _sections(report):
        parts.append([f"## {escaped(section.heading)}"])
        parts.append([f"- {escaped(line)}" for line in section.lines])
        parts.append(table([_escaped(column) for column in section.columns]))
        parts.append([f"- {escaped(line)}" for line in section.notes])
    return "\n\n".join("\n".join(lines) for lines in parts if lines) + "\n"


def as_plain_text(report: Report, width: int = 100) -> str:
    """The report for a terminal; of the long checklist only how much of it is filled. Tables are not wrapped."""
    title = one_line(_title(report))
    parts = [[title, "=" * len(title)]]
    *sections, checklist = _sections(report)
    for section in sections:
        parts.append([section.heading, "-" * len(section.heading), *_wrapped(section.lines, width)])
        parts.append(_lines(section.columns, width))
        parts.append(_wrapped(section.notes, width))
    filled = [f"{guideline} {count}" for guideline, count in _filled(report.checklist).items()]
    said = f"Items that the data fill: {', '.join(filled)}. The file that --out FOLDER writes holds them all."
    parts.append([checklist.heading, "-" * len(checklist.heading), *_wrapped([said], width)])
    return "\n\n".join("\n".join(lines) for lines in parts if lines) + "\n"


def as_json(report: Report) -> str:
    """The values of the report; what is undefined is null."""
    kind = "model" if isinstance(report, ModelReport) else "readers"
    return json.dumps({"report": kind, **plain(report)}, indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def _title(report: Report) -> str:
    return f"{'Model' if isinstance(report, ModelReport) else 'Readers'}: {report.name}"


def _filled(items: Sequence[Item]) -> dict[str, str]:
    """How many items of each guideline have an answer."""
    own = {guideline: [item for item in items if item.guideline == guideline] for guideline in GUIDELINES}
    return {
        guideline: f"{sum(bool(item.says) for item in some)} of {len(some)}" for guideline, some in own.items() if some
    }


def _sections(report: Report) -> tuple[Section, ...]:
    return sections_of_model(report) if isinstance(report, ModelReport) else sections_of_readers(report)


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
