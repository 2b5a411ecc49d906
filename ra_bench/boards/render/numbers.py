"""Numbers as a person reads them: short, with their interval, n/a where undefined."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ra_bench.values import BoardRow, Column, MetricValue

UNDEFINED = "n/a"


def as_text(value: MetricValue | None, digits: int) -> str:
    """`0.71 (0.65–0.76)`; empty where the row has no such metric."""
    if value is None:
        return ""
    if not (isfinite(value.value) and isfinite(value.low) and isfinite(value.high)):
        return fixed(value.value, digits)
    ends = fixed(value.low, digits), fixed(value.high, digits)
    between = " to " if ends[0].startswith("-") else "–"
    return f"{fixed(value.value, digits)} ({between.join(ends)})"


def fixed(value: float, digits: int) -> str:
    """A number with so many decimals; one that is too small for them says so.

    Examples
    --------
    >>> fixed(0.00004, 3), fixed(-0.0001, 2), fixed(0.0, 2), fixed(float("nan"), 2)
    ('<0.001', '0.00', '0.00', 'n/a')
    """
    if not isfinite(value):
        return UNDEFINED
    text = f"{value:.{digits}f}"
    if float(text) == 0:
        return f"<{10**-digits:.{digits}f}" if value > 0 else f"{0:.{digits}f}"
    return text


def decimals(value: float) -> int:
    """How many decimals it takes to write a number as it is.

    Examples
    --------
    >>> decimals(18.75), decimals(0.9), decimals(25.0)
    (2, 1, 0)
    """
    return len(repr(value).partition(".")[2].rstrip("0"))


def digits_of(column: Column, rows: Sequence[BoardRow]) -> int:
    """With how many decimals a column shows these rows: what a paper prints is not rounded again."""
    printed = [row.metrics.get(column.metric) for row in rows if row.kind == "published"]
    return max(column.digits, *(decimals(value.value) for value in printed if value), 0)


def rank_of(row: BoardRow, interval: MetricValue | None) -> str:
    """`1 (1–3)`; empty where the row is not ranked."""
    if row.rank is None:
        return ""
    if interval is None or not (isfinite(interval.low) and isfinite(interval.high)):
        return str(row.rank)
    return f"{row.rank} ({interval.low:.0f}–{interval.high:.0f})"


def films_of(row: BoardRow) -> str:
    """`158`, or `150 (8 missing)`; empty where it is not known."""
    if row.films is None:
        return ""
    return f"{row.films:,} ({row.missing:,} missing)" if row.missing else f"{row.films:,}"


def three_digits(value: float) -> str:
    """Three figures without an exponent.

    Examples
    --------
    >>> three_digits(23.502401), three_digits(25.0), three_digits(3.972609), three_digits(1234.5), three_digits(1e-6)
    ('23.5', '25', '3.97', '1,234', '<0.01')
    """
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value >= 0.01 or value == 0 else "<0.01"


def duration(seconds: float) -> str:
    """Seconds below a minute, then minutes:seconds, then hours:minutes:seconds.

    Examples
    --------
    >>> duration(1.26), duration(359.0), duration(3725.0)
    ('1.3 s', '5:59', '1:02:05')
    """
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
