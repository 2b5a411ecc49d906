"""How many films it takes to tell two RMSEs apart."""

from __future__ import annotations

from math import ceil, isfinite
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ra_bench.metrics._arrays import check_confidence
from ra_bench.metrics.intervals import detectable_difference

if TYPE_CHECKING:
    from ra_bench.metrics.resampling import Resampled

#: Kurtosis of normal errors, and about that of two simulated SvH readers (8.2); models of the suite have 6 to 8.
NORMAL, HEAVY = 3.0, 8.0
#: No study has more films; what needs more is answered with an error.
MOST = 100_000_000


class Needed(NamedTuple):
    """Films that are needed, and patients when each has the same number of films."""

    films: int
    patients: int


def films_to_separate(
    rmse_1: float,
    rmse_2: float,
    *,
    correlation: float,
    kurtosis: float = NORMAL,
    power: float = 0.80,
    confidence: float = 0.95,
    films_a_patient: int = 1,
    within_patient: float = 0.0,
) -> Needed:
    """Films on which a paired interval of the difference of two RMSEs excludes 0.

    Parameters
    ----------
    rmse_1, rmse_2 : float
        True RMSEs, in SvH units, above 0 and different.
    correlation : float
        Of the errors (predicted minus reference) of the two models on one film, between -1 and 1.
    kurtosis : float
        Mean fourth power of an error over the square of its mean square, 1.5 or more: 3 for normal errors, about 8
        for SvH scores, whose errors grow with the score.
    power : float
        Wanted chance of an interval that excludes 0, between 0 and 1.
    confidence : float
        Coverage of that interval, between 0 and 1.
    films_a_patient : int
        Films of each patient, 1 or more.
    within_patient : float
        Correlation of the squared errors of two films of one patient, 0 to 1.

    Returns
    -------
    Needed
        Films, 2 or more, and patients.

    Raises
    ------
    ValueError
        If a value is out of its range, the RMSEs are equal, or more than a hundred million films would be needed.

    Notes
    -----
    n = (z + z')^2 V / (rmse_1 - rmse_2)^2, where V / n is the delta-method variance of the difference of two RMSEs
    whose errors have one elliptical distribution about 0: var d_i^2 = (kurtosis - 1) rmse_i^4 and
    cov(d_1^2, d_2^2) = rmse_1^2 rmse_2^2 (kurtosis (1 + 2 r^2) / 3 - 1). Heavy tails, errors that go their own ways
    and films of the same patients all cost films. A large-sample figure: below some 30 films it is too small.

    References
    ----------
    Muirhead RJ. Aspects of Multivariate Statistical Theory. Wiley 1982, section 1.6 (kurtosis of elliptical
    distributions). Donner A, Klar N. Design and Analysis of Cluster Randomization Trials. Arnold 2000, section 5.3
    (films of one patient). For normal errors near the test of Morgan WA. Biometrika 1939;31:13-19.

    Examples
    --------
    >>> films_to_separate(20.0, 22.0, correlation=0.5)
    Needed(films=652, patients=652)
    >>> films_to_separate(20.0, 22.0, correlation=0.5, kurtosis=8).films
    1741
    """
    from scipy.special import ndtri

    _check_separable(rmse_1, rmse_2, correlation, kurtosis)
    check_share("power", power)
    check_confidence(confidence)
    if films_a_patient < 1 or not 0 <= within_patient <= 1:
        raise ValueError(
            f"films_a_patient is {films_a_patient} and within_patient {within_patient}: give 1 or more, and 0 to 1."
        )
    product = rmse_1 * rmse_2
    variance = (kurtosis - 1) * (rmse_1**2 + rmse_2**2) / 4 - product / 2 * (
        kurtosis * (1 + 2 * correlation**2) / 3 - 1
    )
    z = float(ndtri((1 + confidence) / 2) + ndtri(power))
    films = max(2.0, z**2 * variance / (rmse_1 - rmse_2) ** 2)
    # the same information in patients of several films
    patients = whole(films * (1 + (films_a_patient - 1) * within_patient) / films_a_patient)
    return Needed(films=patients * films_a_patient, patients=patients)


def patients_to_separate(
    resampled: Resampled, true_difference: float, power: float = 0.80, confidence: float = 0.95
) -> int:
    """Patients like these on which a paired difference would be found.

    Parameters
    ----------
    resampled : Resampled
        Paired difference of a metric of two models on the films at hand, as from `difference`.
    true_difference : float
        Difference that is to be found, in the unit of the metric, not 0.
    power : float
        Wanted chance of finding it, between 0 and 1.
    confidence : float
        Coverage of the interval that must exclude 0, between 0 and 1.

    Returns
    -------
    int
        Patients, 2 or more; 0 where the difference does not vary over resamples, so that nothing can be said.

    Raises
    ------
    ValueError
        If the difference is 0 or not finite, or `power` or `confidence` is not between 0 and 1.

    Notes
    -----
    Assumes no distribution: the bootstrap's standard error shrinks with the root of the number of patients. An
    observed difference is a poor guess of the true one: plan for the smallest that would matter.

    Examples
    --------
    >>> from ra_bench.metrics import bias_from_sums, draw_patients, resample_metric, resample_sums
    >>> sums, = resample_sums(draw_patients(range(4)), [10, 20, 30, 40], [[11, 23, 30, 44]])
    >>> patients_to_separate(resample_metric(bias_from_sums, sums), 1.0)
    20
    """
    if not isfinite(true_difference) or true_difference == 0:
        raise ValueError(f"true_difference is {true_difference}: give a difference that is to be found, such as 1.")
    least = detectable_difference(resampled, power, confidence)
    patients = resampled.jackknife.size
    return 0 if np.isnan(least) else max(2, whole(patients * (least / true_difference) ** 2))


def _check_separable(rmse_1: float, rmse_2: float, correlation: float, kurtosis: float) -> None:
    if not (rmse_1 > 0 and rmse_2 > 0 and isfinite(rmse_1) and isfinite(rmse_2)):
        raise ValueError(f"the RMSEs are {rmse_1} and {rmse_2}: give two numbers above 0.")
    if rmse_1 == rmse_2:
        raise ValueError(f"both RMSEs are {rmse_1}: no number of films separates equal ones.")
    if not -1 <= correlation <= 1:
        raise ValueError(f"correlation is {correlation}: give the correlation of the errors, -1 to 1.")
    if not (kurtosis >= 1.5 and isfinite(kurtosis)):
        raise ValueError(f"kurtosis is {kurtosis}: give 1.5 or more, 3 for normal errors, about 8 for SvH scores.")


def check_share(name: str, share: float) -> None:
    """Raise a ValueError unless a share lies between 0 and 1."""
    if not 0 < share < 1:
        raise ValueError(f"{name} is {share}: give a share between 0 and 1.")


def whole(films: float) -> int:
    """So many whole films, or a ValueError where no study has so many."""
    if films > MOST:
        raise ValueError(f"more than {MOST:,} films would be needed: no study has them.")
    # a hair above a whole number is that number
    return ceil(films * (1 - 1e-12))
