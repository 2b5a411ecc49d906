"""A report as markdown, as text for a terminal, and as JSON. The same report gives the same bytes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ra_bench.boards.render.json import as_json_text, plain
from ra_bench.reports.guidelines import GUIDELINES
from ra_bench.reports.model_sections import sections_of_model
from ra_bench.reports.pages import Page, page_markdown, page_text
from ra_bench.reports.reader_sections import sections_of_readers
from ra_bench.reports.values import ModelReport, ReadersReport

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ra_bench.reports.values import Item

Report = ModelReport | ReadersReport


def as_markdown(report: Report) -> str:
    """The whole report as a page."""
    return page_markdown(_page(report))


def as_plain_text(report: Report, width: int = 100) -> str:
    """The report for a terminal; of the long checklist only how much of it is filled."""
    page = _page(report)
    *sections, checklist = page.sections
    filled = [f"{guideline} {count}" for guideline, count in _filled(report.checklist).items()]
    said = f"Items that the data fill: {', '.join(filled)}. The file that --out FOLDER writes holds them all."
    short = replace(checklist, lines=(said,), columns=(), notes=())
    return page_text(replace(page, sections=(*sections, short)), width)


def as_json(report: Report) -> str:
    """The values of the report; what is undefined is null."""
    kind = "model" if isinstance(report, ModelReport) else "readers"
    return as_json_text({"report": kind, **plain(report)})


def _page(report: Report) -> Page:
    if isinstance(report, ModelReport):
        return Page(title=f"Model: {report.name}", sections=sections_of_model(report))
    return Page(title=f"Readers: {report.name}", sections=sections_of_readers(report))


def _filled(items: Sequence[Item]) -> dict[str, str]:
    """How many items of each guideline have an answer."""
    own = {guideline: [item for item in items if item.guideline == guideline] for guideline in GUIDELINES}
    return {
        guideline: f"{sum(bool(item.says) for item in some)} of {len(some)}" for guideline, some in own.items() if some
    }
