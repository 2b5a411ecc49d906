"""How many films it takes: to tell two RMSEs apart, and to show that a mean difference lies within a margin."""

from __future__ import annotations

from math import ceil, isfinite, sqrt
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
_AS_GOOD_AS_KNOWN = 1_000_000  # degrees of freedom beyond which an estimated SE is the true one


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
    _check_share("power", power)
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
    patients = _whole(films * (1 + (films_a_patient - 1) * within_patient) / films_a_patient)
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
    return 0 if np.isnan(least) else max(2, _whole(patients * (least / true_difference) ** 2))


def tost_power(true_difference: float, standard_error: float, df: float, margin: float, alpha: float = 0.05) -> float:
    """Chance that an equivalence test passes.

    Parameters
    ----------
    true_difference : float
        True mean difference, in SvH units.
    standard_error : float
        True standard error of its estimate, in SvH units, above 0.
    df : float
        Degrees of freedom of the estimated standard error, 1 or more; n - 1 for n pairs.
    margin : float
        Largest mean difference that does not matter, in SvH units, above 0.
    alpha : float
        Level of each of the two one-sided tests, between 0 and 1.

    Returns
    -------
    float
        Between 0 and 1.

    Raises
    ------
    ValueError
        If a value is out of its range.

    Notes
    -----
    Exact for normal differences: the chance that the estimate lies within margin - t SE of 0, averaged over the
    distribution of the estimated SE.

    References
    ----------
    Phillips KF. J Pharmacokinet Biopharm 1990;18:137-144.

    Examples
    --------
    >>> round(tost_power(0.0, 1.5, 157, margin=5), 3)
    0.906
    """
    from scipy.integrate import quad
    from scipy.special import ndtr, stdtrit
    from scipy.stats import chi

    _check_share("alpha", alpha)
    if not standard_error > 0 or not margin > 0 or not df >= 1 or not isfinite(true_difference):
        raise ValueError(
            f"standard_error is {standard_error}, margin {margin}, df {df}, true_difference {true_difference}: give "
            "numbers above 0, 1 or more degrees of freedom, and a finite difference."
        )
    t, scale = float(stdtrit(df, 1 - alpha)), sqrt(df)
    widest = margin / (t * standard_error)

    def passes(share: float) -> float:
        """Chance to pass with an estimated SE of `share` times the true one."""
        half = margin - t * standard_error * share
        low, high = ((end - true_difference) / standard_error for end in (-half, half))
        return float(ndtr(high) - ndtr(low)) if half > 0 else 0.0

    if df > _AS_GOOD_AS_KNOWN:
        return passes(1.0)
    # nearly all of the density lies within these ends, and quad must not miss it
    low, high = (float(chi.ppf(share, df)) / scale for share in (1e-12, 1 - 1e-12))
    if widest <= low:
        return 0.0
    found, _ = quad(
        lambda share: passes(share) * scale * float(chi.pdf(share * scale, df)),
        low,
        min(high, widest),
        epsabs=1e-10,
        limit=200,
    )
    return min(1.0, max(0.0, float(found)))


def films_for_equivalence(
    sd_difference: float, margin: float, *, true_difference: float = 0.0, power: float = 0.80, alpha: float = 0.05
) -> int:
    """Films on which an equivalence test of the mean difference passes.

    Parameters
    ----------
    sd_difference : float
        SD of predicted minus reference, in SvH units, above 0.
    margin : float
        Largest mean difference that does not matter, in SvH units, above 0.
    true_difference : float
        True mean difference, in SvH units, nearer to 0 than the margin.
    power : float
        Wanted chance that the test passes, between 0 and 1.
    alpha : float
        Level of each of the two one-sided tests, between 0 and 1.

    Returns
    -------
    int
        Films of as many patients, 2 or more.

    Raises
    ------
    ValueError
        If a value is out of its range, or more than a hundred million films would be needed.

    Notes
    -----
    About (z_alpha + z_((1 - power) / 2))^2 (SD / margin)^2 for no true difference. It is about the mean: single
    films may still differ by far more than the margin.

    References
    ----------
    Julious SA. Stat Med 2004;23:1921-1986.

    Examples
    --------
    >>> films_for_equivalence(19.0, 5.0), films_for_equivalence(19.0, 3.0)
    (126, 345)
    """
    _check_share("power", power)
    if not sd_difference > 0 or not margin > 0 or not abs(true_difference) < margin:
        raise ValueError(
            f"sd_difference is {sd_difference}, margin {margin} and true_difference {true_difference}: give an SD and "
            "a margin above 0, and a true difference within the margin. A larger one cannot be shown to be small."
        )

    def passes(films: int) -> bool:
        return tost_power(true_difference, sd_difference / sqrt(films), films - 1, margin, alpha) >= power

    enough = 2
    while not passes(enough):
        enough = _whole(2.0 * enough)
    short = enough // 2
    while enough - short > 1:
        middle = (short + enough) // 2
        short, enough = (short, middle) if passes(middle) else (middle, enough)
    return enough


def _check_separable(rmse_1: float, rmse_2: float, correlation: float, kurtosis: float) -> None:
    if not (rmse_1 > 0 and rmse_2 > 0 and isfinite(rmse_1) and isfinite(rmse_2)):
        raise ValueError(f"the RMSEs are {rmse_1} and {rmse_2}: give two numbers above 0.")
    if rmse_1 == rmse_2:
        raise ValueError(f"both RMSEs are {rmse_1}: no number of films separates equal ones.")
    if not -1 <= correlation <= 1:
        raise ValueError(f"correlation is {correlation}: give the correlation of the errors, -1 to 1.")
    if not (kurtosis >= 1.5 and isfinite(kurtosis)):
        raise ValueError(f"kurtosis is {kurtosis}: give 1.5 or more, 3 for normal errors, about 8 for SvH scores.")


def _check_share(name: str, share: float) -> None:
    if not 0 < share < 1:
        raise ValueError(f"{name} is {share}: give a share between 0 and 1.")


def _whole(films: float) -> int:
    if films > MOST:
        raise ValueError(f"more than {MOST:,} films would be needed: no study has them.")
    # a hair above a whole number is that number
    return ceil(films * (1 - 1e-12))
