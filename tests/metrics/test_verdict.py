"""What may be said about a mean difference, and about the use of the scale."""

import math
from itertools import combinations

import numpy as np
import pytest

from ra_bench.metrics import (
    bias_from_sums,
    bias_interval,
    detectable_difference,
    detectable_differences,
    difference,
    draw_patients,
    equivalence_verdict,
    limits_of_agreement,
    paired_t,
    range_audit,
    resample_metric,
    resample_sums,
    tost,
    verdict_of,
)

NOISE = np.array([-2.0, 2.0, -1.0, 1.0, -3.0, 3.0, 0.5, -0.5])


def verdict(shift: float, spread: float = 1) -> tuple[str, str]:
    return equivalence_verdict(np.arange(8) * 10.0, np.arange(8) * 10.0 + shift + spread * NOISE)


def test_a_small_shift_that_is_detected_is_too_small_to_matter() -> None:
    assert verdict(2.5) == (
        "different but within",
        "a difference in means was detected, but it lies within ±5: too small to matter by the preset margin",
    )


def test_a_bias_within_the_margin_is_told_with_the_limits_for_single_patients() -> None:
    assert verdict(0.5) == (
        "within",
        (
            "mean bias within ±5 (90 % interval -0.9 to 1.9). This is about the average, not single patients: 95 % of "
            "differences lie between -3.5 and 4.5"
        ),
    )


def test_a_large_shift_is_told_by_its_size() -> None:
    assert verdict(9) == ("shifted", "predictions are shifted by 9.0 on average; equivalence not shown")


def test_too_few_films_are_inconclusive_and_not_agreement() -> None:
    assert verdict(1, spread=10) == (
        "inconclusive",
        "inconclusive: no difference detected, equivalence not shown. p > 0.05 is not evidence of agreement",
    )


def test_differences_that_do_not_vary_allow_no_verdict() -> None:
    assert verdict(2, spread=0) == ("undefined", "n/a: the differences do not vary, so nothing can be tested")


def test_range_audit_finds_predictions_off_the_scale_and_shrunk() -> None:
    found = range_audit([0, 100, 200, 280], [-1, 100, 180, 300], minimum=0, maximum=280)

    assert (found.below, found.above) == (0.25, 0.25)
    assert range_audit([0, 10, 20], [5, 10, 15], minimum=0, maximum=280).sd_ratio == pytest.approx(0.5)


def test_a_constant_reference_has_no_sd_ratio() -> None:
    assert math.isnan(range_audit([5, 5], [4, 6], minimum=0, maximum=280).sd_ratio)


def test_an_empty_scale_is_refused() -> None:
    with pytest.raises(ValueError, match="give a maximum above the minimum"):
        range_audit([1], [1], minimum=5, maximum=5)


def test_detectable_difference_is_2_8_standard_errors() -> None:
    (sums,) = resample_sums(draw_patients(np.arange(8)), np.zeros(8), [NOISE])
    expected = (1.959964 + 0.841621) * NOISE.std() / math.sqrt(8)

    assert detectable_difference(resample_metric(bias_from_sums, sums)) == pytest.approx(expected, rel=0.03)


def test_a_difference_that_does_not_vary_has_no_power() -> None:
    (sums,) = resample_sums(draw_patients(np.arange(8)), np.zeros(8), [np.zeros(8)])

    assert math.isnan(detectable_difference(resample_metric(bias_from_sums, sums)))


def test_detectable_differences_are_those_of_every_two_models_to_the_last_bit() -> None:
    predicted = [NOISE, NOISE[::-1], 2 * NOISE, NOISE]  # the first and the last differ by nothing
    sums = resample_sums(draw_patients(np.arange(8)), np.zeros(8), predicted)
    models = [resample_metric(bias_from_sums, own) for own in sums]
    pairs = [detectable_difference(difference(*pair)) for pair in combinations(models, 2)]

    found = detectable_differences([model.replicates for model in models])
    assert np.isnan(found).tolist() == [False, False, True, False, False, False]
    assert np.array_equal(found, pairs, equal_nan=True)


def test_draws_on_which_a_model_is_undefined_tell_nothing_of_differences() -> None:
    defined = [[7, 8, 9], [7, 7, 8]]

    assert detectable_differences([[7, 8, 9, math.nan], [7, 7, 8, 100]]) == detectable_differences(defined)
    assert np.isnan(detectable_differences([[7, math.nan], [math.nan, 8]])).all()


def test_power_in_percent_is_refused() -> None:
    (sums,) = resample_sums(draw_patients([1, 2]), [1, 2], [[1, 3]])
    with pytest.raises(ValueError, match="power is 80: give a share"):
        detectable_difference(resample_metric(bias_from_sums, sums), power=80)


def test_a_verdict_can_be_drawn_from_tests_made_elsewhere() -> None:
    reference, predicted = np.arange(8) * 10.0, np.arange(8) * 10.0 + 2.5 + NOISE
    found = verdict_of(
        p_difference=paired_t(reference, predicted).p,
        p_equivalence=tost(reference, predicted, 5).p,
        margin=5,
        interval_90=bias_interval(reference, predicted, 0.90),
        limits=limits_of_agreement(reference, predicted),
    )
    assert found == equivalence_verdict(reference, predicted)
