"""Spearman's correlation on every resample: ranks do not add up, but they follow from how often each film is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ra_bench.metrics._arrays import Floats, complete_pairs
from ra_bench.metrics.correlation import spearman
from ra_bench.metrics.draw import BLOCK
from ra_bench.metrics.resampling import Resampled

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from ra_bench.metrics.draw import Resampling


def resample_spearman(resampling: Resampling, reference: ArrayLike, predicted: ArrayLike) -> Resampled:
    """Resample Spearman's correlation, a block of resamples at a time.

    Parameters
    ----------
    resampling : Resampling
        Draw over the patients of these films.
    reference, predicted : array_like of shape (n_samples,)
        In SvH units; nan where missing.

    Returns
    -------
    Resampled
        Between -1 and 1; nan where a resample leaves either side constant.

    Raises
    ------
    ValueError
        If a length differs from that of the draw.

    Notes
    -----
    The same numbers as `resample_slowly(resampling, spearman, ...)`, some fifty times sooner.

    Examples
    --------
    >>> from ra_bench.metrics.draw import draw_patients
    >>> resampling = draw_patients(["anna", "bela", "carl", "dora"], resamples=99)
    >>> resample_spearman(resampling, [0, 20, 60, 70], [2, 50, 25, 90]).estimate
    0.8
    """
    y, p = np.asarray(reference, dtype=np.float64), np.asarray(predicted, dtype=np.float64)
    if not y.shape == p.shape == resampling.patient.shape:
        raise ValueError(f"{y.size} films given, but {resampling.patient.size} were drawn from: give the same.")
    both = np.isfinite(y) & np.isfinite(p)
    patient = resampling.patient[both]
    y, p = complete_pairs(y, p)
    left_out = 1 - np.eye(resampling.patients, dtype=np.uint8)
    return Resampled(
        estimate=spearman(y, p) if y.size else float("nan"),
        replicates=_weighted(resampling.counts, patient, y, p),
        jackknife=_weighted(left_out, patient, y, p),
    )


def _weighted(counts: NDArray[np.unsignedinteger], patient: NDArray[np.intp], y: Floats, p: Floats) -> Floats:
    """The correlation where patient g counts `counts[b, g]` times, of every row b."""
    result = np.full(len(counts), np.nan)
    rows = max(1, BLOCK // max(1, y.size))
    for start in range(0, len(counts) if y.size else 0, rows):
        weights = counts[start : start + rows][:, patient].astype(np.float64)
        result[start : start + rows] = _correlation(weights, _ranks(weights, y), _ranks(weights, p))
    return result


def _ranks(weights: Floats, values: Floats) -> Floats:
    """Mid-ranks of the films where each counts as often as `weights` says."""
    _, place = np.unique(values, return_inverse=True)
    order = np.argsort(place, kind="stable")
    starts = np.flatnonzero(np.diff(place[order], prepend=-1))
    tied = np.add.reduceat(weights[:, order], starts, axis=1)
    middle: Floats = (np.cumsum(tied, axis=1) - (tied - 1) / 2)[:, place]
    return middle


def _correlation(weights: Floats, first: Floats, second: Floats) -> Floats:
    total = weights.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        first = first - (weights * first).sum(axis=1, keepdims=True) / total
        second = second - (weights * second).sum(axis=1, keepdims=True) / total
        variances = (weights * first**2).sum(axis=1) * (weights * second**2).sum(axis=1)
        # Mid-ranks are halves of whole numbers, so that what is not constant is far from this
        rho = np.where(variances > 1e-9, (weights * first * second).sum(axis=1) / np.sqrt(variances), np.nan)
    clipped: Floats = np.clip(rho, -1.0, 1.0)
    return clipped
