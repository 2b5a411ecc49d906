"""A page of sections as LaTeX to be put into a document: a booktabs table each, sentences as a list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ra_bench.boards.render.escape import one_line
from ra_bench.boards.render.tex import typeset

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ra_bench.reports.pages import Page
    from ra_bench.reports.sections import Column, Section

HEAD = r"""% Needs: \usepackage{amssymb,booktabs,xcolor}
\definecolor{near}{RGB}{0,158,115}
\definecolor{far}{RGB}{213,94,0}
"""
_OTHERS = {
    "<": r"$<$", ">": r"$>$", "|": r"$|$", "±": r"$\pm$", "●": r"$\bullet$", "▲": r"$\blacktriangle$",
    "▼": r"$\blacktriangledown$", "↑": r"$\uparrow$", "↓": r"$\downarrow$", "²": r"$^2$",
}  # fmt: skip


def page_latex(page: Page, cell: Callable[[str, str], str] = lambda _, escaped: escaped) -> str:
    """The page as LaTeX.

    Parameters
    ----------
    page : Page
        Text as it is; it is escaped here.
    cell : callable
        Gets a cell and what stands for it in LaTeX, and gives the latter, such as in colour.
    """
    parts = [HEAD + f"% {one_line(page.title)}"]
    for section in page.sections:
        parts.append(rf"\subsection*{{{latex(section.heading)}}}")
        parts += [part for part in (_items(section.lines), _table(section, cell), _items(section.notes)) if part]
    return "\n\n".join(parts) + "\n"


def latex(text: str) -> str:
    """One line of LaTeX that shows `text`.

    Examples
    --------
    >>> print(latex("a_b & 95 %"))
    a\\_b \\& 95 \\%
    """
    return typeset(text, _OTHERS)


def _items(lines: Sequence[str]) -> str:
    if not lines:
        return ""
    items = [rf"  \item {latex(line)}" for line in lines]
    return "\n".join([r"\begin{itemize}", *items, r"\end{itemize}"])


def _table(section: Section, cell: Callable[[str, str], str]) -> str:
    columns = section.columns
    if not columns:
        return ""
    sides = "".join("r" if column.right else "l" for column in columns)
    rows = zip(*(_cells(column, cell) for column in columns), strict=True)
    head = " & ".join(latex(column.heading) for column in columns)
    return "\n".join(
        [
            rf"\begin{{tabular}}{{{sides}}}",
            r"\toprule",
            rf"{head} \\",
            r"\midrule",
            *(rf"{' & '.join(row)} \\" for row in rows),
            r"\bottomrule",
            r"\end{tabular}",
        ]
    )


def _cells(column: Column, cell: Callable[[str, str], str]) -> list[str]:
    return [cell(text, latex(text)) for text in column.cells]
