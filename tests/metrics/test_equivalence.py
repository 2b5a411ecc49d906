"""Differences in means, equivalence and interchangeability; Student, scipy and statsmodels are the oracles."""

import math

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.weightstats import ttost_paired

from ra_bench.metrics import (
    bias_interval,
    equivalence_margin,
    iei,
    paired_t,
    reader_benchmark,
    rmse,
    tost,
    tost_from_summary,
)

# Student 1908: hours of sleep gained with two drugs
DRUG_1 = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
DRUG_2 = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]


def test_paired_t_matches_student_1908() -> None:
    result = paired_t(DRUG_2, DRUG_1)

    assert (result.t, result.df) == pytest.approx((-4.0621, 9), abs=5e-5)
    assert result.p == pytest.approx(0.002833, abs=5e-7)


def test_bias_interval_matches_the_r_manual_for_student_1908() -> None:
    assert bias_interval(DRUG_2, DRUG_1) == pytest.approx((-2.4598858, -0.7001142), abs=5e-8)


def test_tost_matches_statsmodels() -> None:
    p, lower, upper = ttost_paired(np.array(DRUG_1), np.array(DRUG_2), -2, 2)
    found = tost(DRUG_2, DRUG_1, margin=2)

    assert (found.p, found.t_lower, found.t_upper) == pytest.approx((p, lower[0], upper[0]))


def test_tost_passes_exactly_at_the_margin_that_was_reached() -> None:
    assert tost(DRUG_2, DRUG_1, margin=equivalence_margin(DRUG_2, DRUG_1)).p == pytest.approx(0.05)


def test_tost_from_summary_matches_the_toster_manual() -> None:
    sd = math.sqrt(1.17**2 + 1.29**2 - 2 * 0.75 * 1.17 * 1.29)
    found = tost_from_summary(5.83 - 5.75, sd, 65, margin=0.4 * sd)

    assert (found.t_lower, found.t_upper, found.p) == pytest.approx((3.96, -2.49, 0.0077), abs=0.005)


def test_a_model_that_always_answers_the_mean_is_not_refuted_by_the_t_test() -> None:
    reference = np.array([0, 4, 12, 33, 80, 169])

    assert paired_t(reference, np.full(6, reference.mean())).p == pytest.approx(1)


def test_equal_differences_have_no_t_and_no_p() -> None:
    assert np.isnan(paired_t([1, 2, 4], [2, 3, 5])[::2]).all()


def test_paired_t_matches_scipy() -> None:
    found, expected = paired_t(DRUG_2, DRUG_1), stats.ttest_rel(DRUG_1, DRUG_2)

    assert found[::2] == pytest.approx((expected.statistic, expected.pvalue))


def test_equal_differences_have_no_tost_p_and_no_margin() -> None:
    assert math.isnan(tost([1, 2], [1, 2], margin=5).p)
    assert math.isnan(equivalence_margin([1, 2], [1, 2]))


def test_one_film_has_no_t_test_and_no_interval() -> None:
    assert math.isnan(paired_t([1], [2]).p)
    assert all(math.isnan(end) for end in bias_interval([1], [2]))


def test_a_margin_of_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="margin is 0: give a number of SvH units above 0"):
        tost([1, 2], [1, 3], margin=0)


def test_iei_of_two_readers_is_the_error_to_their_mean_less_the_benchmark() -> None:
    generator = np.random.default_rng(1)
    readings, predicted = generator.normal(40, 20, (30, 2)), generator.normal(40, 20, 30)
    expected = rmse(readings.mean(axis=1), predicted) ** 2 - reader_benchmark(*readings.T) ** 2

    assert iei(readings, predicted).iei == pytest.approx(expected)


def test_iei_of_three_readers_by_hand() -> None:
    found = iei([[0, 3, 6]], [3])

    assert (found.model_readers, found.reader_reader, found.iei) == ((9, 0, 9), 18, -12)


def test_readings_and_predictions_of_different_films_are_refused() -> None:
    with pytest.raises(ValueError, match="readings has 2 films and predicted 1"):
        iei([[1, 2], [3, 4]], [1])
