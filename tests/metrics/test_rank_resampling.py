"""Spearman on resamples: the same numbers as by calling it on each."""

import numpy as np
import pytest

from ra_bench.metrics import draw_patients, given_indices, resample_slowly, resample_spearman, spearman

GENERATOR = np.random.default_rng(4)
REFERENCE = np.append(GENERATOR.integers(0, 12, 40), np.nan)
PREDICTED = REFERENCE + np.append(GENERATOR.integers(-4, 5, 40), 1)
PATIENTS = GENERATOR.integers(0, 25, 41)


def test_it_equals_spearman_on_every_resample_with_ties_gaps_and_patients() -> None:
    resampling = draw_patients(PATIENTS, resamples=200)
    fast = resample_spearman(resampling, REFERENCE, PREDICTED)
    slow = resample_slowly(resampling, spearman, REFERENCE, PREDICTED)
    assert fast.estimate == slow.estimate
    np.testing.assert_allclose(fast.replicates, slow.replicates, rtol=0, atol=1e-12)
    np.testing.assert_allclose(fast.jackknife, slow.jackknife, rtol=0, atol=1e-12)


def test_a_resample_of_one_film_is_undefined() -> None:
    found = resample_spearman(given_indices([[0, 0, 0], [0, 1, 2]]), [1, 2, 3], [1, 3, 2])
    assert np.isnan(found.replicates[0])
    assert found.replicates[1] == pytest.approx(0.5)


def test_no_complete_pair_is_undefined() -> None:
    found = resample_spearman(draw_patients(range(2), resamples=3), [np.nan, 1], [1, np.nan])
    assert np.isnan([found.estimate, *found.replicates, *found.jackknife]).all()


def test_films_of_another_draw_are_refused() -> None:
    with pytest.raises(ValueError, match="2 films given, but 3 were drawn from: give the same"):
        resample_spearman(draw_patients(range(3), resamples=3), [1, 2], [1, 2])
