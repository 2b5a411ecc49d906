"""How far two sources of scores lie apart: limits of agreement and measurement error."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ra_bench.metrics._arrays import check_confidence, differences, sample_sd

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


class Limits(NamedTuple):
    """Limits of agreement, each with its interval; all in SvH units."""

    bias: float
    low: float
    high: float
    low_interval: tuple[float, float]
    high_interval: tuple[float, float]


def limits_of_agreement(reference: ArrayLike, predicted: ArrayLike, confidence: float = 0.95) -> Limits:
    """Bland and Altman's limits: where 95 % of the differences lie.

    Parameters
    ----------
    reference, predicted : array_like of shape (n_samples,)
        Scores on one scale, in SvH units.
    confidence : float
        Wanted coverage of the intervals, between 0 and 1. The limits themselves are always those of 95 %.

    Returns
    -------
    Limits
        `bias`, `low`, `high` = bias -+ 1.96 SD of the differences (n - 1), and the interval of each limit, all in
        SvH units. nan beside the bias for a single film.

    Raises
    ------
    ValueError
        If `confidence` is not between 0 and 1, or the arrays are not a finite pair.

    Notes
    -----
    They take the differences as normal and equally spread. SvH differences widen with severity: the limits are
    then too wide for mild films and too narrow for severe ones. Look at the plot.

    References
    ----------
    Bland JM, Altman DG. Lancet 1986;327:307-310.

    Examples
    --------
    >>> limits = limits_of_agreement([10, 20, 30], [11, 19, 30])
    >>> round(limits.low, 2), round(limits.high, 2)
    (-1.96, 1.96)
    """
    from scipy.special import stdtrit

    d = differences(reference, predicted)
    check_confidence(confidence)
    centre, sd = float(d.mean()), sample_sd(d)
    low, high = centre - _Z * sd, centre + _Z * sd
    quantile = stdtrit(d.size - 1, (1 + confidence) / 2) if d.size > 1 else float("nan")
    # Bland & Altman 1986: the variance of a limit is about 3 s^2 / n
    half = float(quantile * sd * np.sqrt(3 / d.size))
    return Limits(centre, low, high, (low - half, low + half), (high - half, high + half))


_Z = 1.959963984540054  # the 97.5 % point of the standard normal


def sem(reference: ArrayLike, predicted: ArrayLike) -> float:
    """Standard error of measurement of one reading: SD of the differences over sqrt(2).

    Parameters
    ----------
    reference, predicted : array_like of shape (n_samples,)
        Two readings of each film, in SvH units.

    Returns
    -------
    float
        In SvH units, 0 or more; nan for a single film.

    Raises
    ------
    ValueError
        If an array is empty, holds missing values, or the two differ in length.

    Notes
    -----
    It shares the error equally between both sides: right for two like readers, not for a model and a mean of
    readers. Bias does not enter.

    Examples
    --------
    >>> sem([10, 20], [11, 19])
    1.0
    """
    return sample_sd(differences(reference, predicted)) / float(np.sqrt(2))


def sdc(reference: ArrayLike, predicted: ArrayLike, readings: int = 1) -> float:
    """Smallest detectable change: the change that exceeds measurement error.

    Parameters
    ----------
    reference, predicted : array_like of shape (n_samples,)
        Two readings of each film, in SvH units.
    readings : int
        How many readings are averaged into one score: 1 or more.

    Returns
    -------
    float
        1.96 SD of the differences / sqrt(readings), in SvH units, 0 or more; nan for a single film.

    Raises
    ------
    ValueError
        If `readings` is below 1, or the arrays are not a finite pair.

    Notes
    -----
    Taken here from status scores of one visit. Change scores of two visits read together have a smaller one.

    References
    ----------
    Bruynesteyn K et al. Ann Rheum Dis 2005;64:179-182.

    Examples
    --------
    >>> round(sdc([10, 20, 30], [11, 19, 30]), 2)
    1.96
    """
    if readings < 1:
        raise ValueError(f"readings is {readings}: give 1 or more.")
    return _Z * sample_sd(differences(reference, predicted)) / float(np.sqrt(readings))
