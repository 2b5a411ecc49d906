"""Whether predictions rise and fall with the reference; blind to a wrong scale or level."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ra_bench.metrics._arrays import check_confidence, is_constant, paired

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def pearson(reference: ArrayLike, predicted: ArrayLike) -> float:
    """Pearson's correlation of prediction and reference: the `rho` of the boards.

    Parameters
    ----------
    reference, predicted : array_like of shape (n_samples,)
        Scores on one scale, in SvH units.

    Returns
    -------
    float
        Between -1 and 1; best is 1. nan for fewer than two films, or where either side is constant.

    Raises
    ------
    ValueError
        If an array is empty, holds missing values, or the two differ in length.

    Notes
    -----
    Doubling every prediction leaves it as it is, and a wide range of severity raises it.
    With two films it is 1 or -1 by construction.

    References
    ----------
    Pearson K. Proc R Soc Lond 1895;58:240-242.

    Examples
    --------
    >>> pearson([1, 2, 3, 4], [10, 20, 30, 40])
    1.0
    """
    y, p = paired(reference, predicted)
    if y.size < 2 or is_constant(y) or is_constant(p):
        return float("nan")
    y, p = y - y.mean(), p - p.mean()
    # Each side by its own length first: squares of squares would overflow or vanish sooner.
    return float(np.clip(np.dot(y / np.linalg.norm(y), p / np.linalg.norm(p)), -1.0, 1.0))


def pearson_p(reference: ArrayLike, predicted: ArrayLike) -> float:
    """Two-sided p value for a correlation of 0.

    Parameters
    ----------
    reference, predicted : array_like of shape (n_samples,)
        Scores on one scale, in SvH units.

    Returns
    -------
    float
        Between 0 and 1, from t with n - 2 degrees of freedom; nan where `pearson` is nan or n < 3.

    Raises
    ------
    ValueError
        If an array is empty, holds missing values, or the two differ in length.

    Notes
    -----
    "Not 0" is a very low bar for two measurements of one thing. It says nothing about agreement.

    Examples
    --------
    >>> round(pearson_p([1, 2, 3, 4, 5], [2, 1, 4, 3, 5]), 4)
    0.1041
    """
    from scipy.special import stdtr

    y, p = paired(reference, predicted)
    rho = pearson(y, p)
    if y.size < 3 or np.isnan(rho):
        return float("nan")
    if abs(rho) == 1:
        return 0.0
    t = rho * np.sqrt((y.size - 2) / ((1 - rho) * (1 + rho)))
    return float(2 * stdtr(y.size - 2, -abs(t)))


def pearson_interval(reference: ArrayLike, predicted: ArrayLike, confidence: float = 0.95) -> tuple[float, float]:
    """Fisher's z interval of Pearson's correlation.

    Parameters
    ----------
    reference, predicted : array_like of shape (n_samples,)
        Scores on one scale, in SvH units.
    confidence : float
        Wanted coverage, between 0 and 1.

    Returns
    -------
    low, high : float
        Between -1 and 1; nan for fewer than four films or a correlation of exactly 1 or -1.

    Raises
    ------
    ValueError
        If `confidence` is not between 0 and 1, or the arrays are not a finite pair.

    Notes
    -----
    It assumes a bivariate normal sample. On skewed SvH scores it covers 77 % where it says 95 %, so that the
    boards resample instead.

    References
    ----------
    Fisher RA. Metron 1921;1:3-32.

    Examples
    --------
    >>> low, high = pearson_interval([1, 2, 3, 4, 5], [2, 1, 4, 3, 5])
    >>> round(low, 3), round(high, 3)
    (-0.28, 0.986)
    """
    from scipy.special import ndtri

    y, p = paired(reference, predicted)
    rho = pearson(y, p)
    reach = ndtri((1 + check_confidence(confidence)) / 2)
    if y.size < 4 or np.isnan(rho) or abs(rho) == 1:
        return float("nan"), float("nan")
    z, half = np.arctanh(rho), reach / np.sqrt(y.size - 3)
    return float(np.tanh(z - half)), float(np.tanh(z + half))


def spearman(reference: ArrayLike, predicted: ArrayLike) -> float:
    """Spearman's rank correlation, ties at their mean rank.

    Parameters
    ----------
    reference, predicted : array_like of shape (n_samples,)
        Scores on one scale, in SvH units.

    Returns
    -------
    float
        Between -1 and 1; best is 1. nan where `pearson` of the ranks is.

    Raises
    ------
    ValueError
        If an array is empty, holds missing values, or the two differ in length.

    Notes
    -----
    Many films of score 0 tie, and the order among them is noise in the prediction.

    References
    ----------
    Spearman C. Am J Psychol 1904;15:72-101.

    Examples
    --------
    >>> spearman([1, 2, 3, 4], [1, 10, 100, 1000])
    1.0
    """
    from scipy.stats import rankdata

    y, p = paired(reference, predicted)
    return pearson(rankdata(y), rankdata(p))


def kendall_tau_b(reference: ArrayLike, predicted: ArrayLike) -> float:
    """Kendall's tau-b: pairs of films in the same order less pairs in the opposite order, with ties allowed for.

    Parameters
    ----------
    reference, predicted : array_like of shape (n_samples,)
        Scores on one scale, in SvH units.

    Returns
    -------
    float
        Between -1 and 1; best is 1. nan for fewer than two films, or where either side is constant.

    Raises
    ------
    ValueError
        If an array is empty, holds missing values, or the two differ in length.

    Notes
    -----
    Smaller than Spearman's correlation on the same data: do not compare one with the other.

    References
    ----------
    Kendall MG. Biometrika 1945;33:239-251.

    Examples
    --------
    >>> round(kendall_tau_b([1, 2, 3, 4], [1, 2, 4, 3]), 4)
    0.6667
    """
    from scipy.stats import kendalltau

    y, p = paired(reference, predicted)
    if y.size < 2 or np.ptp(y) == 0 or np.ptp(p) == 0:
        return float("nan")
    return float(kendalltau(y, p).statistic)


def r_squared(reference: ArrayLike, predicted: ArrayLike) -> float:
    """Share of the reference's variance that the predictions, as they are, leave no error for.

    Parameters
    ----------
    reference, predicted : array_like of shape (n_samples,)
        Scores on one scale, in SvH units.

    Returns
    -------
    float
        1 - SSE / SST; at most 1, 0 for a model that answers the mean, negative for a worse one.
        nan where the reference is constant.

    Raises
    ------
    ValueError
        If an array is empty, holds missing values, or the two differ in length.

    Notes
    -----
    Not the square of Pearson's correlation: bias and a wrong scale count against it.

    Examples
    --------
    >>> r_squared([0, 10], [5, 5])
    0.0
    """
    y, p = paired(reference, predicted)
    if is_constant(y):
        return float("nan")
    return float(1 - np.square(p - y).sum() / np.square(y - y.mean()).sum())
