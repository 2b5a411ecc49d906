"""How well a method repeats itself on the same films."""

from __future__ import annotations

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
