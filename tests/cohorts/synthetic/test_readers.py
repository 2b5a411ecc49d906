"""The two simulated readers reach the figures that the statistics page promises."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from ra_bench.cohorts.synthetic.readers import SITES, simulate_readings

if TYPE_CHECKING:
    from numpy.typing import NDArray

PATIENTS, SEEDS = 3818, 8


@pytest.fixture(scope="module")
def totals() -> NDArray[np.int64]:
    """Totals of both readers, shape (seeds, patients, 2)."""
    return np.stack([simulate_readings(PATIENTS, seed).totals for seed in range(SEEDS)])


def test_a_hand_has_sixteen_erosion_sites_and_then_fifteen_jsn_sites():
    assert [site.kind for site in SITES] == ["erosion"] * 16 + ["jsn"] * 15


def test_two_hands_add_up_to_280():
    assert 2 * sum(site.maximum for site in SITES) == 280


def test_weights_of_each_kind_have_mean_one():
    assert np.mean([site.weight for site in SITES[:16]]) == pytest.approx(1)
    assert np.mean([site.weight for site in SITES[16:]]) == pytest.approx(1)


def test_readers_have_the_promised_means(totals):
    assert totals.mean(axis=(0, 1)) == pytest.approx([39.8, 39.7], abs=0.5)


def test_readers_have_the_promised_spreads(totals):
    assert totals.std(axis=1, ddof=1).mean(axis=0) == pytest.approx([40.7, 38.4], abs=0.6)


def test_readers_disagree_by_the_promised_mae(totals):
    assert np.abs(totals[..., 0] - totals[..., 1]).mean() == pytest.approx(12.2, abs=0.25)


def test_readers_disagree_by_the_promised_rmse(totals):
    difference = (totals[..., 0] - totals[..., 1]).astype(float)
    assert np.sqrt((difference**2).mean()) == pytest.approx(18.7, abs=0.5)


def test_readers_correlate_as_promised(totals):
    rho = np.mean([np.corrcoef(pair.T)[0, 1] for pair in totals])
    assert rho == pytest.approx(0.890, abs=0.006)


def test_true_damage_stays_within_each_site_and_is_not_whole():
    damage = simulate_readings(200, 3).damage
    assert damage.shape == (200, 2, 31)
    assert (damage >= 0).all()
    assert (damage <= [site.maximum for site in SITES]).all()
    assert not np.array_equal(damage, np.round(damage))


def test_scores_are_whole_and_within_each_site():
    scores = simulate_readings(200, 3).scores
    assert scores.shape == (200, 2, 2, 31)
    assert scores.dtype == np.int64
    assert (scores >= 0).all()
    assert (scores <= [site.maximum for site in SITES]).all()


def test_same_seed_gives_the_same_readings():
    np.testing.assert_array_equal(simulate_readings(50, 9).scores, simulate_readings(50, 9).scores)


def test_another_seed_gives_other_readings():
    assert not np.array_equal(simulate_readings(50, 9).scores, simulate_readings(50, 10).scores)


def test_a_small_cohort_is_spread_like_a_large_one():
    means = [simulate_readings(60, seed).damage.sum(axis=(1, 2)).mean() for seed in range(20)]
    assert np.std(means) < 3.5


def test_no_patients_is_an_error_that_says_so():
    with pytest.raises(ValueError, match="at least 1 patient, found n = 0"):
        simulate_readings(0, 1)


def test_a_negative_seed_is_an_error_that_says_so():
    with pytest.raises(ValueError, match="found -1"):
        simulate_readings(3, -1)
