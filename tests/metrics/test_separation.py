"""The bootstrap's p of a difference."""

from __future__ import annotations

import numpy as np
import pytest

from ra_bench.metrics import (
    bias_from_sums,
    bootstrap_p,
    draw_patients,
    interval,
    paired_t,
    resample_metric,
    resample_sums,
)
from ra_bench.metrics.resampling import Resampled


def resampled_bias(shift: float, films: int = 400) -> tuple[np.ndarray, Resampled]:
    d = np.random.default_rng(3).normal(0, 10, films)
    d = d - d.mean() + shift
    (sums,) = resample_sums(draw_patients(np.arange(films)), np.zeros(films), [d])
    return d, resample_metric(bias_from_sums, sums)


@pytest.mark.parametrize("shift", [0.3, 0.8, 1.1])
def test_on_many_films_it_is_near_the_paired_t_test(shift: float) -> None:
    d, resampled = resampled_bias(shift)
    assert bootstrap_p(resampled) == pytest.approx(paired_t(np.zeros_like(d), d).p, abs=0.03)


@pytest.mark.parametrize("shift", [0.8, 0.9, 1.0, 1.1, 1.3])
def test_it_says_what_the_percentile_interval_says(shift: float) -> None:
    _, resampled = resampled_bias(shift)
    low, high = interval(resampled, "percentile").ends
    assert (bootstrap_p(resampled) < 0.05) == (low > 0 or high < 0)


def test_it_is_never_0() -> None:
    assert bootstrap_p(resampled_bias(50.0)[1]) == 2 / 10_000


def test_it_does_not_depend_on_the_sign() -> None:
    assert bootstrap_p(resampled_bias(0.7)[1]) == pytest.approx(bootstrap_p(resampled_bias(-0.7)[1]), abs=0.02)


@pytest.mark.parametrize("draws", [[], [np.nan, np.nan], [1.0, 1.0, 1.0], [0.0, 0.0]])
def test_without_variation_it_is_undefined_and_no_certainty(draws: list[float]) -> None:
    found = Resampled(estimate=1.0, replicates=np.array(draws), jackknife=np.array([1.0, 1.0]))
    assert np.isnan(bootstrap_p(found))


@pytest.mark.parametrize(("patients", "least"), [(2, 0.5), (5, 0.0625), (6, 0.03125)])
def test_few_patients_cannot_say_more_than_turning_their_signs(patients: int, least: float) -> None:
    d = np.linspace(10, 11, patients)
    (sums,) = resample_sums(draw_patients(np.arange(patients)), np.zeros(patients), [d])
    assert bootstrap_p(resample_metric(bias_from_sums, sums)) == least
