from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from ra_bench.boards.columns import BIAS_WITHIN, P_MEAN_DIFFERENCE
from ra_bench.boards.evaluate import check_identity, draw, evaluate
from ra_bench.boards.held_out import held_out
from ra_bench.errors import RecordError
from ra_bench.metrics import mae, median_ae, pearson, rmse
from ra_bench.specs import MetricSpec


def one(made, record, metrics=None):
    films = held_out([record])
    return films, evaluate(films, metrics or made.metrics, draw(films))[record.job.model]


def median_error(reference, predicted):
    return median_ae(reference, predicted)


MEDIAN = MetricSpec(name="median", label="median error", unit="", compute=median_error, best="low")


def test_mae_interval_is_the_bca_interval_of_scipy(made):
    films, found = one(made, made.record("a", made.predictions(15, 1)))
    error = np.abs(films.predicted["a"][0] - films.reference)
    oracle = stats.bootstrap(
        (error,), np.mean, n_resamples=9999, method="BCa", vectorized=True, rng=np.random.default_rng(0)
    ).confidence_interval
    value = found.values["mae"]
    assert (value.value, value.low, value.high) == pytest.approx((error.mean(), oracle.low, oracle.high), rel=1e-3)
    assert value.method == "bca"


def test_rho_interval_is_the_percentile_interval_of_scipy(made):
    films, found = one(made, made.record("a", made.predictions(15, 1)))
    oracle = stats.bootstrap(
        (films.reference, films.predicted["a"][0]),
        lambda y, p: stats.pearsonr(y, p).statistic,
        paired=True,
        vectorized=False,
        n_resamples=1999,
        method="percentile",
        rng=np.random.default_rng(0),
    ).confidence_interval
    value = found.values["rho"]
    assert (value.low, value.high) == pytest.approx((oracle.low, oracle.high), abs=0.005)
    assert value.method == "percentile"


def test_p_is_that_of_the_paired_t_test_of_scipy(made):
    films, found = one(made, made.record("a", made.predictions(15, 1)))
    oracle = stats.ttest_rel(films.predicted["a"][0], films.reference).pvalue
    assert found.values[P_MEAN_DIFFERENCE].value == pytest.approx(oracle, rel=1e-6)


def test_bias_within_is_the_larger_end_of_the_90_percent_t_interval(made):
    films, found = one(made, made.record("a", made.predictions(15, 1)))
    d = films.predicted["a"][0] - films.reference
    ends = stats.ttest_1samp(d, 0.0).confidence_interval(0.90)
    assert found.values[BIAS_WITHIN].value == pytest.approx(max(abs(ends.low), abs(ends.high)), rel=1e-6)


def test_bias_within_counts_patients_where_they_have_several_films(made):
    _, apart = one(made, made.record("a", made.predictions(15, 1)))
    _, together = one(made, made.record("a", made.predictions(15, 1, films_a_patient=4)))
    assert together.values[BIAS_WITHIN].value != apart.values[BIAS_WITHIN].value


def test_several_seeds_give_the_mean_of_their_metrics(made):
    records = [made.record("a", made.predictions(error, seed), seed=seed) for seed, error in enumerate((10, 20))]
    films = held_out(records)
    found = evaluate(films, made.metrics, draw(films))["a"]
    expected = np.mean([rmse(films.reference, vector) for vector in films.predicted["a"]])
    assert found.values["rmse"].value == pytest.approx(expected, rel=1e-7)


def test_the_p_of_several_seeds_is_that_of_their_mean_difference(made):
    records = [made.record("a", made.predictions(15, seed), seed=seed) for seed in range(3)]
    films = held_out(records)
    found = evaluate(films, made.metrics, draw(films))["a"]
    oracle = stats.ttest_rel(films.predicted["a"].mean(axis=0), films.reference).pvalue
    assert found.values[P_MEAN_DIFFERENCE].value == pytest.approx(oracle, rel=1e-6)


def test_a_metric_without_sums_gets_the_same_interval_the_slow_way(made):
    slow = replace(made.metrics[1], from_sums=None)
    record = made.record("a", made.predictions(15, 1))
    _, fast = one(made, record, [made.metrics[1]])
    _, found = one(made, record, [slow])
    assert found.values["mae"].low == pytest.approx(fast.values["mae"].low, rel=1e-6)


def test_a_strangers_metric_is_measured_like_the_others(made):
    films, found = one(made, made.record("a", made.predictions(15, 1)), [MEDIAN])
    value = found.values["median"]
    assert value.value == pytest.approx(median_error(films.reference, films.predicted["a"][0]))
    assert value.low < value.value < value.high


def test_a_metric_that_wants_no_interval_gets_none(made):
    _, found = one(made, made.record("a", made.predictions(15, 1)), [replace(MEDIAN, interval="none")])
    assert np.isnan(found.values["median"].low)
    assert found.values["median"].method == ""


def test_a_metric_that_raises_is_nan_and_says_why(made):
    def broken(reference, predicted):
        raise ZeroDivisionError("no films to my liking")

    _, found = one(made, made.record("a", made.predictions(15, 1)), [replace(MEDIAN, compute=broken), made.metrics[2]])
    assert np.isnan(found.values["median"].value)
    assert found.problems == ("median error could not be computed (ZeroDivisionError: no films to my liking).",)
    assert np.isfinite(found.values["rmse"].value)


def test_a_metric_whose_two_ways_disagree_is_not_shown(made):
    wrong = replace(made.metrics[2], compute=mae)
    _, found = one(made, made.record("a", made.predictions(15, 1)), [wrong])
    assert np.isnan(found.values["rmse"].value)
    assert "compute gives" in found.problems[0]


def test_a_constant_model_has_no_rho_and_an_rmse(made):
    _, found = one(made, made.record("a", made.constant(40.0, made.predictions(1, 1))))
    assert np.isnan(found.values["rho"].value)
    assert np.isfinite(found.values["rmse"].value)


def test_perfect_predictions_have_no_p_and_no_margin(made):
    films = held_out([made.record("a", made.predictions(0.0, 1))])
    found = evaluate(films, made.metrics, draw(films))["a"]
    assert np.isnan(found.values[P_MEAN_DIFFERENCE].value)
    assert np.isnan(found.values[BIAS_WITHIN].value)
    assert found.values["mae"].value == 0


def test_missing_predictions_are_counted(made):
    given = made.predictions(10, 1)
    given = replace(given, predicted=(float("nan"), *given.predicted[1:]))
    _, found = one(made, made.record("a", given))
    assert found.films == made.films - 1


def test_the_identity_of_the_rmse_holds_for_ordinary_predictions(made):
    films = held_out([made.record("a", made.predictions(15, 1))])
    check_identity(films.reference, films.predicted["a"][0], name="a")


def test_predictions_that_break_the_identity_are_refused():
    reference = np.array([1.0, 2.0, 3.0])
    with pytest.raises(RecordError, match="predictions of a cannot be measured: their RMSE is inf"):
        check_identity(reference, np.array([1e300, -1e300, 1e300]), name="a")


def test_rho_is_that_of_the_metric(made):
    films, found = one(made, made.record("a", made.predictions(15, 1)))
    assert found.values["rho"].value == pytest.approx(pearson(films.reference, films.predicted["a"][0]), rel=1e-7)
