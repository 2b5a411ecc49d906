"""Ranks, shared where the data do not separate models."""

import math

import numpy as np
import pytest

from ra_bench.metrics import rank_models, rank_stability


def test_models_apart_in_every_resample_get_ranks_of_their_own() -> None:
    ranking = rank_models([7, 3, 5], [[7, 8], [3, 4], [5, 6]])

    assert ranking.rank.tolist() == [3, 1, 2]
    assert ranking.p_best.tolist() == [0, 1, 0]


def test_models_that_swap_places_share_the_rank_of_the_better_one() -> None:
    ranking = rank_models([1.0, 1.1, 9.0], [[1, 2, 1, 2], [2, 1, 2, 1], [9, 9, 9, 9]])

    assert ranking.rank.tolist() == [1, 1, 3]
    assert (ranking.low.tolist(), ranking.high.tolist()) == ([1, 1, 3], [2, 2, 3])


def test_groups_are_formed_against_their_best_and_not_along_a_chain() -> None:
    generator = np.random.default_rng(0)
    steps = generator.normal(0, 1, (3, 2000))
    ranking = rank_models([0, 1.5, 3.0], steps + np.array([[0.0], [1.5], [3.0]]))

    assert ranking.rank.tolist() == [1, 1, 3]


def test_pairing_separates_models_whose_own_intervals_overlap() -> None:
    hardness = np.random.default_rng(0).normal(20, 5, 500)

    assert rank_models([20, 21], [hardness, hardness + 1]).rank.tolist() == [1, 2]


def test_identical_models_share_everything() -> None:
    ranking = rank_models([5, 5], [[4.0, 5.0, 6.0], [4.0, 5.0, 6.0]])

    assert ranking.rank.tolist() == [1, 1]
    assert ranking.p_best.tolist() == [0.5, 0.5]
    assert (ranking.low.tolist(), ranking.high.tolist()) == ([1, 1], [2, 2])


def test_equal_estimates_are_ordered_by_the_tie_break() -> None:
    replicates = [[4.0, 6.0], [5.0, 5.0], [5.5, 5.5]]  # the third is apart from the second only

    assert rank_models([5, 5, 5.5], replicates).rank.tolist() == [1, 1, 1]
    assert rank_models([5, 5, 5.5], replicates, tie_break=[3, 2, 4]).rank.tolist() == [1, 1, 3]


def test_a_model_without_an_estimate_has_no_rank() -> None:
    ranking = rank_models([math.nan, 5], [[math.nan, math.nan], [4.0, 6.0]])

    assert math.isnan(ranking.rank[0])
    assert (ranking.rank[1], ranking.p_best[1]) == (1, 1)


def test_no_models_have_no_ranks() -> None:
    assert rank_models([], np.empty((0, 5))).rank.size == 0


def test_replicates_of_other_models_are_refused() -> None:
    with pytest.raises(ValueError, match="give one estimate, one row of replicates and one tie-break a model"):
        rank_models([1, 2], [[1, 2]])


def test_stability_counts_how_often_each_rank_is_taken() -> None:
    stability = rank_stability([1, 2], [[1, 1, 3, 1], [2, 2, 2, 2]])

    assert stability.frequency.tolist() == [[0.75, 0.25], [0.25, 0.75]]
    assert stability.mean_kendall_tau == 0.5


def test_stability_without_defined_resamples_is_undefined() -> None:
    assert math.isnan(rank_stability([1, 2], [[math.nan], [1.0]]).mean_kendall_tau)


def test_stability_refuses_a_missing_estimate() -> None:
    with pytest.raises(ValueError, match="leave those models out"):
        rank_stability([1, math.nan], [[1], [2]])


def test_too_few_patients_share_the_first_rank_whatever_their_resamples_say() -> None:
    replicates = [[1.0, 1.1, 1.2], [9.0, 9.1, 9.2]]
    assert rank_models([1.1, 9.1], replicates, patients=5).rank.tolist() == [1, 1]
    assert rank_models([1.1, 9.1], replicates, patients=6).rank.tolist() == [1, 2]
