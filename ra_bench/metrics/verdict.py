"""What may be said about the mean difference, in one of four sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from ra_bench.metrics.agreement import Limits, limits_of_agreement
from ra_bench.metrics.equivalence import bias_interval, paired_t, tost

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

Finding = Literal["different but within", "within", "shifted", "inconclusive", "undefined"]


class Verdict(NamedTuple):
    """A finding by name, and the sentence to print."""

    finding: Finding
    sentence: str


def equivalence_verdict(reference: ArrayLike, predicted: ArrayLike, margin: float = 5.0) -> Verdict:
    """Say what a t-test and an equivalence test together allow to be said.

    Parameters
    ----------
    reference, predicted : array_like of shape (n_samples,)
        Scores on one scale, in SvH units.
    margin : float
        Largest mean difference that does not matter, in SvH units, above 0. Fix it before looking.

    Returns
    -------
    Verdict
        "undefined" where all differences are equal, and for a single film.

    Raises
    ------
    ValueError
        If the margin is not above 0, or the arrays are not a finite pair.

    Notes
    -----
    Both tests at the 5 % level. Print the limits of agreement beside every sentence. The usual margins come from
    change scores, and are no standard for status scores.

    Examples
    --------
    >>> equivalence_verdict([10, 20, 30, 40], [18, 29, 37, 49]).sentence
    'predictions are shifted by 8.2 on average; equivalence not shown'
    """
    low, high = bias_interval(reference, predicted, confidence=0.90)
    return verdict_of(
        p_difference=paired_t(reference, predicted).p,
        p_equivalence=tost(reference, predicted, margin).p,
        margin=margin,
        interval_90=(low, high),
        limits=limits_of_agreement(reference, predicted),
    )


def verdict_of(
    *, p_difference: float, p_equivalence: float, margin: float, interval_90: tuple[float, float], limits: Limits
) -> Verdict:
    """`equivalence_verdict` from tests that were made elsewhere, such as ones that count patients and not films.

    Parameters
    ----------
    p_difference, p_equivalence : float
        Of the t-test of a mean difference of 0, and of TOST; nan where undefined.
    margin : float
        The one that TOST was made with, in SvH units.
    interval_90 : (float, float)
        90 % interval of the mean difference, in SvH units.
    limits : Limits
        Of agreement, in SvH units.

    Returns
    -------
    Verdict
        "undefined" where a p is nan.

    Examples
    --------
    >>> limits = limits_of_agreement([10, 20, 30, 40], [18, 29, 37, 49])
    >>> verdict_of(p_difference=0.3, p_equivalence=0.4, margin=5, interval_90=(-4.0, 9.0), limits=limits).finding
    'inconclusive'
    """
    if np.isnan(p_difference) or np.isnan(p_equivalence):
        return Verdict("undefined", "n/a: the differences do not vary, so nothing can be tested")
    within = f"±{margin:g}"
    if p_equivalence < 0.05:
        if p_difference < 0.05:
            return Verdict(
                "different but within",
                f"a difference in means was detected, but it lies within {within}: "
                "too small to matter by the preset margin",
            )
        return Verdict(
            "within",
            f"mean bias within {within} (90 % interval {interval_90[0]:.1f} to {interval_90[1]:.1f}). "
            "This is about the average, not single patients: "
            f"95 % of differences lie between {limits.low:.1f} and {limits.high:.1f}",
        )
    if p_difference < 0.05:
        return Verdict("shifted", f"predictions are shifted by {limits.bias:.1f} on average; equivalence not shown")
    return Verdict(
        "inconclusive",
        "inconclusive: no difference detected, equivalence not shown. p > 0.05 is not evidence of agreement",
    )
