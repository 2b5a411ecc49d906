"""Errors in SvH units."""

import math

import pytest

from ra_bench.metrics import balanced_mae, bias, complete_pairs, mae, max_ae, median_ae, rmse, rmse_identity, within


def test_bias_is_positive_when_the_model_scores_too_high() -> None:
    assert bias([10, 20], [12, 26]) == 4


def test_rmse_counts_large_errors_more_than_mae() -> None:
    assert mae([0, 0], [0, 10]) == 5
    assert rmse([0, 0], [0, 10]) == pytest.approx(math.sqrt(50))


def test_median_and_largest_error_look_at_one_film_each() -> None:
    assert (median_ae([0, 0, 0], [1, -2, 90]), max_ae([0, 0, 0], [1, -2, 90])) == (2, 90)


def test_an_error_of_exactly_the_units_counts_as_within() -> None:
    assert within([0, 0], [5, 5.001], units=5) == 0.5


def test_a_negative_span_is_refused() -> None:
    with pytest.raises(ValueError, match="units is -1: give 0 or more"):
        within([0], [0], units=-1)


def test_balanced_mae_weighs_a_stratum_of_one_film_like_one_of_three() -> None:
    assert balanced_mae([0, 0, 0, 100], [1, 1, 1, 111], edges=[50]) == 6


def test_balanced_mae_skips_strata_without_films() -> None:
    assert balanced_mae([0, 100], [1, 103], edges=[10, 20, 50]) == 2


def test_edges_that_do_not_rise_are_refused() -> None:
    with pytest.raises(ValueError, match="give them rising"):
        balanced_mae([0], [0], edges=[5, 5])


def test_printed_readers_of_wang_2022_table_2_would_need_an_rmse_of_9_98() -> None:
    assert rmse_identity(0.09, 40.90, 38.78, 0.97) == pytest.approx(9.98, abs=0.005)


def test_an_impossible_correlation_is_refused() -> None:
    with pytest.raises(ValueError, match="rho -1 to 1"):
        rmse_identity(0, 1, 1, 1.5)


def test_arrays_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match="reference has 2 values and predicted 3: give one prediction a reference"):
        mae([1, 2], [1, 2, 3])


def test_a_missing_prediction_is_refused_and_not_skipped() -> None:
    with pytest.raises(ValueError, match="predicted holds 1 missing or infinite values: drop them"):
        mae([1, 2], [1, math.nan])


def test_no_films_at_all_are_refused() -> None:
    with pytest.raises(ValueError, match="reference is empty"):
        mae([], [])


def test_a_table_where_a_column_is_meant_is_refused() -> None:
    with pytest.raises(ValueError, match="reference has 2 dimensions"):
        mae([[1, 2]], [1, 2])


def test_complete_pairs_keeps_the_rows_where_both_are_present() -> None:
    y, p = complete_pairs([1, math.nan, 3, 4], [10, 20, math.nan, 40])

    assert (y.tolist(), p.tolist()) == ([1, 4], [10, 40])


def test_complete_pairs_refuses_different_lengths() -> None:
    with pytest.raises(ValueError, match="give one prediction a reference"):
        complete_pairs([1], [1, 2])
