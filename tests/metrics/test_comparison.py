"""Tests between models, against the papers they come from."""

import math

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from ra_bench.metrics import adjust_bh, adjust_holm, corrected_t, friedman, nemenyi_difference, williams_t

# Benjamini & Hochberg 1995, thrombolysis trial
THROMBOLYSIS = [
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0,
]  # fmt: skip

# Demsar 2006, table 6: AUC of four variants of C4.5 on fourteen data sets
DEMSAR = [
    [0.763, 0.768, 0.771, 0.798],
    [0.599, 0.591, 0.590, 0.569],
    [0.954, 0.971, 0.968, 0.967],
    [0.628, 0.661, 0.654, 0.657],
    [0.882, 0.888, 0.886, 0.898],
    [0.936, 0.931, 0.916, 0.931],
    [0.661, 0.668, 0.609, 0.685],
    [0.583, 0.583, 0.563, 0.625],
    [0.775, 0.838, 0.866, 0.875],
    [1.000, 1.000, 1.000, 1.000],
    [0.940, 0.962, 0.965, 0.962],
    [0.619, 0.666, 0.614, 0.669],
    [0.972, 0.981, 0.9751, 0.975],  # printed as 0.975 twice, but ranked before rounding
    [0.957, 0.978, 0.946, 0.970],
]


def test_bh_rejects_four_and_bonferroni_three_in_benjamini_and_hochberg_1995() -> None:
    assert (adjust_bh(THROMBOLYSIS) <= 0.05).sum() == 4
    assert (adjust_holm(THROMBOLYSIS) <= 0.05).sum() == 3


def test_bh_matches_scipy() -> None:
    np.testing.assert_allclose(adjust_bh(THROMBOLYSIS), stats.false_discovery_control(THROMBOLYSIS))


@pytest.mark.parametrize(("adjust", "method"), [(adjust_holm, "holm"), (adjust_bh, "fdr_bh")])
def test_adjusted_p_values_are_those_of_statsmodels_to_the_last_bit(adjust, method) -> None:
    p_values = np.random.default_rng(0).random(50).round(2) ** 3  # with ties
    assert adjust(p_values).tolist() == multipletests(p_values, method=method)[1].tolist()


def test_a_test_that_could_not_be_made_does_not_count_as_one() -> None:
    assert adjust_holm([0.01, math.nan, 0.03]) == pytest.approx([0.02, math.nan, 0.03], nan_ok=True)


def test_adjusting_no_p_values_gives_none() -> None:
    assert adjust_bh([math.nan]) == pytest.approx([math.nan], nan_ok=True)


def test_a_p_value_above_1_is_refused() -> None:
    with pytest.raises(ValueError, match="numbers between 0 and 1"):
        adjust_holm([0.5, 1.5])


def test_friedman_matches_demsar_2006() -> None:
    found = friedman(DEMSAR)

    assert found.mean_ranks == pytest.approx((3.143, 2.000, 2.893, 1.964), abs=0.0006)
    assert (found.chi_squared, found.iman_davenport) == pytest.approx((9.28, 3.69), abs=0.006)


@pytest.mark.parametrize(("alpha", "printed"), [(0.05, 1.25), (0.10, 1.12)])
def test_nemenyi_difference_matches_demsar_2006(alpha: float, printed: float) -> None:
    assert nemenyi_difference(4, 14, alpha) == pytest.approx(printed, abs=0.006)


def test_friedman_of_cohorts_that_all_agree_has_an_infinite_f() -> None:
    assert math.isinf(friedman([[3, 2, 1], [3, 2, 1]]).iman_davenport)


def test_nemenyi_needs_two_methods() -> None:
    with pytest.raises(ValueError, match="1 methods, 5 cohorts"):
        nemenyi_difference(1, 5)


def test_williams_t_matches_the_psych_manual() -> None:
    found = williams_t(103, 0.4, 0.5, 0.1)

    assert (found.t, found.p) == pytest.approx((-0.89, 0.37), abs=0.006)


def test_williams_t_of_one_model_twice_is_undefined() -> None:
    assert math.isnan(williams_t(50, 0.5, 0.5, 1.0).t)


def test_williams_t_needs_four_films() -> None:
    with pytest.raises(ValueError, match="give n of 4 or more"):
        williams_t(3, 0.5, 0.4, 0.1)


def test_corrected_t_is_smaller_than_the_plain_one_by_nadeau_and_bengio_2003() -> None:
    differences = [0.2, 0.1, 0.4, 0.3]
    plain = stats.ttest_1samp(differences, 0).statistic

    assert corrected_t(differences, 90, 10).t == pytest.approx(plain * math.sqrt(0.25 / (0.25 + 10 / 90)))


def test_corrected_t_of_equal_differences_is_undefined() -> None:
    assert math.isnan(corrected_t([0.1, 0.1, 0.1], 90, 10).p)


def test_corrected_t_needs_films_on_both_sides() -> None:
    with pytest.raises(ValueError, match="n_train is 0 and n_test 10"):
        corrected_t([0.1, 0.2], 0, 10)
