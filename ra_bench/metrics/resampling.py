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
from ra_bench.metrics.sums import power_sums

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike, NDArray

_BLOCK = 1 << 18  # numbers held at a time while drawing and multiplying: 2 MiB, which fits a core's cache


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Resampling:
    """One draw of patients, shared by all metrics and models.

    `patient` numbers the patient of each row; `counts[b, g]` says how often patient g is in resample b.
    """

    patient: NDArray[np.intp]
    counts: NDArray[np.unsignedinteger[Any]]
    seed: int | None

    @property
    def resamples(self) -> int:
        """How many resamples there are."""
        return len(self.counts)

    @property
    def patients(self) -> int:
        """How many patients there are to draw from."""
        return int(self.counts.shape[1])


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


def draw_patients(patients: ArrayLike, *, resamples: int = 9999, seed: int = 0) -> Resampling:
    """Draw patients with replacement, as many as there are, so many times.

    Parameters
    ----------
    patients : array_like of shape (n_samples,)
        Patient of each film: strings or numbers. Films of one patient move together.
    resamples : int
        How many resamples, 1 or more.
    seed : int
        Same seed and patients, same draw, whatever the order of the films.

    Returns
    -------
    Resampling
        Counts take a byte each: 38 MB for 3,818 patients and 9,999 resamples.

    Raises
    ------
    ValueError
        If there are no films, or fewer than one resample is asked for.

    Notes
    -----
    With one film a patient, in sorted order, it is the draw that `scipy.stats.bootstrap` makes from
    `numpy.random.default_rng(seed)`.

    References
    ----------
    Efron B, Tibshirani RJ. An Introduction to the Bootstrap. Chapman & Hall 1993.

    Examples
    --------
    >>> resampling = draw_patients(["anna", "anna", "bela", "carl"], resamples=5)
    >>> resampling.counts.sum(axis=1).tolist()
    [3, 3, 3, 3, 3]
    """
    names = np.asarray(patients)
    if names.ndim != 1 or names.size == 0:
        raise ValueError(f"patients has shape {names.shape}: give one patient a film.")
    if resamples < 1:
        raise ValueError(f"resamples is {resamples}: give 1 or more.")
    present, patient = np.unique(names, return_inverse=True)
    generator, size = np.random.default_rng(seed), present.size
    rows = max(1, _BLOCK // size)
    counts: NDArray[np.unsignedinteger[Any]] = np.empty((resamples, size), dtype=np.uint8)
    for start in range(0, resamples, rows):
        block = _count(generator.integers(0, size, (min(rows, resamples - start), size)), size)
        if block.max() > np.iinfo(counts.dtype).max:
            counts = counts.astype(np.uint32)
        counts[start : start + rows] = block
    return Resampling(patient=patient, counts=counts, seed=seed)


def given_indices(indices: ArrayLike) -> Resampling:
    """Take a draw that was made elsewhere, one film a patient.

    Parameters
    ----------
    indices : array_like of int, shape (n_resamples, n_samples)
        Row b holds the rows that are in resample b.

    Returns
    -------
    Resampling
        The same draw as counts; its seed is None.

    Raises
    ------
    ValueError
        If the table is not two-dimensional or an index is out of range.

    Examples
    --------
    >>> given_indices([[0, 0, 2], [2, 1, 2]]).counts.tolist()
    [[2, 0, 1], [0, 1, 2]]
    """
    table = np.asarray(indices)
    if table.ndim != 2 or table.size == 0:
        raise ValueError(f"indices has shape {table.shape}: give a row a resample.")
    size = table.shape[1]
    if table.min() < 0 or table.max() >= size:
        raise ValueError(f"indices run from {table.min()} to {table.max()}: give rows from 0 to {size - 1}.")
    counts = _count(table, size)
    return Resampling(patient=np.arange(size), counts=counts.astype(np.min_scalar_type(counts.max())), seed=None)


def _count(indices: NDArray[np.integer[Any]], size: int) -> NDArray[np.intp]:
    """How often each of `size` numbers stands in each row of `indices`."""
    rows = len(indices)
    shifted = indices + np.arange(0, rows * size, size)[:, None]
    return np.bincount(shifted.ravel(), minlength=rows * size).reshape(rows, size)


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
    return tuple(
        ResampledSums(total=total[at], replicates=replicates[:, at], jackknife=jackknife[:, at]) for at in layout
    )


def _sum_patients(resampling: Resampling, terms: Floats) -> Floats:
    if len(terms) != len(resampling.patient):
        raise ValueError(f"{len(terms)} films given, but {len(resampling.patient)} were drawn from: give the same.")
    added = [np.bincount(resampling.patient, column, minlength=resampling.patients) for column in terms.T]
    return np.column_stack(added)


def _multiply(counts: NDArray[np.unsignedinteger[Any]], features: Floats) -> Floats:
    """Product counts @ features; only a block of the counts is ever held as floats."""
    product = np.empty((len(counts), features.shape[1]))
    rows = max(1, _BLOCK // counts.shape[1])
    for start in range(0, len(counts), rows):
        np.matmul(counts[start : start + rows].astype(np.float64), features, out=product[start : start + rows])
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
