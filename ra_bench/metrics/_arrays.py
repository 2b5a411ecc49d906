"""What every metric asks of its arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

# A difference of two scores carries this much rounding, relative to the larger score.
ROUNDING = 16 * float(np.finfo(np.float64).eps)


def vector(name: str, values: ArrayLike) -> Floats:
    """Return `values` as a finite, non-empty vector, or raise a ValueError that names it."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1:
        raise ValueError(f"{name} has {array.ndim} dimensions: give one number a film.")
    if array.size == 0:
        raise ValueError(f"{name} is empty: give at least one number.")
    missing = int(np.count_nonzero(~np.isfinite(array)))
    if missing:
        raise ValueError(f"{name} holds {missing} missing or infinite values: drop them with complete_pairs().")
    return array


def paired(reference: ArrayLike, predicted: ArrayLike) -> tuple[Floats, Floats]:
    """Return two finite vectors of one length, or raise a ValueError."""
    y, p = vector("reference", reference), vector("predicted", predicted)
    if y.size != p.size:
        raise ValueError(f"reference has {y.size} values and predicted {p.size}: give one prediction a reference.")
    return y, p


def complete_pairs(reference: ArrayLike, predicted: ArrayLike) -> tuple[Floats, Floats]:
    """Pairs of which both sides are present.

    Parameters
    ----------
    reference, predicted : array_like of shape (n_samples,)
        Scores on one scale, in SvH units; nan where missing.

    Returns
    -------
    reference, predicted : ndarray of shape (n_pairs,)
        The rows where both are finite, in their order.

    Raises
    ------
    ValueError
        If the two differ in length.

    Notes
    -----
    A model that fails on hard films gains by this: always say how many pairs went.

    Examples
    --------
    >>> y, p = complete_pairs([3, float("nan"), 12], [4, 7, float("nan")])
    >>> y.tolist(), p.tolist()
    ([3.0], [4.0])
    """
    y, p = np.asarray(reference, dtype=np.float64), np.asarray(predicted, dtype=np.float64)
    if y.shape != p.shape or y.ndim != 1:
        raise ValueError(f"reference has shape {y.shape} and predicted {p.shape}: give one prediction a reference.")
    both = np.isfinite(y) & np.isfinite(p)
    return y[both], p[both]


def differences(reference: ArrayLike, predicted: ArrayLike) -> Floats:
    """Predicted minus reference; exactly equal where they are equal but for rounding."""
    y, p = paired(reference, predicted)
    d = p - y
    scale = max(float(np.abs(y).max()), float(np.abs(p).max()))
    return np.full_like(d, d.mean()) if np.ptp(d) <= ROUNDING * scale else d


def is_constant(values: Floats) -> bool:
    """Whether all values are one number but for rounding."""
    return bool(np.ptp(values) <= ROUNDING * np.abs(values).max())


def sample_sd(values: Floats) -> float:
    """Standard deviation with n - 1; 0 for equal values, nan for a single one."""
    if values.size < 2:
        return float("nan")
    return 0.0 if np.ptp(values) == 0 else float(values.std(ddof=1))


def ratings_table(ratings: ArrayLike) -> Floats:
    """Return a finite table of shape (samples, raters) with one row and two columns at least."""
    table = np.asarray(ratings, dtype=np.float64)
    if table.ndim != 2 or table.shape[0] < 1 or table.shape[1] < 2:
        raise ValueError(f"ratings has shape {table.shape}: give a row a film, a column a rater, two raters or more.")
    if not np.isfinite(table).all():
        raise ValueError("ratings holds missing values: drop those films, or use krippendorff_alpha().")
    return table


def check_confidence(confidence: float) -> float:
    """Return a confidence between 0 and 1, or raise a ValueError."""
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence}: give a share between 0 and 1, such as 0.95.")
    return confidence
