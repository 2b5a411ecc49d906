"""Every promise of a metric: kept by the suite's own, and broken by one that breaks just this."""

from __future__ import annotations

import re
import warnings

import numpy as np
import pytest

from ra_bench import MetricSpec
from ra_bench.errors import RaBenchError
from ra_bench.metrics import mae, rmse
from ra_bench.metrics.sums import mae_from_sums, rmse_from_sums
from ra_bench.testing import of_metrics

NAN = float("nan")


def spec(compute, **facts):
    return MetricSpec(**{"name": "m", "label": "M", "unit": "", "compute": compute, "best": "low", **facts})


def warned(value):
    warnings.warn("careful", stacklevel=1)
    return value


def into(reference, predicted):
    predicted -= reference
    return float(np.abs(predicted).mean())


def drifting(reference, predicted):
    return float(abs(reference[0] - predicted[0]))


def scattered(reference, predicted):
    """Its value on the films lies outside all values on resamples."""
    return -1.0 if len(np.unique(reference)) > 27 else 1 + float(predicted.mean())


BROKEN = [
    ("spec", spec(mae, label=" "), "has no label, so its column has no heading"),
    ("spec", spec(mae, name="a b"), "The metric name 'a b' cannot stand in a command"),
    ("spec", spec(mae, digits=9), "has digits=9. Show 0 to 8"),
    ("number", spec(lambda y, p: np.abs(y - p)), "gives an array of shape (40,) for 40 films. Return one float"),
    ("number", spec(lambda y, p: "low"), "gives 'low' (str) for 40 films"),
    ("number", spec(into), "changes the arrays that it is given"),
    (
        "perfect",
        spec(mae, best="high"),
        "says best='high', and gives 5.47441 for predictions with errors, 0 for perfect",
    ),
    ("perfect", spec(lambda y, p: float(np.mean(y * p)), best="high"), "for twice the reference"),
    (
        "errors_both_ways",
        spec(lambda y, p: float(np.mean(p - y))),
        "gives -5 for predictions that are 5 too low, 0 for",
    ),
    ("order", spec(drifting), "for the same films in another order. Sort both"),
    ("undefined", spec(lambda y, p: 1 / int(p.std() > 0)), "raises ZeroDivisionError: division by zero for one film"),
    ("undefined", spec(lambda y, p: float("inf") if not y.any() else 1.0), "gives inf for scores of 0 only"),
    ("undefined", spec(lambda y, p: float(np.corrcoef(y, p)[0, 1])), "warns for one film ("),
    (
        "sums",
        spec(mae, from_sums=rmse_from_sums),
        "`compute` of the metric 'm' gives 5.47441 on the films, `from_sums` 7.",
    ),
    (
        "sums",
        spec(mae, from_sums=lambda sums: mae_from_sums(sums).mean()),
        "for sums of shape (3, 8). Give one value a row",
    ),
    (
        "sums",
        spec(lambda y, p: mae(y, p) + (len(y) < 40), from_sums=mae_from_sums),
        "on the films without one patient, `from_sums`",
    ),
    (
        "interval",
        spec(scattered, interval="percentile"),
        "is -1 on 40 films, and its interval (percentile) runs from 28.2771",
    ),
    ("interval", spec(lambda y, p: 1 / 0), "cannot be shown on a board: M could not be computed (ZeroDivisionError"),
]


@pytest.mark.parametrize(("name", "broken", "said"), BROKEN, ids=[f"{name}-{said[:20]}" for name, _, said in BROKEN])
def test_a_metric_that_breaks_one_promise_is_told_what_and_how_to_mend_it(name, broken, said):
    with pytest.raises(RaBenchError, match=re.escape(said)):
        getattr(of_metrics, name)(broken)


def test_every_promise_is_broken_by_something_here():
    assert {name for name, _, _ in BROKEN} == {promise.__name__ for promise in of_metrics.METRIC}


@pytest.mark.parametrize("promise", of_metrics.METRIC, ids=lambda promise: promise.__name__)
def test_the_root_mean_squared_error_keeps(promise):
    promise(spec(rmse, from_sums=rmse_from_sums))


def test_a_metric_that_is_not_symmetric_is_told_so_and_not_refused():
    def cautious(reference, predicted):
        return float(np.mean(np.where(predicted > reference, 2, 1) * np.abs(predicted - reference)))

    assert of_metrics.errors_both_ways(spec(cautious)) == "not symmetric: 10 for 5 too high, 5 for 5 too low"


def test_a_bias_is_best_at_zero_from_both_sides():
    shift = spec(lambda y, p: float(np.mean(p - y)), best="zero")
    assert (of_metrics.perfect(shift), of_metrics.errors_both_ways(shift)) == ("0", "")


def test_a_metric_without_sums_is_told_that_it_is_slow():
    assert of_metrics.sums(spec(mae)) == "it has no from_sums: resampling takes longer"


def test_a_metric_that_wants_no_interval_gets_none():
    assert of_metrics.interval(spec(mae, interval="none")) == "it wants none"
