"""Intervals, CRPS and risk-coverage against other ways to compute them."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from ra_bench.metrics import crps_normal, inside, interval_score, mae, normal_interval, risk_coverage


def pinball(reference, quantile, share):
    """Loss of a quantile: the interval score is a sum of two of them."""
    return np.where(reference >= quantile, share * (reference - quantile), (1 - share) * (quantile - reference))


@pytest.fixture
def films():
    generator = np.random.default_rng(3)
    reference = generator.gamma(1.2, 40, 50)
    return reference, reference + generator.normal(0, 9, 50), generator.uniform(2, 15, 50)


@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.95])
def test_interval_score_is_the_sum_of_two_pinball_losses(films, confidence):
    # Gneiting & Raftery 2007, section 6.2: the score of two quantiles, times 2 / alpha
    reference, predicted, sd = films
    lower, upper = normal_interval(predicted, sd, confidence)
    alpha = 1 - confidence
    expected = (pinball(reference, lower, alpha / 2) + pinball(reference, upper, 1 - alpha / 2)) * 2 / alpha
    np.testing.assert_allclose(interval_score(reference, lower, upper, confidence), expected)


@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.95])
def test_normal_interval_is_scipys(films, confidence):
    _, predicted, sd = films
    np.testing.assert_allclose(normal_interval(predicted, sd, confidence), norm.interval(confidence, predicted, sd))


@pytest.mark.parametrize(("reference", "mean", "sd"), [(0, 0, 1), (12, 10, 2), (80, 95.5, 11), (3, 40, 0.7)])
def test_crps_is_the_integral_of_the_squared_difference_of_distributions(reference, mean, sd):
    low, high = min(reference, mean) - 12 * sd, max(reference, mean) + 12 * sd
    below, _ = quad(lambda x: norm.cdf(x, mean, sd) ** 2, low, reference, limit=200, points=[mean])
    above, _ = quad(lambda x: norm.sf(x, mean, sd) ** 2, reference, high, limit=200, points=[mean])
    assert crps_normal([reference], [mean], [sd])[0] == pytest.approx(below + above, abs=1e-6)


def test_crps_without_spread_is_the_absolute_error(films):
    reference, predicted, _ = films
    np.testing.assert_array_equal(crps_normal(reference, predicted, np.zeros(50)), np.abs(predicted - reference))


def test_crps_is_best_for_the_sd_that_is_true():
    errors = np.random.default_rng(1).normal(0, 8, 20_000)
    scores = {sd: crps_normal(errors, np.zeros(20_000), np.full(20_000, float(sd))).mean() for sd in (4, 8, 16)}
    assert min(scores, key=scores.get) == 8
    assert scores[8] == pytest.approx(8 / np.sqrt(np.pi), rel=0.02)  # the expectation for a true normal distribution


def test_ends_count_as_inside():
    assert inside([1.0, 2.0, 2.1], [1.0, 1.0, 1.0], [2.0, 2.0, 2.0]).tolist() == [1.0, 1.0, 0.0]


def test_risk_is_the_error_of_the_most_certain_films(films):
    reference, predicted, sd = films
    found = risk_coverage(reference, predicted, sd)
    order = np.argsort(sd)
    for kept in (1, 7, 50):
        assert found.risk[kept - 1] == pytest.approx(mae(reference[order[:kept]], predicted[order[:kept]]))
    assert found.area == pytest.approx(np.mean([np.abs(predicted - reference)[order[:k]].mean() for k in range(1, 51)]))


def test_films_of_equal_doubt_are_the_mean_over_their_orders():
    reference, predicted, doubt = np.zeros(5), np.array([4.0, 1, 9, 2, 7]), np.array([1, 2, 2, 2, 3])
    areas = [
        risk_coverage(reference[list(order)], predicted[list(order)], np.arange(5)).area
        for order in ([0, *middle, 4] for middle in permutations((1, 2, 3)))
    ]
    assert risk_coverage(reference, predicted, doubt).area == pytest.approx(np.mean(areas))


def test_the_order_of_the_errors_is_the_best_and_no_order_gives_the_mae(films):
    reference, predicted, sd = films
    error = np.abs(predicted - reference)
    assert risk_coverage(reference, predicted, error).area == pytest.approx(
        risk_coverage(reference, predicted, sd).best
    )
    assert risk_coverage(reference, predicted, np.ones(50)).area == pytest.approx(mae(reference, predicted))
    assert risk_coverage(reference, predicted, -error).area > mae(reference, predicted)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: normal_interval([1.0], [-1.0], 0.95), "sd holds -1"),
        (lambda: normal_interval([1.0], [1.0], 95), "confidence is 95"),
        (lambda: crps_normal([1.0, 2.0], [1.0], [1.0]), "reference has 2 values for 1 films"),
        (lambda: inside([1.0], [3.0], [2.0]), "lower is above upper"),
        (lambda: inside([1.0], [float("nan")], [2.0]), "one of them is missing"),
        (lambda: inside([1.0], [1.0, 2.0], [2.0]), "give each film both"),
        (lambda: risk_coverage([1.0], [1.0], [float("nan")]), "doubt holds 1 missing"),
    ],
)
def test_bad_input_is_refused(call, said):
    with pytest.raises(ValueError, match=said):
        call()
