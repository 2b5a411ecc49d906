"""Kappa on resamples: the same numbers as by calling it on each."""

from functools import partial

import numpy as np
import pytest

from ra_bench.metrics import draw_patients, qwk, resample_qwk, resample_slowly

GENERATOR = np.random.default_rng(4)
REFERENCE = np.append(GENERATOR.integers(0, 80, 40), np.nan)
PREDICTED = REFERENCE + np.append(GENERATOR.integers(-14, 15, 40), 1)
EDGES = (1, 10, 25, 50)


def test_it_equals_kappa_on_every_resample_with_gaps_and_patients() -> None:
    resampling = draw_patients(GENERATOR.integers(0, 25, 41), resamples=200)
    fast = resample_qwk(resampling, REFERENCE, PREDICTED, EDGES)
    slow = resample_slowly(resampling, partial(qwk, edges=EDGES), REFERENCE, PREDICTED)
    assert fast.estimate == slow.estimate
    np.testing.assert_allclose(fast.replicates, slow.replicates, rtol=0, atol=1e-12)
    np.testing.assert_allclose(fast.jackknife, slow.jackknife, rtol=0, atol=1e-12)


def test_one_band_for_all_is_undefined() -> None:
    found = resample_qwk(draw_patients(range(3), resamples=3), [1, 2, 3], [1, 3, 2], [10])
    assert np.isnan([found.estimate, *found.replicates]).all()


def test_no_complete_pair_is_undefined() -> None:
    found = resample_qwk(draw_patients(range(2), resamples=3), [np.nan, 1], [1, np.nan], [10])
    assert np.isnan([found.estimate, *found.replicates, *found.jackknife]).all()


def test_films_of_another_draw_are_refused() -> None:
    with pytest.raises(ValueError, match="2 films given, but 3 were drawn from: give the same"):
        resample_qwk(draw_patients(range(3), resamples=3), [1, 2], [1, 2], [10])
