"""What a metric promises: a function of two arrays that knows the best prediction, and survives being resampled."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from ra_bench.boards.evaluate import measure
from ra_bench.errors import PluginError
from ra_bench.metrics.draw import draw_patients
from ra_bench.metrics.resampling import resample_metric, resample_slowly, resample_sums
from ra_bench.metrics.sums import power_sums
from ra_bench.testing.naming import check_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from ra_bench.specs import MetricSpec
    from ra_bench.testing.check import Promise

    Floats = NDArray[np.float64]

#: Relative to the larger of both: what two ways to compute one number may differ by, and what counts as better.
_ROUNDING = 1e-6

_FILMS, _RESAMPLES = 40, 50


def spec(metric: MetricSpec) -> None:
    """It has a name, a label and a number of digits."""
    check_name("metric", metric.name)
    if not metric.label.strip():
        raise PluginError(f"The metric '{metric.name}' has no label, so its column has no heading. Give it one.")
    if not 0 <= metric.digits <= 8:
        raise PluginError(f"The metric '{metric.name}' has digits={metric.digits}. Show 0 to 8 digits after the point.")


def number(metric: MetricSpec) -> None:
    """It gives one number, and changes neither of its arrays."""
    reference, predicted = _films()
    kept = reference.copy(), predicted.copy()
    given = metric.compute(reference, predicted)
    if not isinstance(given, (float, int, np.floating, np.integer)) or isinstance(given, bool):
        raise PluginError(
            f"The metric '{metric.name}' gives {_described(given)} for {_FILMS} films. Return one float: "
            "`float(...)` around the result, and no axis left."
        )
    if not (np.array_equal(kept[0], reference) and np.array_equal(kept[1], predicted)):
        raise PluginError(
            f"The metric '{metric.name}' changes the arrays that it is given; the next metric would get them changed. "
            "Work on a copy, without `+=`, `sort()` or `out=`."
        )


def perfect(metric: MetricSpec) -> str:
    """No prediction is better than the reference itself."""
    reference, predicted = _films()
    best = _value(metric, reference, reference)
    others = {
        "predictions with errors": predicted,
        "predictions in the reverse order": reference[::-1].copy(),
        "twice the reference": 2 * reference,
    }
    for what, other in others.items():
        if _is_better(metric, _value(metric, reference, other), best):
            raise _better(metric, what, _value(metric, reference, other), best)
    return f"{best:g}"


def errors_both_ways(metric: MetricSpec) -> str:
    """Scores that are 5 too high and scores that are 5 too low are no better than perfect ones."""
    reference, _ = _films()
    best = _value(metric, reference, reference)
    values = {"5 too high": 5.0, "5 too low": -5.0}
    found = {what: _value(metric, reference, reference + shift) for what, shift in values.items()}
    for what, value in found.items():
        if _is_better(metric, value, best):
            raise _better(metric, f"predictions that are {what}", value, best)
    high, low = found.values()
    if math.isclose(high, low, rel_tol=_ROUNDING, abs_tol=_ROUNDING) or metric.best in {"zero", "none"}:
        return ""
    return f"not symmetric: {high:g} for 5 too high, {low:g} for 5 too low"


def order(metric: MetricSpec) -> None:
    """The order of films does not matter."""
    reference, predicted = _films()
    rows = np.random.default_rng(3).permutation(_FILMS)
    straight, mixed = metric.compute(reference, predicted), metric.compute(reference[rows], predicted[rows])
    if not _equal(straight, mixed):
        raise PluginError(
            f"The metric '{metric.name}' gives {straight:g}, and {mixed:g} for the same films in another order. Sort "
            "both arrays by one order, if at all: films have none."
        )


def undefined(metric: MetricSpec) -> None:
    """What it cannot compute is nan: it neither raises, warns nor gives infinity where films are few or alike."""
    reference, predicted = _films()
    same = np.full(_FILMS, 40.0)
    for what, pair in {
        "one film": (reference[:1], predicted[:1]),
        "two films": (reference[:2], predicted[:2]),
        "the same prediction for all films": (reference, same),
        "the same reference for all films": (same, predicted),
        "one score for everything": (same, same),
        "scores of 0 only": (np.zeros(_FILMS), np.zeros(_FILMS)),
    }.items():
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            try:
                given = float(metric.compute(*pair))
            except Exception as error:
                raise PluginError(
                    f"The metric '{metric.name}' raises {type(error).__name__}: {error} for {what}. Return "
                    'float("nan") where it is not defined: the board shows n/a, and resampling needs an answer '
                    "thousands of times."
                ) from error
        if math.isinf(given):
            raise PluginError(
                f"The metric '{metric.name}' gives {given} for {what}. Return float(\"nan\") where it is not defined; "
                "no interval can be made with infinity."
            )
        if warned:
            raise PluginError(
                f"The metric '{metric.name}' warns for {what} ({warned[0].message}). Ask beforehand whether it is "
                "defined, "
                'or compute inside `with np.errstate(all="ignore")`: it is called thousands of times.'
            )


def sums(metric: MetricSpec) -> str:
    """`from_sums`, if there is one, gives what `compute` gives, on the films and on each resample."""
    if metric.from_sums is None:
        return "it has no from_sums: resampling takes longer"
    reference, predicted = _films()
    many = np.stack([power_sums(reference, predicted * scale).sum(axis=0) for scale in (1.0, 0.5, 2.0)])
    given = metric.from_sums(many)
    if np.shape(given) != (3,):
        raise PluginError(
            f"`from_sums` of the metric '{metric.name}' gives {_described(given)} for sums of shape (3, 8). Give one "
            "value a row: index the last axis, `sums[..., 7]`, and reduce none."
        )
    resampling, resampled = _resampled_sums(reference, predicted)
    slow = resample_slowly(resampling, metric.compute, reference, predicted)
    fast = resample_metric(metric.from_sums, resampled)
    for what, one, other in (
        ("the films", slow.estimate, fast.estimate),
        *(("a resample", *pair) for pair in zip(slow.replicates, fast.replicates, strict=True)),
        *(("the films without one patient", *pair) for pair in zip(slow.jackknife, fast.jackknife, strict=True)),
    ):
        if not _equal(one, other):
            raise PluginError(
                f"`compute` of the metric '{metric.name}' gives {one:g} on {what}, `from_sums` {other:g}. The eight "
                "sums are those of ra_bench.metrics.sums: 1, y, y², p, p², yp, |d|, d², scores less one origin. "
                "Correct it, or leave it out: resampling is then slower, and as right."
            )
    return ""


def interval(metric: MetricSpec) -> str:
    """Its interval can be made, in the way that it names, and holds the value."""
    reference, predicted = _films()
    resampling, resampled = _resampled_sums(reference, predicted)
    measured = measure([metric], resampling, reference, predicted[None], [resampled])
    if measured.problems:
        raise PluginError(f"The metric '{metric.name}' cannot be shown on a board: {measured.problems[0]}")
    found = measured.values[metric.name]
    if metric.interval == "none":
        return "it wants none"
    if math.isnan(found.low):
        return f"{found.value:g}, without an interval: it is the same, or undefined, on nearly all resamples"
    if not found.low <= found.value <= found.high:
        raise PluginError(
            f"The metric '{metric.name}' is {found.value:g} on {_FILMS} films, and its interval ({metric.interval}) "
            f"runs from {found.low:g} to {found.high:g}. If it jumps or has ends, such as a quantile or a share, take "
            'interval="percentile"; if resampling films with repeats makes no sense for it, interval="none".'
        )
    return f"{found.value:g}, {found.low:g} to {found.high:g} ({found.method})"


METRIC: tuple[Promise, ...] = (spec, number, perfect, errors_both_ways, order, undefined, sums, interval)


def _films() -> tuple[Floats, Floats]:
    """Skewed scores with errors that grow with them; whoever writes into them is found out."""
    draw = np.random.default_rng(1)
    reference = np.round(draw.gamma(1.2, 40.0, _FILMS)) + 1
    return reference, np.clip(reference + draw.normal(0, 4 + 0.1 * reference), 0, 280)


def _resampled_sums(reference: Floats, predicted: Floats) -> tuple[Any, Any]:
    """A draw of patients with two films each, and the sums on it."""
    resampling = draw_patients(np.arange(_FILMS) // 2, resamples=_RESAMPLES)
    return resampling, resample_sums(resampling, reference, [predicted])[0]


def _value(metric: MetricSpec, reference: Floats, predicted: Floats) -> float:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # `undefined` asks for that
        return float(metric.compute(reference.copy(), predicted.copy()))


def _is_better(metric: MetricSpec, value: float, than: float) -> bool:
    """Whether a value is better than another by more than rounding; nan is no better than anything."""
    margin = _ROUNDING * max(1.0, abs(value), abs(than))
    gained: Callable[[], float] | None = {
        "high": lambda: value - than,
        "low": lambda: than - value,
        "zero": lambda: abs(than) - abs(value),
    }.get(metric.best)
    return gained is not None and gained() > margin


def _better(metric: MetricSpec, what: str, value: float, best: float) -> PluginError:
    return PluginError(
        f"The metric '{metric.name}' says best='{metric.best}', and gives {value:g} for {what}, {best:g} for perfect "
        "ones: the wrong ones are better. Look for an abs() or a square that is missing, for reference and prediction "
        f"in the wrong places, or say best='none' if neither is meant."
    )


def _equal(one: float, other: float) -> bool:
    return (math.isnan(one) and math.isnan(other)) or abs(one - other) <= _ROUNDING * max(1.0, abs(one))


def _described(value: object) -> str:
    shape = np.shape(value) if isinstance(value, np.ndarray) else None
    return f"an array of shape {shape}" if shape is not None else f"{value!r} ({type(value).__name__})"
