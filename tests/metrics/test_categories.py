"""Kappa and alpha; statsmodels and Krippendorff 2011 are the oracles."""

import math

import numpy as np
import pytest
from statsmodels.stats.inter_rater import cohens_kappa

from ra_bench.metrics import Level, Weights, band_table, krippendorff_alpha, qwk, weighted_kappa

TABLE = [[11, 3, 1], [4, 9, 2], [0, 5, 12]]
# Krippendorff 2011, example C: four observers, twelve units
OBSERVERS = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
    [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
]


@pytest.mark.parametrize(("weights", "name"), [("none", None), ("linear", "linear"), ("quadratic", "quadratic")])
def test_kappa_matches_statsmodels(weights: Weights, name: str | None) -> None:
    expected = cohens_kappa(np.array(TABLE), wt=name, return_results=False)

    assert weighted_kappa(TABLE, weights) == pytest.approx(expected)


def test_kappa_of_perfect_agreement_is_1() -> None:
    assert weighted_kappa([[5, 0], [0, 3]]) == 1


def test_kappa_is_undefined_where_all_films_lie_in_one_band() -> None:
    assert math.isnan(qwk([200, 300], [250, 220], edges=[1, 10]))


def test_empty_bands_keep_their_place_in_kappa() -> None:
    reference, predicted = [0, 0, 60, 60], [0, 60, 60, 60]

    assert band_table(reference, predicted, edges=[1, 10, 50]).shape == (4, 4)


def test_a_score_on_an_edge_belongs_to_the_band_above() -> None:
    assert band_table([10], [9.999], edges=[10]).tolist() == [[0, 0], [1, 0]]


def test_edges_of_bands_must_rise() -> None:
    with pytest.raises(ValueError, match="give them rising"):
        qwk([1], [1], edges=[10, 5])


def test_a_table_that_is_not_square_is_refused() -> None:
    with pytest.raises(ValueError, match="give a square table of counts"):
        weighted_kappa([[1, 2, 3], [4, 5, 6]])


def test_unknown_weights_are_refused() -> None:
    with pytest.raises(ValueError, match=r"No weights named 'cubic'\. Choose from: none, linear, quadratic"):
        weighted_kappa(TABLE, "cubic")  # type: ignore[arg-type]  # that is the point


@pytest.mark.parametrize(
    ("level", "printed"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849), ("ratio", 0.797)]
)
def test_alpha_matches_krippendorff_2011(level: Level, printed: float) -> None:
    ratings = np.array(OBSERVERS, dtype=float)

    assert krippendorff_alpha(ratings, level) == pytest.approx(printed, abs=0.0006)


def test_alpha_of_scores_that_are_all_equal_is_undefined() -> None:
    assert math.isnan(krippendorff_alpha([[3, 3], [3, 3]]))


def test_alpha_without_a_film_scored_twice_is_undefined() -> None:
    assert math.isnan(krippendorff_alpha([[3.0, math.nan], [math.nan, 2.0]]))


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(ValueError, match=r"No level named 'cardinal'\. Choose from: nominal, ordinal"):
        krippendorff_alpha([[1], [2]], "cardinal")  # type: ignore[arg-type]  # that is the point


def test_alpha_of_a_single_column_is_refused() -> None:
    with pytest.raises(ValueError, match="give a row a rater"):
        krippendorff_alpha([1, 2, 3])
