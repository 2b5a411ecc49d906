"""Intraclass correlations, against Shrout and Fleiss 1979."""

import math

import numpy as np
import pytest

from ra_bench.metrics import icc_table, mean_squares, noise_ceiling, variance_components
from ra_bench.metrics.icc import NAMES

JUDGES = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]


@pytest.mark.parametrize(
    ("name", "printed"),
    [("icc_1_1", 0.17), ("icc_a_1", 0.29), ("icc_c_1", 0.71), ("icc_1_k", 0.44), ("icc_a_k", 0.62), ("icc_c_k", 0.91)],
)
def test_icc_matches_shrout_and_fleiss_1979(name: str, printed: float) -> None:
    assert icc_table(JUDGES).values[name] == pytest.approx(printed, abs=0.005)


def test_mean_squares_match_shrout_and_fleiss_1979() -> None:
    ms = mean_squares(JUDGES)

    assert (ms.between_films, ms.within_films, ms.between_raters, ms.residual) == pytest.approx(
        (11.24, 6.26, 32.49, 1.02), abs=0.005
    )


def test_interval_of_icc_a_1_matches_the_psych_manual_for_shrout_and_fleiss() -> None:
    assert icc_table(JUDGES).intervals["icc_a_1"] == pytest.approx((0.019, 0.76), abs=0.005)


def test_disagreement_gives_a_negative_icc_that_is_not_clipped() -> None:
    assert icc_table([[1, 9], [5, 5], [9, 1]]).values["icc_a_1"] < 0


def test_perfect_agreement_is_1_without_an_interval() -> None:
    table = icc_table([[1, 1], [5, 5], [9, 9]])

    assert set(table.values.values()) == {1.0}
    assert np.isnan(list(table.intervals.values())).all()


def test_films_that_do_not_differ_give_no_interval_rather_than_a_point() -> None:
    assert np.isnan(icc_table([[3, 4], [3, 4]]).intervals["icc_1_1"]).all()


def test_one_film_has_no_icc() -> None:
    table = icc_table([[1, 2]])

    assert np.isnan([table.values[name] for name in NAMES]).all()


def test_ratings_that_are_all_one_number_have_no_icc() -> None:
    assert np.isnan(list(icc_table([[3, 3], [3, 3]]).values.values())).all()


def test_noise_ceiling_is_the_root_of_icc_a_k() -> None:
    assert noise_ceiling(JUDGES) == pytest.approx(math.sqrt(0.62), abs=0.005)


def test_readers_who_disagree_have_no_noise_ceiling() -> None:
    assert math.isnan(noise_ceiling([[1, 9], [5, 5], [9, 1]]))


def test_a_single_rater_is_refused() -> None:
    with pytest.raises(ValueError, match="two raters or more"):
        icc_table([[1], [2]])


def test_a_missing_rating_is_refused_with_the_way_out() -> None:
    with pytest.raises(ValueError, match=r"use krippendorff_alpha\(\)"):
        icc_table([[1.0, 2.0], [math.nan, 3.0]])


def test_variance_components_add_up_to_icc_a_1() -> None:
    found = variance_components(JUDGES)

    assert found.films / sum(found) == pytest.approx(icc_table(JUDGES).values["icc_a_1"])
