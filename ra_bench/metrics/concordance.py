"""Lin's concordance: correlation, with a penalty for a wrong scale or level."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ra_bench.metrics._arrays import Floats, check_confidence, is_constant, paired
from ra_bench.metrics.correlation import pearson

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def ccc(reference: ArrayLike, predicted: ArrayLike) -> float:
    """Lin's concordance correlation coefficient.

    Parameters
    ----------
    reference, predicted : array_like of shape (n_samples,)
        Scores on one scale, in SvH units.

    Returns
    -------
    float
        Between -1 and 1; best is 1. 0 where one side is constant, nan where both are one and the same constant.

    Raises
    ------
    ValueError
        If an array is empty, holds missing values, or the two differ in length.

    Notes
    -----
    Moments with 1/n, as Lin defined it. It is Pearson's correlation times a penalty for bias and wrong scale, and
    like that correlation it rises with the range of severity in the cohort: never compare it across cohorts.

    References
    ----------
    Lin LI. Biometrics 1989;45:255-268.

    Examples
    --------
    >>> round(ccc([1, 2, 3], [2, 3, 4]), 4)
    0.5714
    """
    y, p = paired(reference, predicted)
    return _concordance(y, p, y.size)


def ccc_unbiased(reference: ArrayLike, predicted: ArrayLike) -> float:
    """`ccc` with variances and covariance divided by n - 1.

    Parameters
    ----------
    reference, predicted : array_like of shape (n_samples,)
        Scores on one scale, in SvH units.

    Returns
    -------
    float
        Between -1 and 1; best is 1. nan for a single film, and where `ccc` is nan.

    Raises
    ------
    ValueError
        If an array is empty, holds missing values, or the two differ in length.

    Notes
    -----
    Differs from `ccc` in the squared bias only, by a share of about 1/n of it.

    References
    ----------
    Lin LI. Biometrics 1989;45:255-268.

    Examples
    --------
    >>> round(ccc_unbiased([1, 2, 3], [2, 3, 4]), 4)
    0.6667
    """
    y, p = paired(reference, predicted)
    return _concordance(y, p, y.size - 1) if y.size > 1 else float("nan")


def _concordance(y: Floats, p: Floats, divisor: int) -> float:
    shift = float((p - y).mean())
    centred_y, centred_p = y - y.mean(), p - p.mean()
    if is_constant(y) and is_constant(p):
        return 0.0 if shift != 0 else float("nan")
    spread = (np.dot(centred_y, centred_y) + np.dot(centred_p, centred_p)) / divisor
    return float(2 * np.dot(centred_y, centred_p) / divisor / (spread + shift**2))


class Shifts(NamedTuple):
    """What lies between correlation and concordance."""

    bias_correction: float
    scale: float
    location: float


def ccc_shifts(reference: ArrayLike, predicted: ArrayLike) -> Shifts:
    """Why concordance is below correlation: wrong scale or wrong level.

    Parameters
    ----------
    reference, predicted : array_like of shape (n_samples,)
        Scores on one scale, in SvH units.

    Returns
    -------
    Shifts
        Without unit: `bias_correction` = ccc / rho (0 to 1, best 1), `scale` = s_p / s_y (best 1),
        `location` = bias / sqrt(s_y s_p) with SDs of 1/n (best 0). nan where either side is constant.

    Raises
    ------
    ValueError
        If an array is empty, holds missing values, or the two differ in length.

    Notes
    -----
    The bias correction is undefined at a correlation of 0, and wild near it.

    References
    ----------
    Lin LI. Biometrics 1989;45:255-268.

    Examples
    --------
    >>> ccc_shifts([1, 2, 3], [2, 4, 6]).scale
    2.0
    """
    y, p = paired(reference, predicted)
    rho, nan = pearson(y, p), float("nan")
    if np.isnan(rho):
        return Shifts(nan, nan, nan)
    sd_y, sd_p = float(y.std()), float(p.std())  # 1/n, as in Lin 1989
    correction = ccc(y, p) / rho if rho != 0 else nan
    return Shifts(correction, sd_p / sd_y, float((p - y).mean() / np.sqrt(sd_y * sd_p)))


class CccInterval(NamedTuple):
    """Standard error of Lin's coefficient and the ends of its z interval."""

    standard_error: float
    low: float
    high: float


def ccc_interval(reference: ArrayLike, predicted: ArrayLike, confidence: float = 0.95) -> CccInterval:
    """Lin's z interval of the concordance correlation coefficient.

    Parameters
    ----------
    reference, predicted : array_like of shape (n_samples,)
        Scores on one scale, in SvH units.
    confidence : float
        Wanted coverage, between 0 and 1.

    Returns
    -------
    CccInterval
        `standard_error`, `low`, `high`, without unit; nan for fewer than three films, where either side is
        constant, and where correlation is 0 or 1 in size.

    Raises
    ------
    ValueError
        If `confidence` is not between 0 and 1, or the arrays are not a finite pair.

    Notes
    -----
    It assumes a bivariate normal sample. On skewed SvH scores it covers 78 % where it says 95 %, so that the
    boards resample instead.

    References
    ----------
    Lin LI. Biometrics 2000;56:324-325 (the corrected variance).

    Examples
    --------
    >>> found = ccc_interval([1, 2, 3, 4, 5], [1, 3, 2, 5, 4])
    >>> round(found.low, 3), round(found.high, 3)
    (-0.033, 0.977)
    """
    from scipy.special import ndtri

    y, p = paired(reference, predicted)
    reach = ndtri((1 + check_confidence(confidence)) / 2)
    rho, value, nan = pearson(y, p), ccc(y, p), float("nan")
    if y.size < 3 or np.isnan(rho) or rho == 0 or 1 - abs(rho) < 1e-14:
        return CccInterval(nan, nan, nan)
    u = ccc_shifts(y, p).location
    # Lin 2000, the variance of the coefficient itself
    variance = (1 - rho**2) * value**2 * (1 - value**2) / rho**2
    variance += 2 * value**3 * (1 - value) * u**2 / rho - value**4 * u**4 / (2 * rho**2)
    if variance < 0:
        return CccInterval(nan, nan, nan)
    error = float(np.sqrt(variance / (y.size - 2)))
    z, half = np.arctanh(value), reach * error / (1 - value**2)
    return CccInterval(error, float(np.tanh(z - half)), float(np.tanh(z + half)))
