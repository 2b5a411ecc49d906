"""Whether a resampled difference is told apart from nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ra_bench.metrics._arrays import check_confidence
from ra_bench.metrics.intervals import interval

if TYPE_CHECKING:
    from ra_bench.metrics.resampling import Resampled


def can_separate(patients: int, confidence: float = 0.95) -> bool:
    """Whether so many patients can tell two models apart at all.

    Parameters
    ----------
    patients : int
        0 or more.
    confidence : float
        Wanted coverage, between 0 and 1.

    Returns
    -------
    bool
        False for five or fewer at 95 %.

    Notes
    -----
    The smallest p of an exact two-sided test that turns the signs of the patients' differences is 2 ** (1 - patients).
    Resamples of few patients do not know this: of two patients who both favour one model all resamples do.

    References
    ----------
    Fisher RA. The Design of Experiments. Oliver & Boyd 1935, section 21.

    Examples
    --------
    >>> can_separate(5), can_separate(6)
    (False, True)
    """
    return 2.0 ** (1 - patients) <= 1 - check_confidence(confidence)


def bootstrap_p(resampled: Resampled) -> float:
    """Two-sided p value of a resampled difference against 0.

    Parameters
    ----------
    resampled : Resampled
        Paired difference of a metric of two models, as from `difference`.

    Returns
    -------
    float
        Up to 1, without unit; at least 2 / (resamples + 1), and 2 ** (1 - patients). nan where the difference is
        undefined or equal on all resamples, which is too little data and no certainty.

    Notes
    -----
    The share of resamples on the far side of 0, twice, each count plus one so that it is never 0. It is below 0.05
    where the percentile interval of 95 % excludes 0, but for resamples that lie on the edge. Like that interval it
    promises a little too much with few patients; it never promises more than an exact test that turns the signs of the
    patients could, whose smallest p is 2 ** (1 - patients).

    References
    ----------
    Davison AC, Hinkley DV. Bootstrap Methods and their Application. Cambridge 1997, sections 4.2 and 5.4.

    Examples
    --------
    Of nine resamples of three patients one lies above 0: 2 (1 + 1) / (9 + 1).

    >>> import numpy as np
    >>> from ra_bench.metrics.resampling import Resampled
    >>> draws = np.array([-4.0, -3.5, -3.0, -2.5, -2.0, -1.5, -1.0, -0.5, 0.5])
    >>> bootstrap_p(Resampled(estimate=-2.0, replicates=draws, jackknife=np.array([-2.0, -1.9, -2.1])))
    0.4
    """
    if np.isnan(interval(resampled, "percentile").low):
        return float("nan")
    finite = resampled.replicates[np.isfinite(resampled.replicates)]
    fewer = min(np.count_nonzero(finite <= 0), np.count_nonzero(finite >= 0))
    least = 2.0 ** (1 - resampled.jackknife.size)
    return float(min(1.0, max(least, 2 * (fewer + 1) / (finite.size + 1))))
