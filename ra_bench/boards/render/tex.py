"""Text for LaTeX: nothing in it that TeX would act on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ra_bench.boards.render.escape import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

#: "[" and "*" would be read as an option of the row end before them.
_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "[": "{[}", "]": "{]}", "*": "{*}", "–": "--",
}  # fmt: skip


def typeset(text: str, others: Mapping[str, str]) -> str:
    """Text on one line as LaTeX that shows it; `others` are letters that a document sets in its own way.

    Examples
    --------
    >>> print(typeset("a_b < 50 %", {"<": "$<$"}))
    a\\_b $<$ 50 \\%
    """
    letters = _SPECIAL | dict(others)
    return re.sub("|".join(map(re.escape, letters)), lambda found: letters[found.group()], one_line(text))
