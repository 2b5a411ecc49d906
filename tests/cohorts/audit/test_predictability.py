"""What columns predict: as a regression written out by hand says, and by chance as often as p says."""

import numpy as np
import pytest

from ra_bench.cohorts.audit.coverage import find_uncovered, gaps, histogram
from ra_bench.cohorts.audit.predictability import predictability
from ra_bench.values import SVH_HANDS, Scale


def by_hand(column: np.ndarray, scores: np.ndarray, seed: int) -> float:
    """Ten folds, and in each the ridge of one standardised column in closed form: b = x'y / (x'x + 1)."""
    draw = np.random.default_rng(seed)
    for _ in range(9):
        draw.permutation(scores)
    fold = draw.permutation(len(scores)) % 10
    x = (column - column.mean()) / column.std()
    predicted, mean = np.empty_like(scores), np.empty_like(scores)
    for number in range(10):
        rest, held = fold != number, fold == number
        inner, outer = x[rest] - x[rest].mean(), scores[rest] - scores[rest].mean()
        mean[held] = scores[rest].mean()
        predicted[held] = mean[held] + (x[held] - x[rest].mean()) * (inner @ outer) / (inner @ inner + 1)
    return float(1 - ((scores - predicted) ** 2).sum() / ((scores - mean) ** 2).sum())


@pytest.mark.parametrize("seed", [0, 1])
def test_the_share_is_that_of_a_regression_by_hand(seed):
    draw = np.random.default_rng(7)
    column = draw.normal(size=83)
    scores = 2 * column + draw.normal(size=83)
    found = predictability({"x": column[:, None]}, scores, permutations=9, seed=seed)["x"]
    assert found.share == pytest.approx(by_hand(column, scores, seed), abs=1e-12)
    assert found.p == pytest.approx(0.1)


def test_the_share_of_many_films_is_the_squared_correlation_of_the_population():
    draw = np.random.default_rng(0)
    column = draw.normal(size=20_000)
    scores = 0.6 * column + 0.8 * draw.normal(size=20_000)
    assert predictability({"x": column[:, None]}, scores, permutations=9)["x"].share == pytest.approx(0.36, abs=0.01)


@pytest.mark.slow
def test_p_is_below_a_tenth_for_one_cohort_in_ten_where_nothing_is_to_be_found():
    draw = np.random.default_rng(3)
    least = []
    for _ in range(300):
        groups = {name: draw.normal(size=(40, 2)) for name in "abcd"}
        found = predictability(groups, draw.exponential(size=40), permutations=49)
        least.append(min(one.p for one in found.values()))
    # The smallest of four p, adjusted: 10 % of 300 cohorts, 30 +- 3 SD. Not adjusted it would be about 100.
    assert 14 <= sum(p <= 0.1 for p in least) <= 46


def test_a_column_twice_predicts_what_it_does_once():
    draw = np.random.default_rng(0)
    column = draw.normal(size=(60, 1))
    scores = column[:, 0] + draw.normal(size=60)
    found = predictability({"once": column, "twice": np.hstack([column, column])}, scores, permutations=9)
    assert found["twice"].share == pytest.approx(found["once"].share, abs=0.01)


# --- coverage ---


def test_a_histogram_counts_every_film_once():
    scores = np.random.default_rng(0).uniform(0, 280, 500).tolist()
    found = histogram({"all": [*scores, 0, 280]}, SVH_HANDS)
    assert sum(found.counts["all"]) == 502
    assert found.edges == tuple(float(edge) for edge in range(0, 281, 20))


@pytest.mark.parametrize(("low", "high", "width"), [(0, 240, 20), (0, 448, 50), (0, 1, 0.1), (1, 11, 1), (-5, 5, 1)])
def test_bins_have_a_round_width_and_end_with_the_scale(low, high, width):
    edges = histogram({}, Scale(name="s", minimum=low, maximum=high, unit="u")).edges
    assert np.diff(edges)[:-1] == pytest.approx(width)
    assert (edges[0], edges[-1]) == (low, high)
    assert len(edges) <= 16


def test_a_gap_is_a_tenth_of_the_scale():
    assert gaps([0, 27.9, 55.9, 280], SVH_HANDS) == [(27.9, 55.9), (55.9, 280.0)]
    assert gaps([280], SVH_HANDS) == [(0.0, 280.0)]
    assert gaps(range(0, 281, 27), SVH_HANDS) == []


def test_a_gap_that_chance_may_leave_is_no_finding():
    train, test = [10.0] * 80, [10.0] * 18 + [100.0] * 2
    assert find_uncovered(train, test, SVH_HANDS) == []  # two of 20: a fifth test, so chance leaves it at 4 in 100
    (finding,) = find_uncovered(train, [*test, 110.0, 120.0, 130.0], SVH_HANDS)
    assert finding.items == ("From 10 to 280 training has no film, so that models guess there; 5 test films lie there",)
