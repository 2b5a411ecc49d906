"""Whether predictions use the scale as the reference does."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ra_bench.metrics._arrays import paired, sample_sd

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


class RangeAudit(NamedTuple):
    """Shares of predictions off the scale, and the SD of predictions over that of the reference."""

    below: float
    above: float
    sd_ratio: float


def range_audit(reference: ArrayLike, predicted: ArrayLike, minimum: float, maximum: float) -> RangeAudit:
    """Find predictions that are off the scale or shrunk to the mean.

    Parameters
    ----------
    reference, predicted : array_like of shape (n_samples,)
        Scores on one scale, in SvH units.
    minimum, maximum : float
        Ends of the scale, in SvH units.

    Returns
    -------
    RangeAudit
        `below` and `above` between 0 and 1 (best is 0); `sd_ratio` 0 or more, without unit: below 1 the model
        shrinks to the mean, nan where the reference is constant.

    Raises
    ------
    ValueError
        If the scale is empty, or the arrays are not a finite pair.

    Notes
    -----
    The best predictions of a noisy reference have a ratio a little below 1.

    Examples
    --------
    >>> range_audit([0, 10, 20, 30], [-2, 10, 15, 25], minimum=0, maximum=280).below
    0.25
    """
    if not maximum > minimum:
        raise ValueError(f"the scale runs from {minimum} to {maximum}: give a maximum above the minimum.")
    y, p = paired(reference, predicted)
    spread = sample_sd(y)
    ratio = sample_sd(p) / spread if spread > 0 else float("nan")
    return RangeAudit(float((p < minimum).mean()), float((p > maximum).mean()), ratio)
