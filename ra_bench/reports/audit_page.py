"""An audit of published rows in plain sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ra_bench.boards.published import IMPOSSIBLE, around
from ra_bench.reports.pages import Page
from ra_bench.reports.sections import Section

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ra_bench.metrics import Box
    from ra_bench.reports.audit import Audit, RowAudit

_NO_AGREEMENT = (
    "p > 0.05 is not evidence of agreement. It only bounds the difference of the means, as said of each row; a model "
    "that answers one and the same mean for every film can get p = 1."
)


def audit_page(audit: Audit) -> Page:
    """The whole audit: a section a row, and what it comes to.

    Examples
    --------
    >>> from ra_bench.reports.audit import audit
    >>> from ra_bench.reports.rows_file import read_rows
    >>> print(audit_page(audit(read_rows())).sections[0].lines[2])
    With rho 0.97 the RMSE would be 9.2 to 10.8, below the printed MAE of 12.24, which cannot be.
    """
    rows = (Section(heading=_heading(row), lines=tuple(_row(row, audit))) for row in audit.rows)
    source = (audit.citation,) if audit.citation else ()
    return Page(
        title=f"Audit: {audit.title}" if audit.title else "Audit of printed rows",
        sections=(*rows, Section(heading="In short", lines=(*_summary(audit), *source))),
    )


def _heading(row: RowAudit) -> str:
    return row.name + (f" ({'Tables' if ',' in row.tables else 'Table'} {row.tables})" if row.tables else "")


def _row(row: RowAudit, audit: Audit) -> Iterator[str]:
    if row.failed:
        yield f"FAILS: {IMPOSSIBLE} ({'; '.join(row.failed)})."
    else:
        yield "No check fails, which proves nothing."
    yield from _forced(row)
    if row.needed_sd is not None:
        yield _needed(row)
    if row.rmse_floor is not None:
        yield f"Least RMSE that rho {row.rho} allows: {_span(row.rmse_floor, 1)}{_supposing(row)}."
    if row.bias_by_p is not None:
        yield f"p {row.p} on {row.films} films {_by_p(row.bias_by_p, bounds_only=row.allowed_bias is not None)}."
    yield from _against_readers(row, audit)
    if row.grim_informative is False:
        yield "GRIM can find nothing here: with so many films every mean of this many decimals is possible."
    for said in row.not_checked:
        yield f"Not checked. {said}"


def _by_p(bias: Box, *, bounds_only: bool) -> str:
    if bounds_only:
        return f"allows the means to differ by up to {bias[1]:.2f}"
    return f"means that the means differ by {_span(bias, 2)}, to either side"


def _forced(row: RowAudit) -> Iterator[str]:
    if row.forced_rho is not None:
        yield f"Means, SDs and RMSE force rho to be {_span(row.forced_rho, 4)}."
    if row.forced_rmse is None:
        return
    said = f"With rho {row.rho} the RMSE would be {_span(row.forced_rmse, 1)}"
    if row.mae is not None and row.forced_rmse[1] < float(row.mae):
        said += f", below the printed MAE of {row.mae}, which cannot be"
    yield f"{said}."


def _needed(row: RowAudit) -> str:
    small, large = row.needed_sd or ((0.0, 0.0), (0.0, 0.0))
    said = f"Its rho and RMSE need predictions with an SD of {_span(small, 1)} or of {_span(large, 1)}{_supposing(row)}"
    if large[0] < 0 or small[1] < 0:
        said += "; a negative SD is impossible"
    return (
        f"{said}. Strained: the scale would be shrunk or stretched by a third or more." if row.strained else f"{said}."
    )


def _supposing(row: RowAudit) -> str:
    return "" if row.supposed_sd is None else f", were the SD of the reference {row.supposed_sd:g}"


def _against_readers(row: RowAudit, audit: Audit) -> Iterator[str]:
    if row.reader:
        return
    if audit.noise_ceiling is not None and row.rho is not None and float(row.rho) > audit.noise_ceiling[1]:
        yield (
            f"rho {row.rho} lies above the noise ceiling, {_span(audit.noise_ceiling, 3)}: more than a perfect model "
            "can expect with the mean of these two readers. A hint, no proof."
        )
    if audit.reader_benchmark is not None and row.rmse is not None:
        yield f"RMSE / reader: {float(row.rmse) / audit.reader_benchmark:.2f}."


def _summary(audit: Audit) -> Iterator[str]:
    failed = [row for row in audit.rows if row.failed]
    names = f": {', '.join(row.name for row in failed)}" if failed else ""
    yield f"Rows of which {IMPOSSIBLE}: {len(failed)} of {len(audit.rows)}{names}."
    strained = [row.needed_sd for row in audit.rows if row.strained and row.needed_sd is not None]
    if strained:
        small, large = (around([needed[root] for needed in strained]) for root in (0, 1))
        supposed = {row.supposed_sd for row in audit.rows if row.strained and row.supposed_sd is not None}
        were = f"Were the SD of the reference near {min(supposed):g}, their" if len(supposed) == 1 else "Their"
        yield (
            f"Strained rows: {len(strained)}. {were} predictions' SD would be {_span(small, 0)} or {_span(large, 0)}."
        )
    bounds = [row.allowed_bias for row in audit.rows if row.allowed_bias is not None and not row.reader]
    if bounds:
        span = _span((min(bounds), max(bounds)), 2)
        yield f"All that the printed p say: |bias| is below {span}, by row. {_NO_AGREEMENT}"
    if audit.noise_ceiling is not None:
        origin = "as the rest of their row forces it" if audit.ceiling_from_forced_rho else "as printed"
        yield (
            f"Noise ceiling, from the correlation of the two readers {origin}: a perfect model can expect rho "
            f"{_span(audit.noise_ceiling, 3)} with their mean."
        )
    if audit.reader_benchmark is not None:
        yield (
            f"Reader benchmark: a further reader would have RMSE {audit.reader_benchmark:.2f} against the mean of the "
            "two; 'RMSE / reader' divides by it."
        )


def _span(box: Box, digits: int) -> str:
    """`9.2 to 10.8`, or one number where both ends round to it."""
    low, high = (f"{end:.{digits}f}" for end in box)
    return low if low == high else f"{low} to {high}"
