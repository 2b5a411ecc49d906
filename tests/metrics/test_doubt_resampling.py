"""The area under the risk-coverage curve on resamples, against one that draws the films and averages step by step."""

from __future__ import annotations

import numpy as np
import pytest

from ra_bench.metrics import draw_patients, given_indices, mae_from_sums, resample_aurc, resample_metric, resample_sums

GENERATOR = np.random.default_rng(8)
REFERENCE = np.append(GENERATOR.gamma(1.2, 40, 40), np.nan)
PREDICTED = REFERENCE + np.append(GENERATOR.normal(0, 9, 40), 1)
DOUBT = np.append(np.nan, np.round(GENERATOR.uniform(2, 8, 40)))  # a handful of values, so that many are equal
PATIENTS = GENERATOR.integers(0, 25, 41)


def plain_area(rows):
    """One film after the other is kept, the least doubtful first; of equal ones each is as wrong as their mean."""
    films = [(DOUBT[row], abs(PREDICTED[row] - REFERENCE[row])) for row in rows]
    films = sorted(film for film in films if not any(map(np.isnan, film)))
    if not films:
        return np.nan
    means, total = [], 0.0
    for kept, (doubt, _) in enumerate(films, start=1):
        alike = [error for other, error in films if other == doubt]
        total += sum(alike) / len(alike)
        means.append(total / kept)
    return sum(means) / len(means)


def test_it_is_the_area_of_the_films_of_each_resample() -> None:
    resampling = draw_patients(PATIENTS, resamples=60)
    found = resample_aurc(resampling, REFERENCE, PREDICTED, DOUBT)
    drawn = [np.repeat(np.arange(41), counts[resampling.patient]) for counts in resampling.counts]
    left = [np.flatnonzero(resampling.patient != patient) for patient in range(resampling.patients)]
    assert found.estimate == pytest.approx(plain_area(range(41)), rel=1e-12)
    np.testing.assert_allclose(found.replicates, [plain_area(rows) for rows in drawn], rtol=1e-12)
    np.testing.assert_allclose(found.jackknife, [plain_area(rows) for rows in left], rtol=1e-12)


def test_with_no_order_it_is_the_resampled_mae() -> None:
    resampling = draw_patients(PATIENTS, resamples=99)
    found = resample_aurc(resampling, REFERENCE, PREDICTED, np.ones(41))
    (sums,) = resample_sums(resampling, REFERENCE, [PREDICTED])
    expected = resample_metric(mae_from_sums, sums)
    np.testing.assert_allclose(found.replicates, expected.replicates)
    np.testing.assert_allclose(found.jackknife, expected.jackknife)


def test_a_resample_without_films_is_undefined() -> None:
    found = resample_aurc(given_indices([[0, 0], [1, 1]]), [10, 10], [11, np.nan], [1, 2])
    assert found.replicates[0] == 1
    assert np.isnan(found.replicates[1])
    nothing = resample_aurc(draw_patients(range(2), resamples=3), [1, 2], [1, 2], [np.nan, np.nan])
    assert np.isnan([nothing.estimate, *nothing.replicates, *nothing.jackknife]).all()


def test_films_of_another_draw_are_refused() -> None:
    with pytest.raises(ValueError, match="2 films given, but 3 were drawn from: give the same"):
        resample_aurc(draw_patients(range(3), resamples=3), [1, 2, 3], [1, 2, 3], [1, 2])
