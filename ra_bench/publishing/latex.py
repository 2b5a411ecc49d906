"""A board as a LaTeX table with booktabs. Text of guests is typeset as it was written, and does nothing else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ra_bench.boards.render.tex import typeset
from ra_bench.publishing.table_rows import sections, shown_columns

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ra_bench.values import Board

_ARROWS = {"high": r" $\uparrow$", "low": r" $\downarrow$", "zero": r" $\to 0$", "none": ""}
_OTHERS = {
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "`": r"\textasciigrave{}",
    '"': r"\textquotedbl{}",
    "±": r"\textpm{}",
    "²": r"\textsuperscript{2}",
}


def latex_text(text: str) -> str:
    """Text on one line, with nothing in it that TeX would act on.

    Examples
    --------
    >>> print(latex_text("a_b & 50 % \\\\input{x}"))
    a\\_b \\& 50 \\% \\textbackslash{}input\\{x\\}
    """
    return typeset(text, _OTHERS)


def latex(board: Board) -> str:
    """The table, with caption and label: models, readers, baselines and published rows, a section each."""
    columns = shown_columns(board)
    heads = ["Rank", "", "n", *(latex_text(column.label) + _ARROWS[column.best] for column in columns)]
    found = sections(board)
    body = []
    for section in found:
        if len(found) > 1:
            body += [r"\midrule", rf"\multicolumn{{{len(heads)}}}{{l}}{{\emph{{{latex_text(section.heading)}}}}} \\"]
        body += [r"\midrule", *(_row(map(latex_text, line)) for line in section.lines)]
    return "\n".join(
        [
            f"% Leaderboard {latex_text(board.name)}. Needs \\usepackage{{booktabs}} and \\usepackage[T1]{{fontenc}}.",
            r"\begin{table}",
            r"\centering",
            rf"\caption{{{_caption(board)}}}",
            rf"\label{{tab:{re.sub('[^A-Za-z0-9]+', '-', board.name)}}}",
            rf"\begin{{tabular}}{{rl{'r' * (len(heads) - 2)}}}",
            r"\toprule",
            _row(heads),
            *body,
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table}",
            "",
        ]
    )


def _row(cells: Iterable[str]) -> str:
    return f"{' & '.join(cells)} \\\\"


def _caption(board: Board) -> str:
    said = [latex_text(board.title) + "."]
    if any(row.metrics and row.kind != "published" for row in board.rows):
        said.append(r"In brackets: 95\,\% intervals.")
    if board.simulated:
        said.append("Simulated films, simulated readers.")
    return " ".join(said)
