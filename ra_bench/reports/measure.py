"""One source of scores against another: every quantity with its interval, on one draw of patients."""

from __future__ import annotations

from dataclasses import replace
from math import isnan, nan
from typing import TYPE_CHECKING

import numpy as np

from ra_bench.boards.evaluate import rounded
from ra_bench.metrics import (
    Limits,
    Resampled,
    bias_from_sums,
    ccc_from_sums,
    complete_pairs,
    icc_a_1_from_sums,
    interval,
    limits_of_agreement,
    mae_from_sums,
    max_ae,
    median_ae,
    pearson_from_sums,
    proportional_bias,
    r_squared,
    resample_metric,
    resample_qwk,
    resample_spearman,
    resample_sums,
    rmse_from_sums,
)
from ra_bench.metrics.sums import moments
from ra_bench.reports.mean_difference import mean_difference
from ra_bench.reports.values import LimitsOfAgreement, Pair
from ra_bench.values import MetricValue

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from ra_bench.boards.held_out import Floats
    from ra_bench.metrics import Method, ResampledSums, Resampling

#: With fewer patients not even the whole span of the sample holds the median of 95 in 100 (1 - 2 / 2^n), so that no
#: resampling can: the interval is n/a. Student's t goes down to two.
FEWEST = 6
#: Absolute errors whose share of the films is told, in the unit of the scale.
SHARES = (5, 10, 15)
_Z = 1.959963984540054  # the 97.5 % point of the standard normal

_FROM_SUMS: Mapping[str, tuple[Callable[[Floats], Floats], Method]] = {
    "rho": (pearson_from_sums, "percentile"),
    "ccc": (ccc_from_sums, "percentile"),
    "icc_a_1": (icc_a_1_from_sums, "percentile"),
    "mae": (mae_from_sums, "bca"),
    "rmse": (rmse_from_sums, "bca"),
}


def measure_pair(name: str, against: str, own: Floats, other: Floats, resampling: Resampling) -> Pair:
    """Measure one source of scores against another.

    Parameters
    ----------
    name, against : str
        What is measured, and what it is held against.
    own, other : ndarray of shape (n,)
        Scores of the films of the draw, nan where missing.
    resampling : Resampling
        The one draw of patients of the report.

    Returns
    -------
    Pair
        Undefined quantities are nan, all of them where the two have no film in common.
    """
    y, p = complete_pairs(other, own)
    both = np.isfinite(own) & np.isfinite(other)
    patients = resampling.patient[both]
    with np.errstate(all="ignore"):
        (sums,) = resample_sums(resampling, other, [own])
        values = {
            key: valued(resample_metric(from_sums, sums), method, np.unique(patients).size)
            for key, (from_sums, method) in _FROM_SUMS.items()
        }
        ranks = resample_spearman(resampling, other, own)
        values["spearman"] = valued(ranks, "percentile", np.unique(patients).size)
        if y.size < 2:  # its formula gives 0, and one film shows no concordance at all
            values["ccc"] = MetricValue(value=nan)
        values |= _without_interval(y, p) | _shares(own, other, resampling)
        limits = _limits(y, p, sums, patients)
    return Pair(
        name=name,
        against=against,
        films=y.size,
        missing=own.size - y.size,
        values=values,
        mean_difference=mean_difference(y, p, patients),
        limits=limits,
    )


def valued(resampled: Resampled, method: Method, patients: int) -> MetricValue:
    """A resampled quantity with its 95 % interval; no interval from resamples of fewer patients than `FEWEST`."""
    if method != "t" and patients < FEWEST:
        return MetricValue(value=rounded(resampled.estimate))
    found = interval(resampled, method)
    if isnan(found.low):
        return MetricValue(value=rounded(resampled.estimate))
    return MetricValue(
        value=rounded(resampled.estimate), low=rounded(found.low), high=rounded(found.high), method=found.method
    )


def kappa_of(own: Floats, other: Floats, bands: Sequence[float] | None, resampling: Resampling) -> MetricValue:
    """Quadratic-weighted kappa on bands, nan where nobody asks for them."""
    if bands is None:
        return MetricValue(value=nan)
    patients = np.unique(resampling.patient[np.isfinite(own) & np.isfinite(other)]).size
    return valued(resample_qwk(resampling, other, own, bands), "percentile", patients)


def limits_as_metric(limits: LimitsOfAgreement, bias: float) -> Limits:
    """The same limits as `ra_bench.metrics` has them."""
    low, high = limits.low, limits.high
    return Limits(bias, low.value, high.value, (low.low, low.high), (high.low, high.high))


def _without_interval(y: Floats, p: Floats) -> dict[str, MetricValue]:
    """What is told without an interval: one film decides it, or half of the films do not count."""
    if not y.size:
        return dict.fromkeys(("median_ae", "max_ae", "r_squared"), MetricValue(value=nan))
    return {
        "median_ae": MetricValue(value=rounded(median_ae(y, p))),
        "max_ae": MetricValue(value=rounded(max_ae(y, p))),
        "r_squared": MetricValue(value=rounded(r_squared(y, p))),
    }


def _shares(own: Floats, other: Floats, resampling: Resampling) -> dict[str, MetricValue]:
    """Shares of films within so many units: the mean of 0 and 1 is a mean absolute error against 0."""
    error = np.abs(own - other)
    near = [np.where(np.isfinite(error), error <= units, nan).astype(np.float64) for units in SHARES]
    patients = np.unique(resampling.patient[np.isfinite(error)]).size
    sums = resample_sums(resampling, np.zeros(error.size), near)
    return {
        f"within_{units}": valued(resample_metric(mae_from_sums, found), "percentile", patients)
        for units, found in zip(SHARES, sums, strict=True)
    }


def _limits(y: Floats, p: Floats, sums: ResampledSums, patients: NDArray[np.intp]) -> LimitsOfAgreement:
    """Bland and Altman's intervals where each patient has one film; else from the draw of patients."""
    if not y.size:
        nothing = MetricValue(value=nan)
        return LimitsOfAgreement(
            sd=nan, low=nothing, high=nothing, proportional_slope=nan, proportional_intercept=nan, proportional_p=nan
        )
    found, line = limits_of_agreement(y, p), proportional_bias(y, p)
    people = np.unique(patients).size
    if people == y.size:
        ends = [
            MetricValue(value=rounded(end), low=rounded(low), high=rounded(high), method="Bland-Altman")
            for end, (low, high) in ((found.low, found.low_interval), (found.high, found.high_interval))
        ]
    else:
        ends = [
            replace(valued(resample_metric(_limit(side), sums), "percentile", people), value=rounded(end))
            for end, side in ((found.low, -1), (found.high, 1))
        ]
    # Limits that coincide come from differences that do not vary: no interval says anything of them
    if y.size < 2 or found.low == found.high:
        ends = [MetricValue(value=end.value) for end in ends]
    return LimitsOfAgreement(
        sd=rounded((found.high - found.low) / (2 * _Z)),
        low=ends[0],
        high=ends[1],
        proportional_slope=rounded(line.slope),
        proportional_intercept=rounded(line.intercept),
        proportional_p=rounded(line.p),
    )


def _limit(side: int) -> Callable[[Floats], Floats]:
    """bias -+ 1.96 SD of the differences (n - 1), from sums."""

    def from_sums(sums: Floats) -> Floats:
        m = moments(sums)
        variance = np.maximum(m.mean_square - m.bias**2, 0) * m.films / (m.films - 1)
        limit: Floats = bias_from_sums(sums) + side * _Z * np.sqrt(variance)
        return limit

    return from_sums
