"""The page of the paper's tables with its colours: in a terminal, and as LaTeX beside markdown and JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ra_bench.files import write_text
from ra_bench.reports.latex import page_latex
from ra_bench.reports.pages import write_page
from ra_bench.reports.paper.film_section import MARKED, MARKS, colour_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ra_bench.reports.pages import Page
    from ra_bench.reports.paper.views import PaperTables

_NAME = "tables"


def coloured(text: str, style: Callable[[str, tuple[int, int, int]], str]) -> str:
    """Put `style` on each prediction that has a mark; what it says without colour stays."""
    return MARKED.sub(lambda found: style(found.group(), colour_of(found.group(2))), text)


def write_tables(page: Page, tables: PaperTables, folder: Path) -> tuple[Path, ...]:
    """Write tables.md, tables.json and tables.tex, each whole; give their paths.

    Raises
    ------
    StorageError
        The folder cannot be written to.
    """
    files = write_page(page, tables, folder, _NAME)
    latex = folder / f"{_NAME}.tex"
    write_text(latex, page_latex(page, _latex_cell))
    return (*files, latex)


def _latex_cell(cell: str, escaped: str) -> str:
    found = MARKED.fullmatch(cell)
    if found is None:
        return escaped
    name = "near" if found.group(2) == MARKS["near"] else "far"
    return rf"\textcolor{{{name}}}{{{escaped}}}"
