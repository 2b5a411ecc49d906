"""Change between visits: closed forms, published cases, and the same number another way."""

import math

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from ra_bench.metrics import (
    change_error,
    icc_table,
    own_change_error,
    progressors,
    sdc,
    sem,
    smallest_detectable_change,
    standardised_response_mean,
    wilson_interval,
)

FIRST, SECOND = [0.0, 4.0, 10.0, -1.0, 22.0], [1.0, 3.0, 14.0, 0.0, 17.0]


def test_the_sdc_of_two_readers_is_that_of_bruynesteyn_2005():
    sd = np.std(np.subtract(SECOND, FIRST), ddof=1)
    error = change_error([FIRST, SECOND])
    for readers in (1, 2):
        found = smallest_detectable_change(error, readers)
        assert found == pytest.approx(stats.norm.ppf(0.975) * sd / (math.sqrt(2) * math.sqrt(readers)))


def test_the_error_of_a_change_is_the_sem_of_the_change_scores():
    assert change_error([FIRST, SECOND]) == pytest.approx(sem(FIRST, SECOND))


def test_the_error_of_three_readers_is_the_residual_of_the_two_way_table():
    changes = np.random.default_rng(3).normal(2, 5, (40, 1)) + np.random.default_rng(4).normal(0, 2, (40, 3))
    residual = changes - changes.mean(axis=0) - changes.mean(axis=1, keepdims=True) + changes.mean()
    mean_square = (residual**2).sum() / (39 * 2)
    assert change_error(list(changes.T)) == pytest.approx(math.sqrt(mean_square))
    assert icc_table(changes).values["icc_c_1"] == pytest.approx(
        1 - mean_square / (changes.var(axis=0, ddof=1).mean()), rel=1e-9
    )


def test_independent_errors_at_both_visits_give_the_sdc_of_status_scores():
    rng = np.random.default_rng(0)
    readings = rng.normal(0, 3, (2, 2, 200_000))  # visit, reader, patient
    changes = readings[1] - readings[0]
    assert smallest_detectable_change(change_error(list(changes))) == pytest.approx(sdc(*readings[0]), rel=0.01)


def test_a_missing_change_drops_its_pair_only():
    assert change_error([[*FIRST, math.nan], [*SECOND, 100.0]]) == change_error([FIRST, SECOND])


def test_one_reader_has_no_known_error():
    assert math.isnan(change_error([FIRST]))
    assert math.isnan(change_error([[1.0], [2.0]]))


def test_a_bias_between_readers_is_no_error_of_change():
    assert change_error([FIRST, np.add(FIRST, 7)]) == 0


def test_the_own_error_of_a_reader_is_that_of_the_pair():
    error = change_error([FIRST, SECOND])
    assert own_change_error(FIRST, SECOND, error) == pytest.approx(error)


def test_the_own_error_of_a_model_is_found_behind_that_of_the_reference():
    rng = np.random.default_rng(1)
    true = rng.gamma(0.5, 8, 200_000)
    readers = true + rng.normal(0, 2, (2, true.size))
    model = true + rng.normal(1, 4, true.size)
    found = own_change_error(readers.mean(axis=0), model, change_error(list(readers)) / math.sqrt(2))
    assert found == pytest.approx(4, rel=0.01)


def test_a_difference_below_the_error_of_the_reference_leaves_no_own_error():
    assert own_change_error(FIRST, FIRST, 1.0) == 0


def test_a_single_patient_has_no_own_error():
    assert math.isnan(own_change_error([1.0], [2.0], 0.5))


def test_the_response_mean_is_the_paired_t_over_the_root_of_n():
    found = standardised_response_mean(FIRST)
    assert found == pytest.approx(stats.ttest_1samp(FIRST, 0).statistic / math.sqrt(len(FIRST)))


@pytest.mark.parametrize("changes", [[3.0], [2.0, 2.0]])
def test_a_response_mean_without_spread_is_undefined(changes):
    assert math.isnan(standardised_response_mean(changes))


def test_progressors_are_counted_into_four_cells():
    assert progressors([6, 5, 0, 9, 2], [6, 9, 7, 5, 1], above=5) == (1, 1, 2, 1)


def test_a_change_at_the_cut_off_is_no_progression():
    assert progressors([0.5, 1.0], [0.5, 1.0], above=0.5) == (1, 0, 0, 1)


@pytest.mark.parametrize(
    ("successes", "number", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_matches_newcombe_1998(successes, number, low, high):
    assert wilson_interval(successes, number) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(("successes", "number"), [(0, 7), (7, 7), (3, 11), (250, 251)])
@pytest.mark.parametrize("confidence", [0.9, 0.95])
def test_wilson_matches_statsmodels(successes, number, confidence):
    expected = proportion_confint(successes, number, alpha=1 - confidence, method="wilson")
    assert wilson_interval(successes, number, confidence) == pytest.approx(expected, abs=1e-12)


def test_a_share_of_nobody_has_no_interval():
    assert all(map(math.isnan, wilson_interval(0, 0)))


@pytest.mark.parametrize(("successes", "number"), [(-1, 3), (4, 3)])
def test_successes_beyond_the_number_are_refused(successes, number):
    with pytest.raises(ValueError, match="give a number from 0 to 3"):
        wilson_interval(successes, number)


def test_impossible_readings_and_errors_are_refused():
    with pytest.raises(ValueError, match="give 1 or more"):
        smallest_detectable_change(1.0, 0)
    with pytest.raises(ValueError, match="error is -1"):
        smallest_detectable_change(-1.0)
    with pytest.raises(ValueError, match="reference_error is -1"):
        own_change_error([1, 2], [1, 2], -1)
