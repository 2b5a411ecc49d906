"""Straight lines through scores: how to read a prediction, and whether the model stretches the scale."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ra_bench.metrics._arrays import Floats, is_constant, paired

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


class Line(NamedTuple):
    """A least-squares line; `p` is two-sided for a slope of 0."""

    slope: float
    intercept: float
    p: float


def calibration(reference: ArrayLike, predicted: ArrayLike) -> Line:
    """Least-squares line of the reference on the prediction.

    Parameters
    ----------
    reference, predicted : array_like of shape (n_samples,)
        Scores on one scale, in SvH units.

    Returns
    -------
    Line
        `slope` without unit (best is 1; below 1 the predictions are too spread out), `intercept` in SvH units
        (best is 0), `p` for a slope of 0. nan where the predictions are constant.

    Raises
    ------
    ValueError
        If an array is empty, holds missing values, or the two differ in length.

    Notes
    -----
    The line says how to read a prediction on average. A perfect line goes together with large errors.

    Examples
    --------
    >>> line = calibration([10, 20, 30], [5, 10, 15])
    >>> line.slope, line.intercept
    (2.0, 0.0)
    """
    y, p = paired(reference, predicted)
    return _line(p, y)


def proportional_bias(reference: ArrayLike, predicted: ArrayLike) -> Line:
    """Least-squares line of predicted minus reference on the mean of the two.

    Parameters
    ----------
    reference, predicted : array_like of shape (n_samples,)
        Scores on one scale, in SvH units.

    Returns
    -------
    Line
        `slope` without unit (best is 0; positive when the model stretches the scale), `intercept` in SvH units,
        `p` for a slope of 0. nan for fewer than three films, or where the means are constant.

    Raises
    ------
    ValueError
        If an array is empty, holds missing values, or the two differ in length.

    Notes
    -----
    The slope is 0 where both sides have one SD. A model that shrinks to the mean has a slope below 0.

    References
    ----------
    Bland JM, Altman DG. Stat Methods Med Res 1999;8:135-160.

    Examples
    --------
    >>> proportional_bias([10, 20, 30, 40], [11, 21, 31, 41]).slope
    0.0
    """
    y, p = paired(reference, predicted)
    if y.size < 3:
        return Line(float("nan"), float("nan"), float("nan"))
    return _line((y + p) / 2, p - y)


def _line(x: Floats, y: Floats) -> Line:
    from scipy.special import stdtr

    if x.size < 2 or is_constant(x):
        return Line(float("nan"), float("nan"), float("nan"))
    centred, response = x - x.mean(), y - y.mean()
    slope = float(np.dot(centred, response) / np.dot(centred, centred))
    intercept = float(y.mean() - slope * x.mean())
    residual = response - slope * centred
    # A line without residuals leaves nothing to test the slope with.
    noise = 1e-12 * max(float(np.abs(x).max()), float(np.abs(y).max()))
    if x.size < 3 or np.abs(residual).max() <= noise:
        return Line(slope, intercept, float("nan"))
    error = np.sqrt(np.dot(residual, residual) / (x.size - 2) / np.dot(centred, centred))
    return Line(slope, intercept, float(2 * stdtr(x.size - 2, -abs(slope) / error)))
