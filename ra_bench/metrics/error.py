"""How far predictions are from the reference, in SvH units."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ra_bench.metrics._arrays import paired

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike


def bias(reference: ArrayLike, predicted: ArrayLike) -> float:
    """Mean of predicted minus reference.

    Parameters
    ----------
    reference, predicted : array_like of shape (n_samples,)
        Scores on one scale, in SvH units.

    Returns
    -------
    float
        In SvH units. Positive when the model scores too high; best is 0.

    Raises
    ------
    ValueError
        If an array is empty, holds missing values, or the two differ in length.

    Notes
    -----
    A model that answers the mean of the reference for every film has no bias. Read it beside an error.

    Examples
    --------
    >>> bias([10, 20], [12, 26])
    4.0
    """
    y, p = paired(reference, predicted)
    return float((p - y).mean())


def mae(reference: ArrayLike, predicted: ArrayLike) -> float:
    """Mean absolute error.

    Parameters
    ----------
    reference, predicted : array_like of shape (n_samples,)
        Scores on one scale, in SvH units.

    Returns
    -------
    float
        In SvH units, 0 or more; best is 0.

    Raises
    ------
    ValueError
        If an array is empty, holds missing values, or the two differ in length.

    Notes
    -----
    SvH scores crowd near 0, so that a small MAE can hide large errors on the few severe films: see `balanced_mae`.

    Examples
    --------
    >>> mae([10, 20], [12, 14])
    4.0
    """
    y, p = paired(reference, predicted)
    return float(np.abs(p - y).mean())


def rmse(reference: ArrayLike, predicted: ArrayLike) -> float:
    """Root of the mean squared error.

    Parameters
    ----------
    reference, predicted : array_like of shape (n_samples,)
        Scores on one scale, in SvH units.

    Returns
    -------
    float
        In SvH units, never below the MAE; best is 0.

    Raises
    ------
    ValueError
        If an array is empty, holds missing values, or the two differ in length.

    Notes
    -----
    A few severe films with large errors carry most of it.

    Examples
    --------
    >>> rmse([0, 0], [5, -5])
    5.0
    """
    y, p = paired(reference, predicted)
    return float(np.sqrt(np.square(p - y).mean()))


def median_ae(reference: ArrayLike, predicted: ArrayLike) -> float:
    """Median absolute error.

    Parameters
    ----------
    reference, predicted : array_like of shape (n_samples,)
        Scores on one scale, in SvH units.

    Returns
    -------
    float
        In SvH units, 0 or more; best is 0.

    Raises
    ------
    ValueError
        If an array is empty, holds missing values, or the two differ in length.

    Notes
    -----
    Blind to the worse half of the films.

    Examples
    --------
    >>> median_ae([0, 0, 0], [1, 2, 90])
    2.0
    """
    y, p = paired(reference, predicted)
    return float(np.median(np.abs(p - y)))


def max_ae(reference: ArrayLike, predicted: ArrayLike) -> float:
    """Largest absolute error.

    Parameters
    ----------
    reference, predicted : array_like of shape (n_samples,)
        Scores on one scale, in SvH units.

    Returns
    -------
    float
        In SvH units, 0 or more; best is 0.

    Raises
    ------
    ValueError
        If an array is empty, holds missing values, or the two differ in length.

    Notes
    -----
    One film decides it, and it grows with the size of the test set.

    Examples
    --------
    >>> max_ae([0, 0, 0], [1, 2, -90])
    90.0
    """
    y, p = paired(reference, predicted)
    return float(np.abs(p - y).max())


def within(reference: ArrayLike, predicted: ArrayLike, units: float) -> float:
    """Share of films whose error is at most so many units.

    Parameters
    ----------
    reference, predicted : array_like of shape (n_samples,)
        Scores on one scale, in SvH units.
    units : float
        Largest error that counts, in SvH units, 0 or more.

    Returns
    -------
    float
        Between 0 and 1; best is 1.

    Raises
    ------
    ValueError
        If `units` is negative, or the arrays are not a finite pair.

    Notes
    -----
    An error of exactly `units` counts. Mild films are easy to get within 5 units by always answering little.

    Examples
    --------
    >>> within([0, 0, 0, 0], [1, 5, 6, 40], units=5)
    0.5
    """
    if not units >= 0:
        raise ValueError(f"units is {units}: give 0 or more.")
    y, p = paired(reference, predicted)
    return float((np.abs(p - y) <= units).mean())


def balanced_mae(reference: ArrayLike, predicted: ArrayLike, edges: Sequence[float]) -> float:
    """Mean of the MAEs of the severity strata, each stratum counting the same.

    Parameters
    ----------
    reference, predicted : array_like of shape (n_samples,)
        Scores on one scale, in SvH units.
    edges : sequence of float
        Rising lower edges of the strata after the first, in SvH units of the reference.

    Returns
    -------
    float
        In SvH units, 0 or more; best is 0. Strata without films do not count.

    Raises
    ------
    ValueError
        If the edges do not rise, or the arrays are not a finite pair.

    Notes
    -----
    A stratum of three films counts as much as one of three hundred, and makes the number noisy.

    Examples
    --------
    >>> balanced_mae([0, 0, 0, 100], [1, 1, 1, 111], edges=[50])
    6.0
    """
    if np.any(np.diff(edges) <= 0):
        raise ValueError(f"edges are {list(edges)}: give them rising.")
    y, p = paired(reference, predicted)
    stratum = np.searchsorted(np.asarray(edges, dtype=np.float64), y, side="right")
    error = np.abs(p - y)
    return float(np.mean([error[stratum == index].mean() for index in np.unique(stratum)]))


def rmse_identity(mean_difference: float, sd_reference: float, sd_predicted: float, rho: float) -> float:
    """RMSE that a mean difference, two SDs and a correlation force.

    Parameters
    ----------
    mean_difference : float
        Bias, in SvH units.
    sd_reference, sd_predicted : float
        Standard deviations with 1/n, in SvH units; times sqrt((n - 1) / n) if they were taken with n - 1.
    rho : float
        Pearson correlation, -1 to 1.

    Returns
    -------
    float
        In SvH units: sqrt(bias^2 + s_y^2 + s_p^2 - 2 rho s_y s_p).

    Raises
    ------
    ValueError
        If an SD is negative or `rho` lies outside -1 to 1.

    Notes
    -----
    It holds for every set of pairs, so that a printed row that breaks it cannot describe one sample.

    Examples
    --------
    The readers of Wang et al. 2022, Table 2, who print an RMSE of 18.75:

    >>> round(rmse_identity(0.09, 40.90, 38.78, 0.97), 2)
    9.98
    """
    if sd_reference < 0 or sd_predicted < 0 or not -1 <= rho <= 1:
        raise ValueError(f"SDs are {sd_reference} and {sd_predicted}, rho is {rho}: an SD is 0 or more, rho -1 to 1.")
    spread = (sd_reference - sd_predicted) ** 2 + 2 * (1 - rho) * sd_reference * sd_predicted
    return float(np.sqrt(mean_difference**2 + spread))
