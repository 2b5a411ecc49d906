"""Concordance, limits of agreement and repeatability, against Bland and Altman and Lin."""

import math

import numpy as np
import pytest

from ra_bench.metrics import (
    ccc,
    ccc_interval,
    ccc_shifts,
    ccc_unbiased,
    limits_of_agreement,
    pearson,
    repeatability,
    sdc,
    sem,
)

# Bland & Altman, Lancet 1986, table 1: peak expiratory flow, two readings by each meter
WRIGHT = [
    [494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427],
    [490, 397, 512, 401, 470, 611, 415, 431, 638, 429, 420, 633, 275, 492, 165, 372, 421],
]
MINI = [
    [512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451],
    [525, 415, 508, 444, 500, 625, 460, 390, 642, 432, 420, 605, 227, 467, 268, 370, 443],
]


def test_limits_match_bland_and_altman_1986_but_for_their_rounding_of_1_96_to_2() -> None:
    limits = limits_of_agreement(MINI[0], WRIGHT[0])
    sd = (limits.high - limits.low) / 2 / 1.959963984540054

    assert (limits.bias, sd) == pytest.approx((-2.1, 38.8), abs=0.05)


def test_intervals_of_limits_match_bland_and_altman_1986() -> None:
    limits = limits_of_agreement(MINI[0], WRIGHT[0])
    half = (limits.high_interval[1] - limits.high_interval[0]) / 2

    assert half == pytest.approx((110.1 - 40.9) / 2, abs=0.2)


def test_repeatability_matches_bland_and_altman_1986() -> None:
    coefficients = [repeatability(np.transpose(meter)).coefficient / 1.96 * 2 for meter in (WRIGHT, MINI)]

    assert coefficients == pytest.approx([43.2, 56.4], abs=0.15)


def test_within_film_sd_matches_bland_and_altman_1999() -> None:
    spreads = [repeatability(np.transpose(meter)).within_film_sd for meter in (WRIGHT, MINI)]

    assert spreads == pytest.approx([15.3, 19.9], abs=0.05)


def test_ccc_is_correlation_times_bias_correction() -> None:
    shifts = ccc_shifts(MINI[0], WRIGHT[0])

    assert pearson(MINI[0], WRIGHT[0]) * shifts.bias_correction == pytest.approx(ccc(MINI[0], WRIGHT[0]))


def test_bias_correction_follows_lin_1989_from_scale_and_location() -> None:
    found = ccc_shifts([1, 2, 3, 4, 6], [3, 4, 7, 8, 11])

    assert found.bias_correction == pytest.approx(2 / (found.scale + 1 / found.scale + found.location**2))


def test_ccc_by_hand() -> None:
    assert ccc([1, 2, 3], [2, 3, 4]) == pytest.approx(4 / 7)


def test_unbiased_ccc_by_hand() -> None:
    assert ccc_unbiased([1, 2, 3], [2, 3, 4]) == pytest.approx(2 / 3)


def test_a_constant_prediction_has_no_concordance() -> None:
    assert ccc([1, 2, 3], [2, 2, 2]) == 0


def test_one_and_the_same_constant_has_an_undefined_concordance() -> None:
    assert math.isnan(ccc([2, 2], [2, 2]))


def test_two_different_constants_have_no_concordance() -> None:
    assert ccc([2, 2], [3, 3]) == 0


def test_unbiased_ccc_of_one_film_is_undefined() -> None:
    assert math.isnan(ccc_unbiased([2], [3]))


def test_shifts_of_a_constant_are_undefined() -> None:
    assert all(math.isnan(value) for value in ccc_shifts([1, 2], [3, 3]))


def test_lins_interval_of_perfect_agreement_is_undefined() -> None:
    assert all(math.isnan(value) for value in ccc_interval([1, 2, 3], [1, 2, 3]))


def test_limits_of_one_film_are_undefined_but_its_bias_is_known() -> None:
    limits = limits_of_agreement([10], [12])

    assert (limits.bias, math.isnan(limits.low), math.isnan(limits.high_interval[0])) == (2, True, True)


def test_a_constant_shift_has_no_measurement_error_even_after_rounding() -> None:
    assert sem([0.1, 0.2, 0.7], [0.4, 0.5, 1.0]) == 0


def test_averaging_two_readings_divides_sdc_by_sqrt_2() -> None:
    assert sdc([10, 20, 30], [11, 19, 33], readings=2) == pytest.approx(sdc([10, 20, 30], [11, 19, 33]) / math.sqrt(2))


def test_less_than_one_reading_is_refused() -> None:
    with pytest.raises(ValueError, match="readings is 0: give 1 or more"):
        sdc([1, 2], [1, 2], readings=0)
