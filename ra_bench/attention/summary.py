"""Shares of many films as means with intervals over patients, and how far chance levels lie below."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ra_bench.metrics import bias_from_sums, draw_patients, interval, resample_metric, resample_sums
from ra_bench.values import MetricValue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ra_bench.attention.values import FilmShares
    from ra_bench.metrics import Resampling

#: A share of the model, and what it is compared with.
COMPARED = {
    "on_damage": ("film_damage", "hands_damage", "others_damage", "sites_damage", "follows_damage"),
    "on_sites": ("film_sites", "hands_sites"),
}


def summarised(shares: Sequence[FilmShares]) -> tuple[dict[str, MetricValue], dict[str, MetricValue]]:
    """The mean of each share over films; and, by the name of the other, the mean of the model's share minus another.

    Intervals are BCa, from 9,999 draws of patients, one draw for all. Both are empty where there are no films.
    """
    if not shares:
        return {}, {}
    drawn = draw_patients([one.patient for one in shares])
    values = {
        name: np.array([getattr(one, name) for one in shares], dtype=np.float64)
        for own, others in COMPARED.items()
        for name in (own, *others)
    }
    means = {name: _mean(drawn, column) for name, column in values.items()}
    gaps = {name: _mean(drawn, values[own] - values[name]) for own, others in COMPARED.items() for name in others}
    return means, gaps


def _mean(drawn: Resampling, values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> MetricValue:
    """A mean over films with its interval over patients: the bias against zeros is the mean."""
    (sums,) = resample_sums(drawn, np.zeros(len(values)), [values])
    found = resample_metric(bias_from_sums, sums)
    ends = interval(found, "bca")
    return MetricValue(value=found.estimate, low=ends.low, high=ends.high, method=ends.method)
