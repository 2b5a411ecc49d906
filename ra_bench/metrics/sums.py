"""The eight sums that most metrics are functions of.

For every film, with y the reference, p the prediction (both shifted by one origin) and d = p - y::

    1, y, y^2, p, p^2, y p, |d|, d^2

Added up over films they give bias, MAE, RMSE, Pearson's rho, CCC and ICC(A,1). A resample of patients
only weights those sums, so that one matrix product resamples every such metric at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from ra_bench.metrics._arrays import Floats

COLUMNS = ("1", "y", "y^2", "p", "p^2", "yp", "|d|", "d^2")

# Below this share of the mean square a variance is rounding, and the values are one number.
_NO_VARIANCE = 1e-12


def power_sums(reference: ArrayLike, predicted: ArrayLike, origin: float | None = None) -> Floats:
    """The eight terms of every film; add rows up to get the sums.

    Parameters
    ----------
    reference, predicted : array_like of shape (n_samples,)
        Scores on one scale, in SvH units. A pair with a missing side gives a row of zeros.
    origin : float, optional
        Subtracted from both before powers are taken; the mean of the present references if not given.

    Returns
    -------
    ndarray of shape (n_samples, 8)
        Columns as in `COLUMNS`.

    Raises
    ------
    ValueError
        If the two differ in length.

    Notes
    -----
    Without the shift, squares of large numbers lose the digits that variances are made of.

    Examples
    --------
    >>> power_sums([10, 20], [12, 26]).sum(axis=0).tolist()
    [2.0, 0.0, 50.0, 8.0, 130.0, 70.0, 8.0, 40.0]
    """
    y, p = np.asarray(reference, dtype=np.float64), np.asarray(predicted, dtype=np.float64)
    if y.shape != p.shape or y.ndim != 1:
        raise ValueError(f"reference has shape {y.shape} and predicted {p.shape}: give one prediction a reference.")
    present = np.isfinite(y) & np.isfinite(p)
    terms = np.zeros((y.size, len(COLUMNS)))
    if not present.any():
        return terms
    y, p = y[present], p[present]
    origin = float(y.mean()) if origin is None else origin
    d, y, p = p - y, y - origin, p - origin
    terms[present] = np.column_stack([np.ones_like(y), y, y * y, p, p * p, y * p, np.abs(d), d * d])
    return terms


class Moments(NamedTuple):
    """Means over films, each of the shape that the sums had but for their last axis; variances with 1/n."""

    films: Floats
    bias: Floats
    mean_absolute: Floats
    mean_square: Floats
    variance_reference: Floats
    variance_predicted: Floats
    covariance: Floats


def moments(sums: Floats) -> Moments:
    """Turn sums into means, variances and the covariance.

    Parameters
    ----------
    sums : ndarray of shape (..., 8)
        Added rows of `power_sums`.

    Returns
    -------
    Moments
        In SvH units and their squares; nan where the count is 0.

    Notes
    -----
    A variance that is rounding only is returned as 0, and so is the covariance beside it.

    Examples
    --------
    >>> m = moments(power_sums([10, 20], [12, 26]).sum(axis=0))
    >>> float(m.bias), float(m.variance_reference), float(m.covariance)
    (4.0, 25.0, 35.0)
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        count = sums[..., 0]
        y, yy, p, pp, yp, absolute, square = np.moveaxis(sums[..., 1:] / count[..., None], -1, 0)
    variance_y, variance_p = yy - y * y, pp - p * p
    variance_y = np.where(variance_y <= _NO_VARIANCE * yy, 0.0, variance_y)
    variance_p = np.where(variance_p <= _NO_VARIANCE * pp, 0.0, variance_p)
    covariance = np.where((variance_y == 0) | (variance_p == 0), 0.0, yp - y * p)
    empty = count == 0
    return Moments(
        count,
        p - y,
        absolute,
        square,
        np.where(empty, np.nan, variance_y),
        np.where(empty, np.nan, variance_p),
        np.where(empty, np.nan, covariance),
    )


def _mean(sums: Floats, column: str) -> Floats:
    """The mean over films that `moments` finds, where no other is needed."""
    with np.errstate(divide="ignore", invalid="ignore"):
        mean: Floats = sums[..., COLUMNS.index(column)] / sums[..., 0]
    return mean


def bias_from_sums(sums: Floats) -> Floats:
    """Mean of predicted minus reference, of every row of sums.

    Parameters
    ----------
    sums : ndarray of shape (..., 8)
        Added rows of `power_sums`.

    Returns
    -------
    ndarray of shape (...)
        In SvH units; nan where there are no films.

    Examples
    --------
    >>> round(float(bias_from_sums(power_sums([10, 20], [12, 26]).sum(axis=0))), 4)
    4.0
    """
    return _mean(sums, "p") - _mean(sums, "y")


def mae_from_sums(sums: Floats) -> Floats:
    """Mean absolute error, of every row of sums.

    Parameters
    ----------
    sums : ndarray of shape (..., 8)
        Added rows of `power_sums`.

    Returns
    -------
    ndarray of shape (...)
        In SvH units, 0 or more; nan where there are no films.

    Examples
    --------
    >>> round(float(mae_from_sums(power_sums([10, 20], [12, 14]).sum(axis=0))), 4)
    4.0
    """
    return _mean(sums, "|d|")


def rmse_from_sums(sums: Floats) -> Floats:
    """Root of the mean squared error, of every row of sums.

    Parameters
    ----------
    sums : ndarray of shape (..., 8)
        Added rows of `power_sums`.

    Returns
    -------
    ndarray of shape (...)
        In SvH units, 0 or more; nan where there are no films.

    Examples
    --------
    >>> round(float(rmse_from_sums(power_sums([0, 0], [5, -5]).sum(axis=0))), 4)
    5.0
    """
    root: Floats = np.sqrt(_mean(sums, "d^2"))
    return root


def pearson_from_sums(sums: Floats) -> Floats:
    """Pearson's correlation, of every row of sums.

    Parameters
    ----------
    sums : ndarray of shape (..., 8)
        Added rows of `power_sums`.

    Returns
    -------
    ndarray of shape (...)
        Between -1 and 1; nan where either side is constant.

    Examples
    --------
    >>> round(float(pearson_from_sums(power_sums([1, 2, 3], [1, 3, 2]).sum(axis=0))), 4)
    0.5
    """
    m = moments(sums)
    with np.errstate(divide="ignore", invalid="ignore"):
        rho: Floats = np.clip(m.covariance / np.sqrt(m.variance_reference * m.variance_predicted), -1.0, 1.0)
    return rho


def ccc_from_sums(sums: Floats) -> Floats:
    """Lin's concordance correlation coefficient, of every row of sums.

    Parameters
    ----------
    sums : ndarray of shape (..., 8)
        Added rows of `power_sums`.

    Returns
    -------
    ndarray of shape (...)
        Between -1 and 1; nan where both sides are one and the same constant.

    Examples
    --------
    >>> round(float(ccc_from_sums(power_sums([1, 2, 3], [1, 3, 2]).sum(axis=0))), 4)
    0.5
    """
    m = moments(sums)
    with np.errstate(divide="ignore", invalid="ignore"):
        value: Floats = 2 * m.covariance / (m.variance_reference + m.variance_predicted + m.bias**2)
    return value


def icc_a_1_from_sums(sums: Floats) -> Floats:
    """ICC(A,1) of reference and prediction as two raters, of every row of sums.

    Parameters
    ----------
    sums : ndarray of shape (..., 8)
        Added rows of `power_sums`.

    Returns
    -------
    ndarray of shape (...)
        At most 1, and below 0 when they disagree more than films differ; nan below two films.

    Examples
    --------
    >>> round(float(icc_a_1_from_sums(power_sums([1, 2, 3], [1, 3, 2]).sum(axis=0))), 4)
    0.6
    """
    m = moments(sums)
    with np.errstate(divide="ignore", invalid="ignore"):
        unbiased = m.films / (m.films - 1)
        total = unbiased * (m.variance_reference + m.variance_predicted)
        # McGraw & Wong 1996, ICC(A,1) with k = 2, written in variances instead of mean squares
        raters = m.bias**2 - unbiased * (m.mean_square - m.bias**2) / m.films
        value: Floats = np.where(m.films > 1, 2 * unbiased * m.covariance / (total + raters), np.nan)
    return value
