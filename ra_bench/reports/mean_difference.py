"""The mean difference of two sources, tested by patients: films of one patient are no independent evidence."""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING, Any

import numpy as np

from ra_bench.boards.evaluate import rounded
from ra_bench.metrics import Tost, tost_from_summary
from ra_bench.reports.values import MeanDifference
from ra_bench.values import MetricValue

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ra_bench.boards.held_out import Floats

#: Differences that vary by less, relative to the scores, vary by rounding.
_ROUNDING = 1e-12


def mean_difference(reference: Floats, predicted: Floats, patients: NDArray[np.integer[Any]]) -> MeanDifference:
    """Paired t-test with the standard error of leaving out one patient at a time.

    Parameters
    ----------
    reference, predicted : ndarray of shape (n,)
        Complete pairs.
    patients : ndarray of int, shape (n,)
        The patient of each pair.

    Returns
    -------
    MeanDifference
        Student's paired t-test exactly where each patient has one film. All but the bias is nan for fewer than two
        patients, and where the differences do not vary.
    """
    from scipy.special import stdtr, stdtrit

    d = predicted - reference
    if not d.size:
        nothing = MetricValue(value=nan)
        return MeanDifference(
            bias=nothing, bias_90=nothing, standard_error=nan, t=nan, df=0, p=nan, equivalence_margin=nan
        )
    estimate = float(d.mean())
    error = _standard_error(d, patients, float(max(np.abs(reference).max(), np.abs(predicted).max())))
    df = int(np.unique(patients).size) - 1
    if np.isnan(error):
        only = MetricValue(value=rounded(estimate))
        return MeanDifference(bias=only, bias_90=only, standard_error=nan, t=nan, df=df, p=nan, equivalence_margin=nan)
    wide, narrow = (float(stdtrit(df, share)) * error for share in (0.975, 0.95))
    t = estimate / error
    return MeanDifference(
        bias=_with(estimate, wide),
        bias_90=_with(estimate, narrow),
        standard_error=rounded(error),
        t=rounded(t),
        df=df,
        p=rounded(float(2 * stdtr(df, -abs(t)))),
        equivalence_margin=rounded(max(abs(estimate - narrow), abs(estimate + narrow))),
    )


def tost_of(found: MeanDifference, margin: float) -> Tost:
    """TOST at a margin, from the same standard error; p is nan where the t-test's is."""
    patients = found.df + 1
    return tost_from_summary(found.bias.value, found.standard_error * np.sqrt(patients), patients, margin)


def _with(estimate: float, half: float) -> MetricValue:
    return MetricValue(value=rounded(estimate), low=rounded(estimate - half), high=rounded(estimate + half), method="t")


def _standard_error(d: Floats, patients: NDArray[np.integer[Any]], scale: float) -> float:
    """Jackknife over patients; with one film each it is SD / sqrt(n)."""
    _, patient = np.unique(patients, return_inverse=True)
    films = np.bincount(patient)
    if films.size < 2 or np.ptp(d) <= _ROUNDING * scale:
        return nan
    left_out = (d.sum() - np.bincount(patient, d)) / (d.size - films)
    error = float(np.sqrt((films.size - 1) / films.size * np.square(left_out - left_out.mean()).sum()))
    return error if error > _ROUNDING * scale else nan
