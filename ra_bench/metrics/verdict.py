"""What may be said about the mean difference, in one of four sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from ra_bench.metrics.agreement import limits_of_agreement
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
    differs, equivalent = paired_t(reference, predicted).p, tost(reference, predicted, margin).p
    if np.isnan(differs) or np.isnan(equivalent):
        return Verdict("undefined", "n/a: the differences do not vary, so nothing can be tested")
    limits = limits_of_agreement(reference, predicted)
    within = f"±{margin:g}"
    if equivalent < 0.05:
        if differs < 0.05:
            return Verdict(
                "different but within",
                f"a difference in means was detected, but it lies within {within}: "
                "too small to matter by the preset margin",
            )
        low, high = bias_interval(reference, predicted, confidence=0.90)
        return Verdict(
            "within",
            f"mean bias within {within} (90 % interval {low:.1f} to {high:.1f}). This is about the average, not single "
            f"patients: 95 % of differences lie between {limits.low:.1f} and {limits.high:.1f}",
        )
    if differs < 0.05:
        return Verdict("shifted", f"predictions are shifted by {limits.bias:.1f} on average; equivalence not shown")
    return Verdict(
        "inconclusive",
        "inconclusive: no difference detected, equivalence not shown. p > 0.05 is not evidence of agreement",
    )
