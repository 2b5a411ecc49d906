"""What printed figures force upon one another.

A printed figure stands for all numbers that round to it: its box. `printed_rows` checks whole rows with these.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from itertools import product
from math import sqrt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

Box = tuple[float, float]


def rounding_box(printed: str) -> Box:
    """Numbers that round to a printed one.

    Parameters
    ----------
    printed : str
        A decimal number as printed, trailing zeros included.

    Returns
    -------
    low, high : float
        Half a unit of the last digit to either side, both ends included.

    Raises
    ------
    ValueError
        If it is not a decimal number.

    Examples
    --------
    >>> rounding_box("18.75"), rounding_box("40.90"), rounding_box("7")
    ((18.745, 18.755), (40.895, 40.905), (6.5, 7.5))
    """
    value, decimals = _parse(printed)
    half = Decimal(1).scaleb(-decimals) / 2
    return float(value - half), float(value + half)


def _parse(printed: str) -> tuple[Decimal, int]:
    try:
        value = Decimal(printed.strip())
    except InvalidOperation:
        value = Decimal("nan")
    if not value.is_finite():
        raise ValueError(f"{printed!r} is not a printed number: give it as text, such as '12.24'.")
    return value, -int(value.as_tuple().exponent)


def implied_rho(mean_difference: Box, sd_reference: Box, sd_predicted: Box, rmse: Box, k: float = 1.0) -> Box:
    """Correlations that a printed mean difference, two SDs and an RMSE allow.

    Parameters
    ----------
    mean_difference, sd_reference, sd_predicted, rmse : (low, high)
        Boxes, in SvH units; SDs above 0.
    k : float
        1 for SDs with 1/n or a large sample; (n - 1) / n for SDs with n - 1.

    Returns
    -------
    low, high : float
        Without unit; not cut to -1 and 1, since a value outside is the finding.

    Notes
    -----
    RMSE^2 = bias^2 + k (s_y^2 + s_p^2 - 2 rho s_y s_p), for every set of pairs.

    Examples
    --------
    The readers of Wang et al. 2022, Table 2, whose printed correlation is 0.97:

    >>> low, high = implied_rho((0.08, 0.10), (40.895, 40.905), (38.775, 38.785), (18.745, 18.755))
    >>> round(low, 4), round(high, 4)
    (0.8905, 0.8907)
    """
    found = []
    for d, error in product(_sizes(mean_difference), rmse):
        rest = (error**2 - d**2) / k
        pairs = _edges(sd_reference, sd_predicted, _rho_turns, rest)
        found += [(one**2 + other**2 - rest) / (2 * one * other) for one, other in pairs]
    return min(found), max(found)


def implied_rmse(mean_difference: Box, sd_reference: Box, sd_predicted: Box, rho: Box, k: float = 1.0) -> Box:
    """RMSEs that a printed mean difference, two SDs and a correlation allow.

    Parameters
    ----------
    mean_difference, sd_reference, sd_predicted : (low, high)
        Boxes, in SvH units.
    rho : (low, high)
        Box of the correlation.
    k : float
        1 for SDs with 1/n or a large sample; (n - 1) / n for SDs with n - 1.

    Returns
    -------
    low, high : float
        In SvH units.

    Examples
    --------
    The readers of Wang et al. 2022, Table 2, whose printed RMSE is 18.75 and printed MAE 12.24:

    >>> low, high = implied_rmse((0.08, 0.10), (40.895, 40.905), (38.775, 38.785), (0.965, 0.975))
    >>> round(low, 2), round(high, 2)
    (9.15, 10.75)
    """
    found = []
    for d, r in product(_sizes(mean_difference), rho):
        pairs = _edges(sd_reference, sd_predicted, _rmse_turns, r)
        found += [sqrt(max(0.0, d**2 + k * (one**2 + other**2 - 2 * r * one * other))) for one, other in pairs]
    return min(found), max(found)


def _sizes(box: Box) -> Box:
    """Smallest and largest absolute value in a box."""
    smallest = 0.0 if box[0] <= 0 <= box[1] else min(abs(end) for end in box)
    return smallest, max(abs(end) for end in box)


def _rho_turns(sd: float, rest: float) -> float:
    """The other SD at which the correlation turns, for one SD and RMSE^2 less bias^2."""
    return sqrt(max(0.0, sd**2 - rest))


def _rmse_turns(sd: float, rho: float) -> float:
    """The other SD at which the RMSE turns, for one SD and the correlation."""
    return rho * sd


def _edges(first: Box, second: Box, turns: Callable[[float, float], float], given: float) -> list[Box]:
    """Points where a function of two boxed SDs can be extreme: corners, and turning points on the edges."""
    found = list(product(first, second))
    found += [(turns(fixed, given), fixed) for fixed in second if first[0] < turns(fixed, given) < first[1]]
    found += [(fixed, turns(fixed, given)) for fixed in first if second[0] < turns(fixed, given) < second[1]]
    return found


def implied_p(mean_difference: float, rmse: float, n: int) -> float:
    """Paired-t p value that a mean difference and an RMSE force.

    Parameters
    ----------
    mean_difference, rmse : float
        In SvH units.
    n : int
        Pairs, 2 or more.

    Returns
    -------
    float
        Between 0 and 1; nan where the RMSE does not exceed the mean difference.

    Raises
    ------
    ValueError
        If `n` is below 2.

    Examples
    --------
    >>> round(implied_p(0.09, 18.75, 158), 3)
    0.952
    """
    from scipy.special import stdtr

    _need_pairs(n)
    if rmse <= abs(mean_difference):
        return float("nan")
    t = mean_difference * sqrt(n - 1) / sqrt(rmse**2 - mean_difference**2)
    return float(2 * stdtr(n - 1, -abs(t)))


def max_bias(rmse: float, n: int, alpha: float = 0.05) -> float:
    """Largest mean difference that a paired t-test with p > alpha leaves possible.

    Parameters
    ----------
    rmse : float
        In SvH units.
    n : int
        Pairs, 2 or more.
    alpha : float
        Level of the test, between 0 and 1.

    Returns
    -------
    float
        In SvH units, 0 or more.

    Raises
    ------
    ValueError
        If `n` is below 2 or `alpha` is not between 0 and 1.

    Notes
    -----
    This is all that a printed "p > 0.05" says about agreement.

    Examples
    --------
    >>> round(max_bias(18.75, 158), 2)
    2.92
    """
    from scipy.special import stdtrit

    _need_pairs(n)
    if not 0 < alpha < 1:
        raise ValueError(f"alpha is {alpha}: give a share between 0 and 1, such as 0.05.")
    t = float(stdtrit(n - 1, 1 - alpha / 2))
    return rmse * t / sqrt(n - 1 + t**2)


def _need_pairs(n: int) -> None:
    if n < 2:
        raise ValueError(f"n is {n}: give 2 pairs or more.")


def rmse_floor(sd_reference: float, rho: Box, k: float = 1.0) -> Box:
    """Least RMSE that any predictions with such a correlation can have.

    Parameters
    ----------
    sd_reference : float
        In SvH units.
    rho : (low, high)
        Box of the correlation, within -1 to 1.
    k : float
        1 for an SD with 1/n or a large sample; (n - 1) / n for one with n - 1.

    Returns
    -------
    low, high : float
        In SvH units, over the box.

    Examples
    --------
    >>> low, high = rmse_floor(40.0, (0.965, 0.975))
    >>> round(low, 2), round(high, 2)
    (8.89, 10.49)
    """
    weakest, strongest = _sizes(rho)
    low, high = (sqrt(k) * sd_reference * sqrt(max(0.0, 1 - r**2)) for r in (strongest, weakest))
    return low, high


def implied_predicted_sd(mean_difference: float, sd_reference: float, rho: float, rmse: float, k: float = 1.0) -> Box:
    """The two SDs that predictions can have had, given the rest of a row.

    Parameters
    ----------
    mean_difference, sd_reference, rmse : float
        In SvH units.
    rho : float
        Correlation, -1 to 1.
    k : float
        1 for SDs with 1/n or a large sample; (n - 1) / n for SDs with n - 1.

    Returns
    -------
    low, high : float
        In SvH units; nan where the RMSE is below its floor. A negative one is impossible.

    Notes
    -----
    An SD far below or above that of the reference means predictions that shrink or stretch the scale.

    Examples
    --------
    >>> low, high = implied_predicted_sd(0.0, 38.7, 0.95, 28.95)
    >>> round(low), round(high)
    (10, 63)
    """
    square = (rmse**2 - mean_difference**2) / k - sd_reference**2 * (1 - rho**2)
    if square < 0:
        return float("nan"), float("nan")
    return rho * sd_reference - sqrt(square), rho * sd_reference + sqrt(square)
