"""What the audit says of printed rows, short enough to stand beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ra_bench.boards.published import IMPOSSIBLE, around

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ra_bench.reports.audit import Audit, RowAudit

FAILS, STRAINED, ABOVE_CEILING, NOTHING = "FAILS", "strained", "above noise ceiling", "no check fails"


def flags_of(row: RowAudit, audit: Audit) -> tuple[str, ...]:
    """Words for a printed row: one of them at least."""
    ceiling = audit.noise_ceiling
    above = not row.reader and ceiling is not None and row.rho is not None and float(row.rho) > ceiling[1]
    found = [(FAILS, bool(row.failed)), (STRAINED, row.strained), (ABOVE_CEILING, above)]
    return tuple(word for word, holds in found if holds) or (NOTHING,)


def flag_lines(rows: Sequence[RowAudit], audit: Audit) -> Iterator[str]:
    """What the flags of these rows mean, with the numbers behind them."""
    for row in rows:
        if row.failed:
            yield f"Audit, {row.name}: {FAILS}: {IMPOSSIBLE} ({'; '.join(row.failed)})."
    strained = [row for row in rows if row.strained and row.needed_sd is not None]
    if strained:
        small, large = (
            around([row.needed_sd[root] for row in strained if row.needed_sd is not None]) for root in (0, 1)
        )
        supposed = {row.supposed_sd for row in strained if row.supposed_sd is not None}
        were = f", were the SD of the reference {min(supposed):g}" if len(supposed) == 1 else ""
        yield (
            f"Audit, {STRAINED}: rho and RMSE can be had together only by predictions with an SD of {small[0]:.0f} to "
            f"{small[1]:.0f} or of {large[0]:.0f} to {large[1]:.0f}{were}."
        )
    above = [row.name for row in rows if ABOVE_CEILING in flags_of(row, audit)]
    if above and audit.noise_ceiling is not None:
        low, high = audit.noise_ceiling
        yield (
            f"Audit, {ABOVE_CEILING}: rho of {', '.join(above)} is more than a perfect model can expect with the mean "
            f"of these two readers, {low:.3f} to {high:.3f}. A hint, no proof."
        )
    bounds = [row.allowed_bias for row in rows if row.allowed_bias is not None]
    if bounds:
        yield (
            f"Audit: a printed p > 0.05 is not evidence of agreement. It allows the means to differ by up to "
            f"{max(bounds):.1f}. 'ra-bench audit' tells the rest."
        )
