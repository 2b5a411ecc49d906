"""Every metric of every model on one draw of patients."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from math import isnan, nan
from typing import TYPE_CHECKING

import numpy as np

from ra_bench.boards.columns import BIAS_WITHIN, P_MEAN_DIFFERENCE
from ra_bench.boards.seeds import over_seeds
from ra_bench.errors import RecordError
from ra_bench.metrics import (
    Resampled,
    ResampledSums,
    Resampling,
    bias,
    bias_from_sums,
    complete_pairs,
    draw_patients,
    interval,
    mae_from_sums,
    paired_t,
    pearson,
    resample_metric,
    resample_slowly,
    resample_sums,
    rmse,
    rmse_from_sums,
    rmse_identity,
)
from ra_bench.values import MetricValue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from ra_bench.boards.held_out import Floats, HeldOut
    from ra_bench.specs import MetricSpec

RESAMPLES, SEED = 9999, 0
#: Vectors whose sums are resampled together: few enough for memory, enough for the product of matrices to be fast.
AT_A_TIME = 200


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Measured:
    """A rater against the reference: what is shown, and what ranks are made of.

    `films` counts complete pairs; `problems` says, a sentence each, which metrics could not be had and why.
    """

    values: Mapping[str, MetricValue]
    rmse: Resampled
    mae: float
    films: int
    problems: tuple[str, ...] = ()


def draw(films: HeldOut, resamples: int = RESAMPLES) -> Resampling:
    """The one draw of a board: the same for the same films, whatever their patients are called."""
    return draw_of(films.patients, resamples)


def draw_of(patients: NDArray[np.intp], resamples: int = RESAMPLES) -> Resampling:
    """The draw for films of these patients, shape (n,)."""
    return draw_patients(patients, resamples=resamples, seed=SEED)


def evaluate(films: HeldOut, metrics: Sequence[MetricSpec], resampling: Resampling) -> dict[str, Measured]:
    """Measure every model; one with several seeds by the mean of its seeds' metrics.

    Parameters
    ----------
    films : HeldOut
        The board's test films with the predictions of all models.
    metrics : sequence of MetricSpec
        The registered columns.
    resampling : Resampling
        The board's draw of patients.

    Returns
    -------
    dict of str to Measured
        By model, in the order of `films.predicted`.

    Raises
    ------
    RecordError
        Predictions that break the identity of RMSE, means, spreads and correlation.
    """
    for model, predicted in films.predicted.items():
        for vector in predicted:
            check_identity(films.reference, vector, name=model)
    sums = resampled_sums(films, resampling)
    return {
        model: measure(metrics, resampling, films.reference, predicted, [next(sums) for _ in predicted])
        for model, predicted in films.predicted.items()
    }


def resampled_sums(films: HeldOut, resampling: Resampling) -> Iterator[ResampledSums]:
    """The sums of every vector in order, not all of them in memory at a time."""
    vectors = [vector for seeds in films.predicted.values() for vector in seeds]
    for start in range(0, len(vectors), AT_A_TIME):
        yield from resample_sums(resampling, films.reference, vectors[start : start + AT_A_TIME])


def measure(
    metrics: Sequence[MetricSpec],
    resampling: Resampling,
    reference: Floats,
    predicted: Floats,
    sums: Sequence[ResampledSums],
) -> Measured:
    """Measure predictions of shape (seeds, n), whose sums were resampled already."""
    values, problems = {}, []
    for spec in metrics:
        try:
            seeds = [
                _resampled(spec, resampling, reference, vector, own)
                for vector, own in zip(predicted, sums, strict=True)
            ]
            values[spec.name] = with_interval(mean_over_seeds(seeds), spec.interval)
        except Exception as error:  # noqa: BLE001 - a guest's metric may raise anything, and must not stop the others
            values[spec.name] = MetricValue(value=nan)
            problems.append(f"{spec.label} could not be computed ({type(error).__name__}: {error}).")
    for name, value in over_seeds(resampling.patient, reference, predicted).items():
        values[name] = replace(value, value=rounded(value.value), low=rounded(value.low), high=rounded(value.high))
    pairs = complete_pairs(reference, predicted.mean(axis=0))
    return Measured(
        values=values | _of_mean_difference(pairs, sums),
        rmse=mean_over_seeds([resample_metric(rmse_from_sums, own) for own in sums]),
        mae=float(np.mean([mae_from_sums(own.total) for own in sums])),
        films=pairs[0].size,
        problems=tuple(problems),
    )


def mean_over_seeds(seeds: Sequence[Resampled]) -> Resampled:
    """The mean of a metric over seeds, on every resample."""
    if len(seeds) == 1:
        return seeds[0]
    return Resampled(
        estimate=float(np.mean([seed.estimate for seed in seeds])),
        replicates=np.mean([seed.replicates for seed in seeds], axis=0),
        jackknife=np.mean([seed.jackknife for seed in seeds], axis=0),
    )


def with_interval(resampled: Resampled, method: str) -> MetricValue:
    """The value of a metric that was resampled, with its 95 % interval unless `method` is "none"."""
    if method == "none":
        return MetricValue(value=rounded(resampled.estimate))
    found = interval(resampled, "percentile" if method == "percentile" else "bca")
    return MetricValue(
        value=rounded(resampled.estimate), low=rounded(found.low), high=rounded(found.high), method=found.method
    )


def rounded(value: float) -> float:
    """Eight figures: enough for any reader, and the same on every machine."""
    return float(f"{value:.8g}")


def check_identity(reference: Floats, predicted: Floats, *, name: str) -> None:
    """Check that RMSE² = bias² + s_y² + s_p² - 2 rho s_y s_p, which holds for every set of pairs.

    Raises
    ------
    RecordError
        It does not hold: the numbers are too large or too far apart to compute with.
    """
    y, p = complete_pairs(reference, predicted)
    if not y.size:
        return
    with np.errstate(all="ignore"):
        rho = pearson(y, p)
        # np.float64 overflows to inf, where a float would raise
        shift = np.float64(bias(y, p))
        forced = rmse_identity(shift, np.float64(y.std()), np.float64(p.std()), 0.0 if isnan(rho) else rho)
        found = rmse(y, p)
        size = max(float(np.abs(y).max()), float(np.abs(p).max()), 1.0)
    if not abs(forced - found) <= 1e-6 * size:
        raise RecordError(
            f"The predictions of {name} cannot be measured: their RMSE is {found:g}, but their means, spreads and "
            f"correlation force {forced:g}.\nLook into its predictions.csv for absurdly large numbers; run it again."
        )


def _of_mean_difference(pairs: tuple[Floats, Floats], sums: Sequence[ResampledSums]) -> dict[str, MetricValue]:
    """What is said of the mean difference; over seeds it is that of the film by film mean."""
    shift = mean_over_seeds([resample_metric(bias_from_sums, own) for own in sums])
    # TOST at the 5 % level passes at every margin beyond the larger end of the 90 % interval.
    within = interval(shift, "t", confidence=0.90)
    p = paired_t(*pairs).p if pairs[0].size else nan
    return {
        BIAS_WITHIN: MetricValue(value=rounded(max(abs(within.low), abs(within.high)))),
        P_MEAN_DIFFERENCE: MetricValue(value=rounded(p)),
    }


def _resampled(
    spec: MetricSpec, resampling: Resampling, reference: Floats, predicted: Floats, sums: ResampledSums
) -> Resampled:
    """One metric of one vector: fast from its sums, or slow by calling it on every resample."""
    pairs = complete_pairs(reference, predicted)
    if not pairs[0].size:
        nothing = np.full(resampling.resamples, nan), np.full(resampling.patients, nan)
        return Resampled(estimate=nan, replicates=nothing[0], jackknife=nothing[1])
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # nan is how a resample says that it has no answer
        estimate = float(spec.compute(*pairs))
        if spec.interval == "none":
            return Resampled(estimate=estimate, replicates=np.empty(0), jackknife=np.empty(0))
        if spec.from_sums is None:
            return resample_slowly(resampling, _nan_for_error(spec), reference, predicted)
        found = resample_metric(spec.from_sums, sums)
    if abs(found.estimate - estimate) > 1e-6 * max(1.0, abs(estimate)):
        raise ValueError(f"compute gives {estimate:g}, from_sums {found.estimate:g}")
    return Resampled(estimate=estimate, replicates=found.replicates, jackknife=found.jackknife)


def _nan_for_error(spec: MetricSpec) -> Callable[[Floats, Floats], float]:
    """A metric that is undefined on a resample where it raises; on the films as they are it was asked already."""

    def compute(reference: Floats, predicted: Floats) -> float:
        try:
            return float(spec.compute(reference, predicted))
        except ValueError:
            return nan

    return compute
