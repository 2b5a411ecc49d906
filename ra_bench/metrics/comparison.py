"""Tests between models: many p values, repeated splits, many cohorts, two correlations with one reference."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ra_bench.metrics._arrays import Floats, is_constant, vector
from ra_bench.metrics.equivalence import TTest

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike

_NAN = float("nan")


def adjust_holm(p_values: ArrayLike) -> Floats:
    """Holm's adjustment of several p values: keeps the chance of any false finding.

    Parameters
    ----------
    p_values : array_like of shape (n_tests,)
        Between 0 and 1; nan for a test that could not be made, which then does not count as one.

    Returns
    -------
    ndarray of shape (n_tests,)
        Between 0 and 1, in the given order; nan stays nan.

    Raises
    ------
    ValueError
        If a p value lies outside 0 to 1.

    References
    ----------
    Holm S. Scand J Stat 1979;6:65-70.

    Examples
    --------
    >>> adjust_holm([0.01, 0.04, float("nan"), 0.03]).round(2).tolist()
    [0.03, 0.06, nan, 0.06]
    """
    return _adjust(p_values, lambda rising: np.maximum.accumulate(rising * np.arange(rising.size, 0, -1)))


def adjust_bh(p_values: ArrayLike) -> Floats:
    """Benjamini and Hochberg's adjustment of several p values: keeps the share of false findings.

    Parameters
    ----------
    p_values : array_like of shape (n_tests,)
        Between 0 and 1; nan for a test that could not be made, which then does not count as one.

    Returns
    -------
    ndarray of shape (n_tests,)
        Between 0 and 1, in the given order; nan stays nan.

    Raises
    ------
    ValueError
        If a p value lies outside 0 to 1.

    Notes
    -----
    For independent or positively dependent tests, as those of models on one test set mostly are.

    References
    ----------
    Benjamini Y, Hochberg Y. J R Stat Soc B 1995;57:289-300.

    Examples
    --------
    >>> adjust_bh([0.01, 0.04, 0.03, 0.5]).round(4).tolist()
    [0.04, 0.0533, 0.0533, 0.5]
    """
    return _adjust(
        p_values,
        lambda rising: np.minimum.accumulate((rising / (np.arange(1, rising.size + 1) / rising.size))[::-1])[::-1],
    )


def _adjust(p_values: ArrayLike, of_rising: Callable[[Floats], Floats]) -> Floats:
    adjusted = np.array(p_values, dtype=np.float64)
    if adjusted.ndim != 1 or ((adjusted < 0) | (adjusted > 1)).any():
        raise ValueError("p_values must be a list of numbers between 0 and 1.")
    made = np.flatnonzero(~np.isnan(adjusted))
    order = made[np.argsort(adjusted[made])]
    adjusted[order] = np.minimum(of_rising(adjusted[order]), 1.0)
    return adjusted


def corrected_t(differences: ArrayLike, n_train: int, n_test: int) -> TTest:
    """Nadeau and Bengio's t-test over repeated random splits.

    Parameters
    ----------
    differences : array_like of shape (n_splits,)
        Difference of two models on the test side of each split, any unit.
    n_train, n_test : int
        Films on either side of a split, 1 or more.

    Returns
    -------
    TTest
        `df` = n_splits - 1; t and p are nan for one split or equal differences.

    Raises
    ------
    ValueError
        If a count is below 1 or a difference is missing.

    Notes
    -----
    The plain t-test takes overlapping splits as independent and finds far too much.

    References
    ----------
    Nadeau C, Bengio Y. Mach Learn 2003;52:239-281.

    Examples
    --------
    >>> result = corrected_t([0.2, 0.1, 0.4, 0.3], n_train=90, n_test=10)
    >>> round(result.t, 3), round(result.p, 3)
    (3.223, 0.048)
    """
    from scipy.special import stdtr

    d = vector("differences", differences)
    if n_train < 1 or n_test < 1:
        raise ValueError(f"n_train is {n_train} and n_test {n_test}: give 1 or more.")
    if d.size < 2 or is_constant(d):
        return TTest(_NAN, d.size - 1, _NAN)
    t = float(d.mean() / np.sqrt((1 / d.size + n_test / n_train) * d.var(ddof=1)))
    return TTest(t, d.size - 1, float(2 * stdtr(d.size - 1, -abs(t))))


def williams_t(n: int, rho_12: float, rho_13: float, rho_23: float) -> TTest:
    """Williams' t-test of two correlations that share a variable.

    Parameters
    ----------
    n : int
        Films, 4 or more.
    rho_12, rho_13 : float
        Correlations of the reference with two models, -1 to 1.
    rho_23 : float
        Correlation of the two models, -1 to 1.

    Returns
    -------
    TTest
        `df` = n - 3; t and p are nan where the three correlations leave no variance.

    Raises
    ------
    ValueError
        If `n` is below 4 or a correlation lies outside -1 to 1.

    Notes
    -----
    For normal scores. On skewed SvH scores prefer the paired bootstrap of the difference.

    References
    ----------
    Williams EJ. J R Stat Soc B 1959;21:396-399. Steiger JH. Psychol Bull 1980;87:245-251.

    Examples
    --------
    >>> result = williams_t(103, 0.4, 0.5, 0.1)
    >>> round(result.t, 2), result.df
    (-0.89, 100)
    """
    from scipy.special import stdtr

    if n < 4 or max(abs(rho_12), abs(rho_13), abs(rho_23)) > 1:
        raise ValueError(f"n is {n}, correlations {rho_12}, {rho_13}, {rho_23}: give n of 4 or more and -1 to 1.")
    determinant = 1 - rho_12**2 - rho_13**2 - rho_23**2 + 2 * rho_12 * rho_13 * rho_23
    mean = (rho_12 + rho_13) / 2
    below = 2 * (n - 1) / (n - 3) * determinant + mean**2 * (1 - rho_23) ** 3
    above = (n - 1) * (1 + rho_23)
    if not below > 0 or not above > 0:
        return TTest(_NAN, n - 3, _NAN)
    t = float((rho_12 - rho_13) * np.sqrt(above / below))
    return TTest(t, n - 3, float(2 * stdtr(n - 3, -abs(t))))


class Friedman(NamedTuple):
    """Mean rank of each method (1 is best), Friedman's chi-squared and Iman and Davenport's F."""

    mean_ranks: tuple[float, ...]
    chi_squared: float
    iman_davenport: float


def friedman(scores: ArrayLike) -> Friedman:
    """Friedman's test of methods over several cohorts.

    Parameters
    ----------
    scores : array_like of shape (n_cohorts, n_methods)
        Any score where high is best; negate errors. Two methods or more.

    Returns
    -------
    Friedman
        Statistics without unit, 0 or more, without the correction for ties; F is infinite where all cohorts agree.

    Raises
    ------
    ValueError
        If there is no cohort or only one method, or the table holds missing values.

    Notes
    -----
    For five cohorts and more. Folds of one cohort are not cohorts.

    References
    ----------
    Demsar J. J Mach Learn Res 2006;7:1-30.

    Examples
    --------
    >>> friedman([[0.9, 0.8, 0.7], [0.9, 0.7, 0.8], [0.8, 0.9, 0.7], [0.9, 0.8, 0.6]]).mean_ranks
    (1.25, 2.0, 2.75)
    """
    from scipy.stats import rankdata

    from ra_bench.metrics._arrays import ratings_table

    table = ratings_table(scores)
    n, k = table.shape
    means = rankdata(-table, axis=1).mean(axis=0)
    chi_squared = float(12 * n / (k * (k + 1)) * (np.square(means).sum() - k * (k + 1) ** 2 / 4))
    rest = n * (k - 1) - chi_squared
    f = (n - 1) * chi_squared / rest if rest > 1e-12 else float("inf")
    return Friedman(tuple(means.tolist()), chi_squared, f)


def nemenyi_difference(n_methods: int, n_cohorts: int, alpha: float = 0.05) -> float:
    """Nemenyi's critical difference of two mean ranks.

    Parameters
    ----------
    n_methods, n_cohorts : int
        2 or more methods, 1 or more cohorts.
    alpha : float
        Level of the test, between 0 and 1.

    Returns
    -------
    float
        In ranks. Mean ranks further apart than this differ.

    Raises
    ------
    ValueError
        If a count is too small or `alpha` is not between 0 and 1.

    References
    ----------
    Demsar J. J Mach Learn Res 2006;7:1-30.

    Examples
    --------
    Four methods on fourteen data sets, in Demsar's paper 1.25 with a rounded quantile:

    >>> round(nemenyi_difference(4, 14), 2)
    1.25
    """
    from scipy.stats import studentized_range

    if n_methods < 2 or n_cohorts < 1 or not 0 < alpha < 1:
        raise ValueError(f"{n_methods} methods, {n_cohorts} cohorts, alpha {alpha}: give 2 and 1 or more, and a share.")
    quantile = studentized_range.ppf(1 - alpha, n_methods, np.inf) / np.sqrt(2)
    return float(quantile * np.sqrt(n_methods * (n_methods + 1) / (6 * n_cohorts)))
