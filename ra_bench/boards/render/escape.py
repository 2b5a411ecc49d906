"""Text of guests, made safe to stand in markdown or a table: it is read as it was written and does nothing else."""

from __future__ import annotations

import re
import unicodedata

_MARKUP = re.compile(r"[\\`*_\[\]|~#$]")
#: What would start a list, a rule or a quotation; a negative number does not.
_BLOCK_START = re.compile(r"^([-+=](?!\d)|>|\d+(?=[.)](\s|$)))")
#: A cell that begins with one of these is run as a formula (https://owasp.org/www-community/attacks/CSV_Injection).
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
_ENTITY = re.compile(r"&(?=#?\w+;)")


def escaped(text: str) -> str:
    """One line of markdown that shows `text`; control and direction marks become visible.

    Examples
    --------
    >>> print(escaped("a|b <b>\\n`c`"))
    a\\|b &lt;b> \\`c\\`
    >>> print(escaped("abc\\u202edef"))
    abc(U+202E)def
    """
    line = _ENTITY.sub("&amp;", one_line(text)).replace("<", "&lt;")
    line = _MARKUP.sub(lambda found: "\\" + found.group(), line)
    return _BLOCK_START.sub(_escape_start, line)


def one_line(text: str) -> str:
    """`text` without line breaks, and with a code point in place of what cannot be seen."""
    return visible(" ".join(text.split()))


def visible(text: str) -> str:
    """`text` with a code point in place of what cannot be seen, line breaks among it; spaces stay as they are."""
    return "".join(map(_visible, text))


def code(text: str) -> str:
    """A code span that no backtick in `text` can end.

    Examples
    --------
    >>> print(code("ra-bench run"))
    `ra-bench run`
    """
    line = one_line(text)
    longest = max((len(run) for run in re.findall("`+", line)), default=0)
    fence, pad = "`" * (longest + 1), " " if longest else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def is_formula(text: str) -> bool:
    """Whether a spreadsheet would compute a cell of that text.

    Examples
    --------
    >>> is_formula("=1+1"), is_formula("\\t@x"), is_formula("resnet50")
    (True, True, False)
    """
    return text.lstrip().startswith(_FORMULA)


def _visible(letter: str) -> str:
    hidden = unicodedata.category(letter)[0] == "C" or unicodedata.category(letter) in ("Zl", "Zp")
    return f"(U+{ord(letter):04X})" if hidden else letter


def _escape_start(found: re.Match[str]) -> str:
    # "1." starts a list, and "1\." does not; "\-" shows as "-"
    start = found.group()
    return f"{start}\\" if start.isdigit() else f"\\{start}"
