"""Whether a difference in means exists, and whether it is small enough not to matter.

A paired t-test that finds nothing is no proof of agreement; equivalence (TOST) is what such a claim needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ra_bench.metrics._arrays import check_confidence, differences, sample_sd

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

_NAN = float("nan")


class TTest(NamedTuple):
    """A t statistic, its degrees of freedom and the two-sided p value."""

    t: float
    df: int
    p: float


def paired_t(reference: ArrayLike, predicted: ArrayLike) -> TTest:
    """Paired t-test of a mean difference of 0.

    Parameters
    ----------
    reference, predicted : array_like of shape (n_samples,)
        Scores on one scale, in SvH units.

    Returns
    -------
    TTest
        `t` without unit, positive when the model scores too high; `df` = n - 1; `p` two-sided, 0 to 1.
        `t` and `p` are nan where all differences are equal, and for a single film.

    Raises
    ------
    ValueError
        If an array is empty, holds missing values, or the two differ in length.

    Notes
    -----
    A large p is not evidence of agreement: a model that always answers the mean of the reference gets p = 1.

    References
    ----------
    Student. Biometrika 1908;6:1-25.

    Examples
    --------
    >>> result = paired_t([10, 20, 30, 40], [11, 23, 30, 44])
    >>> round(result.t, 3), result.df, round(result.p, 3)
    (2.191, 3, 0.116)
    """
    from scipy.special import stdtr

    d = differences(reference, predicted)
    sd = sample_sd(d)
    if not sd > 0:
        return TTest(_NAN, d.size - 1, _NAN)
    t = float(d.mean() / (sd / np.sqrt(d.size)))
    return TTest(t, d.size - 1, float(2 * stdtr(d.size - 1, -abs(t))))


def bias_interval(reference: ArrayLike, predicted: ArrayLike, confidence: float = 0.95) -> tuple[float, float]:
    """Student's t interval of the mean difference.

    Parameters
    ----------
    reference, predicted : array_like of shape (n_samples,)
        Scores on one scale, in SvH units.
    confidence : float
        Wanted coverage, between 0 and 1; 0.90 goes with TOST at the 5 % level.

    Returns
    -------
    low, high : float
        In SvH units; nan for a single film. Both ends are the bias where all differences are equal.

    Raises
    ------
    ValueError
        If `confidence` is not between 0 and 1, or the arrays are not a finite pair.

    Notes
    -----
    It takes films as independent. With several films a patient use `interval(..., method="t")` of the resampling.

    Examples
    --------
    >>> low, high = bias_interval([10, 20, 30, 40], [11, 23, 30, 44], confidence=0.90)
    >>> round(low, 2), round(high, 2)
    (-0.15, 4.15)
    """
    from scipy.special import stdtrit

    check_confidence(confidence)
    d = differences(reference, predicted)
    if d.size < 2:
        return _NAN, _NAN
    half = float(stdtrit(d.size - 1, (1 + confidence) / 2) * sample_sd(d) / np.sqrt(d.size))
    return float(d.mean()) - half, float(d.mean()) + half


def equivalence_margin(reference: ArrayLike, predicted: ArrayLike) -> float:
    """Smallest margin at which the bias would pass TOST at the 5 % level.

    Parameters
    ----------
    reference, predicted : array_like of shape (n_samples,)
        Scores on one scale, in SvH units.

    Returns
    -------
    float
        In SvH units, 0 or more: the larger end, in size, of the 90 % interval of the bias. Best is small.
        nan where all differences are equal, and for a single film.

    Raises
    ------
    ValueError
        If an array is empty, holds missing values, or the two differ in length.

    Notes
    -----
    About the average, not about single patients: show the limits of agreement beside it.

    Examples
    --------
    >>> round(equivalence_margin([10, 20, 30, 40], [11, 23, 30, 44]), 2)
    4.15
    """
    if not sample_sd(differences(reference, predicted)) > 0:
        return _NAN
    return max(abs(end) for end in bias_interval(reference, predicted, confidence=0.90))


class Tost(NamedTuple):
    """Two one-sided t-tests against -margin and +margin; `p` is the larger of the two."""

    estimate: float
    standard_error: float
    df: int
    t_lower: float
    p_lower: float
    t_upper: float
    p_upper: float
    p: float


def tost(reference: ArrayLike, predicted: ArrayLike, margin: float) -> Tost:
    """Test that the mean difference lies within a margin.

    Parameters
    ----------
    reference, predicted : array_like of shape (n_samples,)
        Scores on one scale, in SvH units.
    margin : float
        Largest mean difference that does not matter, in SvH units, above 0. Fix it before looking.

    Returns
    -------
    Tost
        `estimate` and `standard_error` in SvH units; `p` below 0.05 shows a bias within the margin.
        t and p are nan where all differences are equal, and for a single film.

    Raises
    ------
    ValueError
        If the margin is not above 0, or the arrays are not a finite pair.

    Notes
    -----
    A passed test is about the mean. Single films may still differ by far more than the margin.

    References
    ----------
    Schuirmann DJ. J Pharmacokinet Biopharm 1987;15:657-680.

    Examples
    --------
    >>> round(tost([10, 20, 30, 40], [11, 23, 30, 44], margin=5).p, 3)
    0.023
    """
    d = differences(reference, predicted)
    sd = sample_sd(d)
    return tost_from_summary(float(d.mean()), sd, d.size, margin)


def tost_from_summary(mean_difference: float, sd_difference: float, n: int, margin: float) -> Tost:
    """`tost` from the mean and SD of the differences.

    Parameters
    ----------
    mean_difference, sd_difference : float
        In SvH units; the SD with n - 1.
    n : int
        Number of pairs.
    margin : float
        Largest mean difference that does not matter, in SvH units, above 0.

    Returns
    -------
    Tost
        As `tost`.

    Raises
    ------
    ValueError
        If the margin is not above 0.

    References
    ----------
    Schuirmann DJ. J Pharmacokinet Biopharm 1987;15:657-680.

    Examples
    --------
    >>> round(tost_from_summary(1.0, 4.0, 25, margin=3).p, 4)
    0.0098
    """
    from scipy.special import stdtr

    if not margin > 0:
        raise ValueError(f"margin is {margin}: give a number of SvH units above 0.")
    df = n - 1
    error = float(sd_difference / np.sqrt(n)) if n > 0 else _NAN
    if not error > 0 or df < 1:
        return Tost(mean_difference, error, df, _NAN, _NAN, _NAN, _NAN, _NAN)
    t_lower, t_upper = (mean_difference + margin) / error, (mean_difference - margin) / error
    p_lower, p_upper = float(stdtr(df, -t_lower)), float(stdtr(df, t_upper))
    return Tost(mean_difference, error, df, t_lower, p_lower, t_upper, p_upper, max(p_lower, p_upper))
