"""What a model says of its own error, held against the error: intervals, normal distributions, an order of films.

Each function gives a number a film, whose mean over films is the measure, so that it resamples like an absolute error.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ra_bench.metrics._arrays import Floats, check_confidence, vector

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def normal_interval(predicted: ArrayLike, sd: ArrayLike, confidence: float) -> tuple[Floats, Floats]:
    """Ends of the central interval of a normal distribution, film by film.

    Parameters
    ----------
    predicted, sd : array_like of shape (n_samples,)
        Mean and standard deviation, in SvH units.
    confidence : float
        Probability of the interval, between 0 and 1.

    Returns
    -------
    lower, upper : ndarray of shape (n_samples,)
        In SvH units, not cut to the ends of the scale.

    Raises
    ------
    ValueError
        If an SD is negative, lengths differ, or `confidence` is no such share.

    Examples
    --------
    >>> lower, upper = normal_interval([20.0], [5.0], 0.95)
    >>> lower.round(2).tolist(), upper.round(2).tolist()
    ([10.2], [29.8])
    """
    from scipy.special import ndtri

    p, s = _with_sd(predicted, sd)
    half = float(ndtri((1 + check_confidence(confidence)) / 2)) * s
    return p - half, p + half


def inside(reference: ArrayLike, lower: ArrayLike, upper: ArrayLike) -> Floats:
    """1 where the reference lies within the interval, its ends included, and 0 elsewhere; the mean is the coverage.

    Examples
    --------
    >>> inside([3.0, 9.0], [3.0, 10.0], [5.0, 12.0]).tolist()
    [1.0, 0.0]
    """
    y, low, high = _with_interval(reference, lower, upper)
    found: Floats = ((low <= y) & (y <= high)).astype(np.float64)
    return found


def interval_score(reference: ArrayLike, lower: ArrayLike, upper: ArrayLike, confidence: float) -> Floats:
    """Width of an interval, and a penalty of 2 / (1 - confidence) times what the reference lies outside.

    Parameters
    ----------
    reference, lower, upper : array_like of shape (n_samples,)
        In SvH units.
    confidence : float
        The interval's nominal coverage, between 0 and 1.

    Returns
    -------
    ndarray of shape (n_samples,)
        In SvH units; best is 0. Least in expectation for the true quantiles, so that neither wide nor narrow ends pay.

    Raises
    ------
    ValueError
        If a lower end is above its upper one, lengths differ, or `confidence` is no such share.

    References
    ----------
    Gneiting & Raftery 2007, J Am Stat Assoc 102:359-378, eq. 43.

    Examples
    --------
    >>> interval_score([4.0, 8.0], [2.0, 2.0], [6.0, 6.0], 0.9).round(6).tolist()
    [4.0, 44.0]
    """
    y, low, high = _with_interval(reference, lower, upper)
    outside = np.maximum(low - y, 0) + np.maximum(y - high, 0)
    score: Floats = high - low + 2 / (1 - check_confidence(confidence)) * outside
    return score


def crps_normal(reference: ArrayLike, predicted: ArrayLike, sd: ArrayLike) -> Floats:
    """Continuous ranked probability score of a normal distribution, film by film.

    Parameters
    ----------
    reference, predicted, sd : array_like of shape (n_samples,)
        What was found, and the mean and standard deviation that were predicted, in SvH units.

    Returns
    -------
    ndarray of shape (n_samples,)
        In SvH units; best is 0. With an SD of 0 it is the absolute error, so that its mean may stand beside the MAE.

    Raises
    ------
    ValueError
        If an SD is negative, or lengths differ.

    References
    ----------
    Gneiting & Raftery 2007, J Am Stat Assoc 102:359-378, eq. 21.

    Examples
    --------
    >>> crps_normal([12.0, 12.0], [10.0, 10.0], [0.0, 2.0]).round(4).tolist()
    [2.0, 1.2049]
    """
    from scipy.special import ndtr

    p, s = _with_sd(predicted, sd)
    y = _as_long("reference", reference, p)
    error = np.abs(y - p)
    z = np.divide(error, s, out=np.zeros_like(error), where=s > 0)
    density = np.exp(-np.square(z) / 2) / np.sqrt(2 * np.pi)
    score: Floats = np.where(s > 0, s * (z * (2 * ndtr(z) - 1) + 2 * density - 1 / np.sqrt(np.pi)), error)
    return score


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RiskCoverage:
    """Mean absolute error of the k films of which a model is most certain, k from 1 to n, and the mean of these errors.

    `best` is the least area that an order of these errors can have; in no order at all it is the MAE.
    """

    risk: Floats  # (n,)
    area: float
    best: float


def risk_coverage(reference: ArrayLike, predicted: ArrayLike, doubt: ArrayLike) -> RiskCoverage:
    """The error that is left when the most uncertain films are set aside for a reader.

    Parameters
    ----------
    reference, predicted : array_like of shape (n_samples,)
        In SvH units.
    doubt : array_like of shape (n_samples,)
        Larger where the model is less certain, such as an SD; only its order counts.

    Returns
    -------
    RiskCoverage
        In SvH units. Films of equal doubt are set aside in a random order: the expectation over it.

    Raises
    ------
    ValueError
        If lengths differ or a value is missing.

    Notes
    -----
    Severe films have both larger errors and larger SDs, so that a model may look wise by setting severe films aside.

    References
    ----------
    Geifman, Uziel & El-Yaniv 2019, Bias-reduced uncertainty estimation (AURC, as a mean over coverages).

    Examples
    --------
    >>> found = risk_coverage([10, 10, 10], [11, 13, 18], [0.1, 0.2, 0.3])
    >>> found.risk.tolist(), round(found.area, 4)
    ([1.0, 2.0, 4.0], 2.3333)
    """
    y = vector("reference", reference)
    error = np.abs(_as_long("predicted", predicted, y) - y)
    _, group = np.unique(_as_long("doubt", doubt, y), return_inverse=True)
    # Within a tie every film stands for the mean of the tie
    level = (np.bincount(group, error) / np.bincount(group))[group]
    risk = _running_mean(level[np.argsort(group, kind="stable")])
    return RiskCoverage(risk=risk, area=float(risk.mean()), best=float(_running_mean(np.sort(error)).mean()))


def _running_mean(values: Floats) -> Floats:
    found: Floats = np.cumsum(values) / np.arange(1, values.size + 1)
    return found


def _with_sd(predicted: ArrayLike, sd: ArrayLike) -> tuple[Floats, Floats]:
    p = vector("predicted", predicted)
    s = _as_long("sd", sd, p)
    if (s < 0).any():
        raise ValueError(f"sd holds {s.min():g}: a standard deviation is 0 or more.")
    return p, s


def _with_interval(reference: ArrayLike, lower: ArrayLike, upper: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Ends may be infinite: an interval that nothing bounds."""
    y = vector("reference", reference)
    low, high = (np.asarray(end, dtype=np.float64) for end in (lower, upper))
    if low.shape != y.shape or high.shape != y.shape:
        raise ValueError(f"lower has shape {low.shape}, upper {high.shape}, reference {y.shape}: give each film both.")
    if not (low <= high).all():
        raise ValueError("lower is above upper, or one of them is missing: give each film an interval.")
    return y, low, high


def _as_long(name: str, values: ArrayLike, other: Floats) -> Floats:
    found = vector(name, values)
    if found.size != other.size:
        raise ValueError(f"{name} has {found.size} values for {other.size} films: give one a film.")
    return found
