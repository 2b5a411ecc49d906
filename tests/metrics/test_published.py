"""Printed figures that cannot all be true; Wang et al. 2022 is the example."""

import math

import numpy as np
import pytest

from ra_bench.metrics import (
    PrintedRow,
    failed_checks,
    grim,
    implied_p,
    implied_predicted_sd,
    implied_rho,
    implied_rmse,
    max_bias,
    needed_predicted_sd,
    paired_t,
    rmse,
    rmse_floor,
    rounding_box,
)

SHIFT, SD_1, SD_2 = (0.08, 0.10), (40.895, 40.905), (38.775, 38.785)


def test_a_printed_number_stands_for_half_a_unit_of_its_last_digit() -> None:
    assert rounding_box("40.90") == (40.895, 40.905)


@pytest.mark.parametrize("text", ["about 12", "nan", ""])
def test_what_is_no_printed_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a printed number"):
        rounding_box(text)


def test_table_2_of_wang_2022_forces_a_correlation_of_0_89() -> None:
    assert implied_rho(SHIFT, SD_1, SD_2, (18.745, 18.755)) == pytest.approx((0.8905, 0.8907), abs=5e-5)


def test_the_correlation_of_table_2_of_wang_2022_forces_an_rmse_below_its_mae() -> None:
    assert implied_rmse(SHIFT, SD_1, SD_2, (0.965, 0.975))[1] < 12.24


def test_least_rmse_of_a_wide_box_is_found_inside_it_and_not_at_a_corner() -> None:
    assert implied_rmse((-1, 2), (9, 11), (4, 12), (0.5, 0.5))[0] == pytest.approx(9 * math.sqrt(0.75))


def test_implied_figures_hold_for_real_pairs() -> None:
    generator = np.random.default_rng(2)
    y, p = generator.normal(40, 20, (2, 50))
    shift, error = float((p - y).mean()), rmse(y, p)
    box = implied_rho((shift, shift), (y.std(), y.std()), (p.std(), p.std()), (error, error))

    assert box == pytest.approx(2 * [np.corrcoef(y, p)[0, 1]])
    assert implied_p(shift, error, 50) == pytest.approx(paired_t(y, p).p)
    assert min(abs(sd - p.std()) for sd in implied_predicted_sd(shift, y.std(), box[0], error)) < 1e-6


def test_p_above_0_05_allows_a_bias_of_2_9_units_in_table_2_of_wang_2022() -> None:
    assert max_bias(18.75, 158) == pytest.approx(2.92, abs=0.005)


def test_largest_bias_has_exactly_the_p_it_was_asked_for() -> None:
    assert implied_p(max_bias(20, 30, 0.1), 20, 30) == pytest.approx(0.1)


def test_p_of_an_rmse_below_the_bias_is_undefined() -> None:
    assert math.isnan(implied_p(5, 4, 30))


def test_one_pair_is_too_few() -> None:
    with pytest.raises(ValueError, match="n is 1: give 2 pairs or more"):
        max_bias(10, 1)


def test_alpha_in_percent_is_refused() -> None:
    with pytest.raises(ValueError, match="alpha is 5: give a share"):
        max_bias(10, 30, alpha=5)


def test_weaker_correlation_leaves_more_error() -> None:
    assert rmse_floor(40, (0.6, 0.8)) == pytest.approx((24, 32))


def test_an_rmse_below_its_floor_has_no_predictions() -> None:
    assert all(math.isnan(sd) for sd in implied_predicted_sd(0, 40, 0.6, 31))


def test_grim_finds_the_impossible_mean_of_brown_and_heathers_2017() -> None:
    assert grim("5.19", 28) == (False, True)


def test_grim_says_nothing_about_many_films() -> None:
    assert grim("39.76", 158) == (True, False)


def test_grim_allows_half_points_for_two_readers() -> None:
    assert (grim("12.26", 25, 2).consistent, grim("12.27", 25, 2).consistent) == (True, False)


def test_grim_needs_a_film() -> None:
    with pytest.raises(ValueError, match="n is 0 and granularity 1"):
        grim("1.0", 0)


def test_a_row_that_prints_little_fails_nothing() -> None:
    assert failed_checks(PrintedRow(rho="0.95", mae="18.85", rmse="28.95", p=">0.05")) == ()


def test_a_true_row_passes_every_check() -> None:
    row = PrintedRow(
        rho="0.97", mae="7.12", rmse="9.98", p=">0.05", mean_reference="39.76", mean_predicted="39.85",
        sd_reference="40.90", sd_predicted="38.78", n=158, minimum=0, maximum=280, granularity=2,
    )  # fmt: skip

    assert failed_checks(row) == ()


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (
            PrintedRow(
                rho="0.97", rmse="18.75", mean_reference="39.76", mean_predicted="39.85", sd_reference="40.90",
                sd_predicted="38.78", n=158,
            ),
            "rho is printed as 0.97, but means, SDs and RMSE force 0.890 to 0.891",
        ),
        (PrintedRow(mae="12.24", rmse="10.00"), "MAE is printed as 12.24, above the RMSE of 10.00"),
        (PrintedRow(mae="1.0", rmse="9.0", n=9), "RMSE is printed as 9.0, above sqrt(n) times the MAE of 1.0"),
        (
            PrintedRow(mae="1.0", rmse="20.0", minimum=0, maximum=280),
            "RMSE is printed as 20.0, above the 17.15 that the scale and the MAE of 1.0 allow",
        ),
        (
            PrintedRow(mae="2.0", mean_reference="40.0", mean_predicted="45.0"),
            "the means differ by 4.90 or more, above the MAE of 2.0",
        ),
        (
            PrintedRow(rmse="18.0", mean_reference="40.0", mean_predicted="45.0", n=158, p=">0.05"),
            "the means differ by 4.90 or more, but p >0.05 allows 2.81 at most",
        ),
        (
            PrintedRow(rho="0.60", rmse="20.0", sd_reference="40.0"),
            "RMSE is printed as 20.0, but SD and rho leave an error of 31.81 or more",
        ),
        (
            PrintedRow(mean_reference="10.0", sd_reference="60.0", minimum=0, maximum=280),
            "the reference SD is 59.95 or more, but its mean and the scale allow 52.09 at most",
        ),
        (
            PrintedRow(mean_predicted="5.19", n=28, granularity=1),
            "no whole scores of 28 films have the predicted mean 5.19",
        ),
    ],
    ids=["identity", "mae", "sqrt-n", "scale", "bias", "p", "floor", "spread", "grim"],
)  # fmt: skip
def test_an_impossible_row_is_told_what_is_impossible(row: PrintedRow, sentence: str) -> None:
    assert failed_checks(row) == (sentence,)


def test_a_row_of_one_film_is_refused() -> None:
    with pytest.raises(ValueError, match="n is 1: give 2 pairs or more"):
        failed_checks(PrintedRow(n=1))


def test_the_strain_on_tables_3_to_5_of_wang_2022_is_10_to_18_or_56_to_64() -> None:
    rows = [("0.93", "29.85"), ("0.95", "28.95"), ("0.96", "22.89"), ("0.97", "22.01")]
    found = []
    for rho, error in rows:
        bound = max_bias(float(error), 158)
        found.append(needed_predicted_sd((-bound, bound), (38.7, 38.7), rounding_box(rho), rounding_box(error)))
    small, large = ([box[root] for box in found if box is not None] for root in (0, 1))
    assert (round(min(box[0] for box in small)), round(max(box[1] for box in small))) == (10, 18)
    assert (round(min(box[0] for box in large)), round(max(box[1] for box in large))) == (56, 64)


@pytest.mark.parametrize(
    ("shift", "sd", "rho", "error"),
    [
        ((-3.0, 2.0), (35.0, 45.0), (0.80, 0.99), (15.0, 30.0)),
        ((-1.0, 1.0), (10.0, 60.0), (0.0, 1.0), (5.0, 9.0)),
        ((0.0, 0.0), (38.0, 39.0), (0.90, 0.91), (16.0, 16.8)),  # partly below the floor
    ],
)
def test_needed_sds_hold_all_that_random_points_of_the_boxes_give(shift, sd, rho, error) -> None:
    generator = np.random.default_rng(0)
    d, s, r, e = (generator.uniform(low, high, 200_000) for low, high in (shift, sd, rho, error))
    square = e**2 - d**2 - s**2 * (1 - r**2)
    s, r, root = s[square >= 0], r[square >= 0], np.sqrt(square[square >= 0])
    found = needed_predicted_sd(shift, sd, rho, error)
    assert found is not None
    for (low, high), values in zip(found, (r * s - root, r * s + root), strict=True):
        assert low <= values.min() <= low + 2
        assert high - 2 <= values.max() <= high


def test_an_rmse_below_its_floor_needs_an_sd_that_does_not_exist() -> None:
    assert needed_predicted_sd((0.0, 0.0), (40.0, 40.0), (0.5, 0.5), (10.0, 10.0)) is None


def test_needed_sds_ask_for_a_correlation_that_is_not_negative() -> None:
    with pytest.raises(ValueError, match="give a box within 0 to 1"):
        needed_predicted_sd((0.0, 0.0), (40.0, 40.0), (-0.5, -0.4), (10.0, 10.0))


def test_a_significant_p_needs_a_difference_of_the_means() -> None:
    row = PrintedRow(rmse="18.75", p="<0.05", mean_reference="39.76", mean_predicted="39.85", n=158)
    assert failed_checks(row) == ("the means differ by 0.10 or less, but p <0.05 needs 2.92 or more",)


@pytest.mark.parametrize("p", [">1", ">0", "0.31", "=0.31"])
def test_a_p_that_bounds_nothing_fails_no_check(p: str) -> None:
    row = PrintedRow(rmse="18.75", p=p, mean_reference="39.76", mean_predicted="39.85", n=158)
    assert failed_checks(row) == ()
