"""The report on a cohort in the terminal: findings in colour, then the sections."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from ra_bench.boards.render.escape import one_line
from ra_bench.reports.check_page import check_page, verdict
from ra_bench.reports.pages import page_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ra_bench.cohorts.audit.finding import Finding
    from ra_bench.cohorts.store import OnFilms
    from ra_bench.reports.check import CohortReport

_STYLES = {"error": "bold red", "warning": "bold yellow"}


@contextmanager
def looking() -> Iterator[OnFilms]:
    """A bar while films are decoded; nothing where nobody looks."""
    console = Console(stderr=True)
    columns = (TextColumn("Looking at films"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("films", total=None, visible=False)
        yield lambda _, done, total: progress.update(bar, completed=done, total=total, visible=True)


def print_check(report: CohortReport, console: Console | None = None) -> None:
    """Verdict, every finding with all its places, and the sections."""
    console = console or Console()
    page = check_page(report)
    console.print(Text(one_line(page.title), style="bold"))
    console.print(Text(verdict(report), style="green" if not report.findings else ""), soft_wrap=True)
    for finding in report.findings:
        _print_finding(console, finding)
    console.print()
    text = page_text(page, width=console.width).split("\n\n", 1)[1]  # the title stands above
    console.print(Text(text), soft_wrap=True, end="")


def _print_finding(console: Console, finding: Finding) -> None:
    console.print()
    head = Text.assemble(
        (finding.level, _STYLES[finding.level]), f": {one_line(finding.said)}. ", (f"[{finding.kind}]", "dim")
    )
    console.print(head)
    for item in finding.items:
        console.print(Padding(Text(f"- {one_line(item)}"), (0, 0, 0, 2), expand=False))
    if finding.advice:
        console.print(Padding(Text(one_line(finding.advice)), (0, 0, 0, 2), expand=False))
