"""How well a method repeats itself on the same films."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ra_bench.metrics.icc import mean_squares

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


class Repeatability(NamedTuple):
    """Within-film SD and the repeatability coefficient, both in SvH units."""

    within_film_sd: float
    coefficient: float


def repeatability(replicates: ArrayLike) -> Repeatability:
    """How far two results of one method on one film lie apart.

    Parameters
    ----------
    replicates : array_like of shape (n_samples, n_replicates)
        Repeated results of one method (a reader twice, a model over seeds), in SvH units, two replicates or more.

    Returns
    -------
    Repeatability
        `within_film_sd` = root of the mean square within films; `coefficient` = 1.96 sqrt(2) times it, below which
        95 % of the differences of two results lie. In SvH units, 0 or more; best is 0.

    Raises
    ------
    ValueError
        If there is no film or only one replicate, or the table holds missing values.

    Notes
    -----
    Taken about 0: a shift between first and second results counts as lack of repeatability.

    References
    ----------
    Bland JM, Altman DG. Stat Methods Med Res 1999;8:135-160.

    Examples
    --------
    >>> found = repeatability([[10, 12], [20, 18], [30, 32]])
    >>> round(found.within_film_sd, 3), round(found.coefficient, 2)
    (1.414, 3.92)
    """
    spread = float(np.sqrt(mean_squares(replicates).within_films))
    return Repeatability(spread, 1.959963984540054 * float(np.sqrt(2)) * spread)


class VarianceComponents(NamedTuple):
    """Variances of films, of replicates as a whole, and of what is left; in squared SvH units."""

    films: float
    replicates: float
    residual: float


def variance_components(replicates: ArrayLike) -> VarianceComponents:
    """Where the spread of repeated results comes from.

    Parameters
    ----------
    replicates : array_like of shape (n_samples, n_replicates)
        Results on each film by each reader, or by each seed of a model, in SvH units; two replicates or more.

    Returns
    -------
    VarianceComponents
        In squared SvH units. Estimates from mean squares: they can be negative, which means about 0.
        nan for a single film.

    Raises
    ------
    ValueError
        If there is no film or only one replicate, or the table holds missing values.

    Notes
    -----
    The films' share of the sum is ICC(A,1). Few seeds say little about the variance of seeds.

    References
    ----------
    Searle SR, Casella G, McCulloch CE. Variance Components. Wiley 1992.

    Examples
    --------
    >>> found = variance_components([[10, 12], [20, 22], [30, 32]])
    >>> [round(value, 6) for value in found]
    [100.0, 2.0, 0.0]
    """
    ms = mean_squares(replicates)
    return VarianceComponents(
        (ms.between_films - ms.residual) / ms.raters, (ms.between_raters - ms.residual) / ms.films, ms.residual
    )


class RmseSpread(NamedTuple):
    """SDs of the RMSE of one training, in SvH units: over patients, over seeds, and over both in ways of their own."""

    patients: float
    seeds: float
    residual: float


def rmse_spread(squared_errors: ArrayLike) -> RmseSpread:
    """How far the RMSE of one training on so many patients moves with the patients, and with the seed.

    Parameters
    ----------
    squared_errors : array_like of shape (n_patients, n_seeds)
        Mean squared error of each patient under each seed, in squared SvH units; two seeds or more.

    Returns
    -------
    RmseSpread
        In SvH units, 0 or more: `patients`, other patients of as many, the same seeds; `seeds`, another seed on any
        number of patients; `residual`, what a seed does to single patients, on as many. Their squares add up to the
        variance of the RMSE of one training. nan for a single patient, and where the RMSE is 0.

    Raises
    ------
    ValueError
        If there is no patient or only one seed, or the table holds missing values.

    Notes
    -----
    Variance components of the squared error from its two-way mean squares, negative ones taken as 0, carried to the
    RMSE by d RMSE = d MSE / (2 RMSE). For such a full table they equal those of a mixed model (REML) where that finds
    none at 0. Few seeds say little about seeds: with two the SD can easily be off by a factor of three.

    References
    ----------
    Searle SR, Casella G, McCulloch CE. Variance Components. Wiley 1992, chapter 4.

    Examples
    --------
    >>> found = rmse_spread([[100, 121], [400, 441], [25, 36]])
    >>> [round(sd, 2) for sd in found]
    [4.35, 0.59, 0.23]
    """
    table = np.asarray(squared_errors, dtype=np.float64)
    films, replicates, residual = variance_components(table)
    error = float(np.sqrt(table.mean(axis=0)).mean())
    if len(table) < 2 or not error > 0:
        return RmseSpread(float("nan"), float("nan"), float("nan"))
    over_patients, over_seeds, left = (max(0.0, part) for part in (films, replicates, residual))
    double = 2 * error
    return RmseSpread(
        sqrt(over_patients / len(table)) / double, sqrt(over_seeds) / double, sqrt(left / len(table)) / double
    )
