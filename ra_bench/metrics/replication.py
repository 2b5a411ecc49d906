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
        Repeated results of one method (a reader twice, a model over seeds), in SvH units, two or more of each.

    Returns
    -------
    Repeatability
        `within_film_sd` = root of the mean square within films; `coefficient` = 1.96 sqrt(2) times it, below which
        95 % of the differences of two results lie. In SvH units, 0 or more; best is 0.

    Raises
    ------
    ValueError
        If the table is smaller than 2 by 2 or holds missing values.

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
