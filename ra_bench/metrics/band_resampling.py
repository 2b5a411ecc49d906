"""Weighted kappa on every resample: the table of bands adds up over films, and kappa follows from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ra_bench.metrics._arrays import Floats, complete_pairs
from ra_bench.metrics.categories import band_table, qwk
from ra_bench.metrics.resampling import Resampled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from ra_bench.metrics.draw import Resampling


def resample_qwk(
    resampling: Resampling, reference: ArrayLike, predicted: ArrayLike, edges: Sequence[float]
) -> Resampled:
    """Resample the quadratic-weighted kappa of severity bands.

    Parameters
    ----------
    resampling : Resampling
        Draw over the patients of these films.
    reference, predicted : array_like of shape (n_samples,)
        In SvH units; nan where missing.
    edges : sequence of float
        Rising lower edges of the bands after the first, in SvH units.

    Returns
    -------
    Resampled
        At most 1; nan where a resample has all films in one band for both.

    Raises
    ------
    ValueError
        If a length differs from that of the draw, or the edges do not rise.

    Examples
    --------
    >>> from ra_bench.metrics.draw import draw_patients
    >>> resampling = draw_patients(["anna", "bela", "carl", "dora"], resamples=99)
    >>> round(resample_qwk(resampling, [0, 5, 30, 70], [0, 12, 30, 80], edges=[1, 10, 25, 50]).estimate, 3)
    0.947
    """
    y, p = np.asarray(reference, dtype=np.float64), np.asarray(predicted, dtype=np.float64)
    if not y.shape == p.shape == resampling.patient.shape:
        raise ValueError(f"{y.size} films given, but {resampling.patient.size} were drawn from: give the same.")
    both = np.isfinite(y) & np.isfinite(p)
    tables = np.zeros((resampling.patients, (len(edges) + 1) ** 2))  # (patients, cells)
    for film in np.flatnonzero(both):
        tables[resampling.patient[film]] += band_table(y[film : film + 1], p[film : film + 1], edges).ravel()
    return Resampled(
        estimate=qwk(*complete_pairs(y, p), edges) if both.any() else float("nan"),
        replicates=_kappa(resampling.counts @ tables),
        jackknife=_kappa(tables.sum(axis=0) - tables),
    )


def _kappa(tables: Floats) -> Floats:
    """Quadratic-weighted kappa of flattened tables, one a row."""
    size = round(float(np.sqrt(tables.shape[1])))
    penalty = np.square(np.subtract.outer(np.arange(size), np.arange(size))).astype(np.float64)
    square = tables.reshape(-1, size, size)
    total, observed = tables.sum(axis=1), (square * penalty).sum(axis=(1, 2))
    by_chance = np.einsum("bi,ij,bj->b", square.sum(axis=2), penalty, square.sum(axis=1), optimize=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        kappa: Floats = np.where(by_chance > 0, 1 - total * observed / by_chance, np.nan)
    return kappa
