"""Bootstrap intervals: patients are drawn once, and every metric of every model stands on that draw.

All films of a patient move together. One draw serves all metrics and models, so that differences and ranks
are paired::

    resampling = draw_patients(patients)
    first, second = resample_sums(resampling, reference, [predicted_1, predicted_2])
    errors = resample_metric(rmse_from_sums, first)
    low, high = interval(errors, "bca").ends
    gap = difference(errors, resample_metric(rmse_from_sums, second))

A metric without `from_sums` goes the slow way: `resample_slowly(resampling, compute, reference, predicted)`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ra_bench.metrics._arrays import Floats, complete_pairs
from ra_bench.metrics.draw import BLOCK
from ra_bench.metrics.sums import power_sums

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike, NDArray

    from ra_bench.metrics.draw import Resampling


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ResampledSums:
    """The sums of `power_sums` over all films, over each resample, and with each patient left out."""

    total: Floats  # (8,)
    replicates: Floats  # (resamples, 8)
    jackknife: Floats  # (patients, 8)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Resampled:
    """A metric on all films, on each resample, and with each patient left out."""

    estimate: float
    replicates: Floats  # (resamples,)
    jackknife: Floats  # (patients,)


def resample_sums(
    resampling: Resampling, reference: ArrayLike, predictions: Sequence[ArrayLike]
) -> tuple[ResampledSums, ...]:
    """Resample the eight sums of one or more models on one draw.

    Parameters
    ----------
    resampling : Resampling
        Draw over the patients of these films.
    reference : array_like of shape (n_samples,)
        In SvH units; nan where missing.
    predictions : sequence of array_like, each of shape (n_samples,)
        A model each, in SvH units; nan where missing. A pair with a missing side adds nothing.

    Returns
    -------
    tuple of ResampledSums
        A model each, in order.

    Raises
    ------
    ValueError
        If a length differs from that of the draw.

    Notes
    -----
    Models with different missing films are still drawn together, but then describe different films.

    Examples
    --------
    >>> from ra_bench.metrics.draw import draw_patients
    >>> resampling = draw_patients(["anna", "anna", "bela", "carl"], resamples=99)
    >>> sums, = resample_sums(resampling, [0, 4, 20, 60], [[2, 5, 25, 50]])
    >>> sums.total.shape, sums.replicates.shape, sums.jackknife.shape
    ((8,), (99, 8), (3, 8))
    """
    columns: list[Floats] = []
    places: dict[bytes, int] = {}
    layout: list[list[int]] = []  # for each model, where its eight columns stand among the distinct ones
    for predicted in predictions:
        terms = _sum_patients(resampling, power_sums(reference, predicted))
        for column in terms.T:
            if places.setdefault(column.tobytes(), len(columns)) == len(columns):
                columns.append(column)
        layout.append([places[column.tobytes()] for column in terms.T])
    if not columns:
        return ()
    features = np.column_stack(columns)
    total = features.sum(axis=0)
    replicates = _multiply(resampling.counts, features)
    jackknife = total - features
    # Column by column in memory, as metrics read them: the same numbers in half the time.
    return tuple(
        ResampledSums(total=total[at], replicates=replicates[at].T, jackknife=jackknife.T[at].T) for at in layout
    )


def _sum_patients(resampling: Resampling, terms: Floats) -> Floats:
    if len(terms) != len(resampling.patient):
        raise ValueError(f"{len(terms)} films given, but {len(resampling.patient)} were drawn from: give the same.")
    added = [np.bincount(resampling.patient, column, minlength=resampling.patients) for column in terms.T]
    return np.column_stack(added)


def _multiply(counts: NDArray[np.unsignedinteger[Any]], features: Floats) -> Floats:
    """Product counts @ features, transposed; only a block of the counts is ever held as floats."""
    product = np.empty((features.shape[1], len(counts)))
    # With many features a taller block is faster: each has to be read anew for every block.
    rows = max(features.shape[1], BLOCK // counts.shape[1])
    for start in range(0, len(counts), rows):
        product[:, start : start + rows] = (counts[start : start + rows].astype(np.float64) @ features).T
    return product


def resample_metric(from_sums: Callable[[Floats], Floats], sums: ResampledSums) -> Resampled:
    """Resample a metric that is a function of the eight sums.

    Parameters
    ----------
    from_sums : callable
        Takes sums of shape (..., 8), returns values of shape (...).
    sums : ResampledSums
        Of one model.

    Returns
    -------
    Resampled
        In the unit of the metric; nan where a resample leaves it undefined.

    Examples
    --------
    >>> from ra_bench.metrics.sums import mae_from_sums
    >>> from ra_bench.metrics.draw import draw_patients
    >>> resampling = draw_patients(["anna", "bela", "carl"], resamples=99)
    >>> sums, = resample_sums(resampling, [0, 20, 60], [[2, 25, 50]])
    >>> round(resample_metric(mae_from_sums, sums).estimate, 3)
    5.667
    """
    return Resampled(
        estimate=float(from_sums(sums.total)),
        replicates=from_sums(sums.replicates),
        jackknife=from_sums(sums.jackknife),
    )


def resample_slowly(
    resampling: Resampling,
    compute: Callable[[Floats, Floats], float],
    reference: ArrayLike,
    predicted: ArrayLike,
) -> Resampled:
    """Resample any metric, by calling it on every resample.

    Parameters
    ----------
    resampling : Resampling
        Draw over the patients of these films.
    compute : callable
        Takes reference and predicted, returns a float.
    reference, predicted : array_like of shape (n_samples,)
        In SvH units; nan where missing.

    Returns
    -------
    Resampled
        In the unit of the metric; nan where a resample leaves it undefined or without films.

    Raises
    ------
    ValueError
        If a length differs from that of the draw.

    Examples
    --------
    >>> from ra_bench.metrics.error import median_ae
    >>> from ra_bench.metrics.draw import draw_patients
    >>> resampling = draw_patients(["anna", "bela", "carl"], resamples=99)
    >>> resample_slowly(resampling, median_ae, [0, 20, 60], [2, 25, 50]).estimate
    5.0
    """
    y, p = np.asarray(reference, dtype=np.float64), np.asarray(predicted, dtype=np.float64)
    patient = resampling.patient
    if not y.shape == p.shape == patient.shape:
        raise ValueError(f"{y.size} films given, but {patient.size} were drawn from: give the same.")
    rows = np.arange(y.size)

    def on(chosen: NDArray[np.intp]) -> float:
        pairs = complete_pairs(y[chosen], p[chosen])
        return compute(*pairs) if pairs[0].size else float("nan")

    return Resampled(
        estimate=on(rows),
        replicates=np.array([on(np.repeat(rows, counts[patient])) for counts in resampling.counts]),
        jackknife=np.array([on(rows[patient != left_out]) for left_out in range(resampling.patients)]),
    )


def difference(first: Resampled, second: Resampled) -> Resampled:
    """First minus second, resample by resample.

    Parameters
    ----------
    first, second : Resampled
        Of one draw.

    Returns
    -------
    Resampled
        In the unit of the metric.

    Raises
    ------
    ValueError
        If the two come from draws of different size.

    Notes
    -----
    Paired: what both models find hard cancels out. Two draws of the same size are not told apart.

    Examples
    --------
    >>> from ra_bench.metrics.sums import mae_from_sums
    >>> from ra_bench.metrics.draw import draw_patients
    >>> resampling = draw_patients(["anna", "bela", "carl"], resamples=99)
    >>> near, far = resample_sums(resampling, [0, 20, 60], [[1, 21, 61], [2, 22, 62]])
    >>> gap = difference(resample_metric(mae_from_sums, near), resample_metric(mae_from_sums, far))
    >>> gap.estimate
    -1.0
    """
    if first.replicates.shape != second.replicates.shape or first.jackknife.shape != second.jackknife.shape:
        raise ValueError("the two come from different draws: resample both on one draw of draw_patients().")
    return Resampled(
        estimate=first.estimate - second.estimate,
        replicates=first.replicates - second.replicates,
        jackknife=first.jackknife - second.jackknife,
    )
