"""Correlations and least-squares lines, against published numbers and scipy."""

import math

import numpy as np
import pytest
from scipy import stats

from ra_bench.metrics import (
    calibration,
    kendall_tau_b,
    pearson,
    pearson_interval,
    pearson_p,
    proportional_bias,
    r_squared,
    spearman,
)

ANSCOMBE_X = [10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5]
ANSCOMBE_Y = [8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68]


@pytest.fixture
def skewed() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(4)
    reference = generator.gamma(1.2, 33, 60).round()
    return reference, (reference + generator.normal(0, 12, 60)).round()


def test_pearson_matches_anscombe_1973() -> None:
    assert pearson(ANSCOMBE_X, ANSCOMBE_Y) == pytest.approx(0.816, abs=0.0005)


def test_calibration_line_matches_anscombe_1973() -> None:
    line = calibration(ANSCOMBE_Y, ANSCOMBE_X)

    assert (line.intercept, line.slope) == pytest.approx((3.00, 0.500), abs=0.005)


def test_pearson_and_its_p_match_scipy(skewed: tuple[np.ndarray, np.ndarray]) -> None:
    found = stats.pearsonr(*skewed)

    assert (pearson(*skewed), pearson_p(*skewed)) == pytest.approx((found.statistic, found.pvalue), rel=1e-9)


def test_pearson_interval_matches_scipy(skewed: tuple[np.ndarray, np.ndarray]) -> None:
    assert pearson_interval(*skewed) == pytest.approx(tuple(stats.pearsonr(*skewed).confidence_interval(0.95)))


def test_spearman_matches_scipy_with_ties(skewed: tuple[np.ndarray, np.ndarray]) -> None:
    assert spearman(*skewed) == pytest.approx(stats.spearmanr(*skewed).statistic)


def test_kendall_tau_b_matches_scipy_with_ties(skewed: tuple[np.ndarray, np.ndarray]) -> None:
    assert kendall_tau_b(*skewed) == pytest.approx(stats.kendalltau(*skewed).statistic)


def test_p_of_the_slope_matches_scipy(skewed: tuple[np.ndarray, np.ndarray]) -> None:
    reference, predicted = skewed
    expected = stats.linregress((reference + predicted) / 2, predicted - reference)

    assert proportional_bias(reference, predicted)[::2] == pytest.approx((expected.slope, expected.pvalue))


def test_a_constant_prediction_has_no_correlation() -> None:
    found = [metric([1, 2, 3], [2, 2, 2]) for metric in (pearson, spearman, kendall_tau_b, pearson_p)]

    assert all(math.isnan(value) for value in found)


def test_a_constant_but_for_rounding_has_no_correlation() -> None:
    assert math.isnan(pearson([1, 2, 3], [0.3, 0.1 + 0.2, 0.3]))


def test_a_constant_prediction_has_no_calibration() -> None:
    assert all(math.isnan(value) for value in calibration([1, 2, 3], [2, 2, 2]))


def test_three_films_give_no_fisher_interval() -> None:
    assert all(math.isnan(end) for end in pearson_interval([1, 2, 3], [1, 3, 2]))


def test_a_perfect_correlation_gives_no_fisher_interval() -> None:
    assert all(math.isnan(end) for end in pearson_interval([1, 2, 3, 4], [1, 2, 3, 4]))


def test_two_films_give_no_p_of_the_correlation() -> None:
    assert math.isnan(pearson_p([1, 2], [1, 3]))


def test_a_perfect_correlation_has_p_of_zero() -> None:
    assert pearson_p([1, 2, 3, 4], [1, 2, 3, 4]) == 0


def test_a_line_without_residuals_has_no_p() -> None:
    assert math.isnan(calibration([2, 4, 6, 8], [1, 2, 3, 4]).p)


def test_two_films_give_no_proportional_bias() -> None:
    assert math.isnan(proportional_bias([1, 2], [1, 3]).slope)


def test_r_squared_of_the_mean_is_zero_and_of_a_worse_model_negative() -> None:
    assert (r_squared([0, 10], [5, 5]), r_squared([0, 10], [10, 0])) == (0, -3)


def test_a_constant_reference_has_no_r_squared() -> None:
    assert math.isnan(r_squared([5, 5], [4, 6]))


def test_a_confidence_in_percent_is_refused() -> None:
    with pytest.raises(ValueError, match=r"confidence is 95: give a share between 0 and 1, such as 0\.95"):
        pearson_interval([1, 2, 3, 4], [1, 2, 4, 3], confidence=95)
