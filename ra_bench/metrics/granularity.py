"""Whether whole scores can have a printed mean."""

from __future__ import annotations

from decimal import Decimal
from math import ceil, floor
from typing import NamedTuple

from ra_bench.metrics.published import _parse


class Grim(NamedTuple):
    """Whether whole scores can give a printed mean, and whether the check can find anything at all."""

    consistent: bool
    informative: bool


def grim(mean: str, n: int, granularity: int = 1) -> Grim:
    """Whether a printed mean is possible for whole scores.

    Parameters
    ----------
    mean : str
        As printed.
    n : int
        Scores averaged, 1 or more.
    granularity : int
        Steps a unit of one score: 1 for whole scores, 2 for the mean of two readers.

    Returns
    -------
    Grim
        `consistent` if some total rounds to the mean (a half may go either way); `informative` if not every mean
        would pass, that is n times granularity below 10 to the number of decimals.

    Raises
    ------
    ValueError
        If a count is below 1 or the mean is no number.

    References
    ----------
    Brown NJL, Heathers JAJ. Soc Psychol Pers Sci 2017;8:363-369.

    Examples
    --------
    >>> grim("5.19", 28)
    Grim(consistent=False, informative=True)
    """
    if n < 1 or granularity < 1:
        raise ValueError(f"n is {n} and granularity {granularity}: give 1 or more.")
    value, decimals = _parse(mean)
    half, steps = Decimal(1).scaleb(-decimals) / 2, n * granularity
    consistent = ceil((value - half) * steps) <= floor((value + half) * steps)
    return Grim(consistent, steps < 10**decimals)
