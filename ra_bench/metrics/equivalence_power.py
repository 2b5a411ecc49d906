"""How many films it takes to show that a mean difference lies within a margin."""

from __future__ import annotations

from math import isfinite, sqrt

from ra_bench.metrics.power import check_share, whole

_AS_GOOD_AS_KNOWN = 1_000_000  # degrees of freedom beyond which an estimated SE is the true one


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

    check_share("alpha", alpha)
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
    check_share("power", power)
    if not sd_difference > 0 or not margin > 0 or not abs(true_difference) < margin:
        raise ValueError(
            f"sd_difference is {sd_difference}, margin {margin} and true_difference {true_difference}: give an SD and "
            "a margin above 0, and a true difference within the margin. A larger one cannot be shown to be small."
        )

    def passes(films: int) -> bool:
        return tost_power(true_difference, sd_difference / sqrt(films), films - 1, margin, alpha) >= power

    enough = 2
    while not passes(enough):
        enough = whole(2.0 * enough)
    short = enough // 2
    while enough - short > 1:
        middle = (short + enough) // 2
        short, enough = (short, middle) if passes(middle) else (middle, enough)
    return enough
