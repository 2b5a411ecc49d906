"""Which patients are in which resample, drawn once for all metrics and models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

# Numbers held at a time while drawing and multiplying: 2 MiB, which fits a core's cache.
BLOCK = 1 << 18


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
    rows = max(1, BLOCK // size)
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
