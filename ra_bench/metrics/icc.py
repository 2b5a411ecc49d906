"""Intraclass correlations: the six of Shrout and Fleiss, by the names of McGraw and Wong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ra_bench.metrics._arrays import ROUNDING, Floats, check_confidence, ratings_table

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

NAMES = ("icc_1_1", "icc_a_1", "icc_c_1", "icc_1_k", "icc_a_k", "icc_c_k")
_NAN = float("nan")
_UNDEFINED = (_NAN, _NAN)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanSquares:
    """Two-way analysis of variance of films by raters, in squared SvH units."""

    films: int
    raters: int
    between_films: float
    between_raters: float
    residual: float
    within_films: float


@dataclass(frozen=True, slots=True, kw_only=True)
class IccTable:
    """Six intraclass correlations and their F intervals, by name; and the mean squares they come from."""

    values: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    mean_squares: MeanSquares


def mean_squares(ratings: ArrayLike) -> MeanSquares:
    """Mean squares between films, between raters, and of what is left.

    Parameters
    ----------
    ratings : array_like of shape (n_samples, n_raters)
        Scores in SvH units, two raters or more.

    Returns
    -------
    MeanSquares
        In squared SvH units, 0 or more; nan where a single film leaves no degree of freedom.

    Raises
    ------
    ValueError
        If there is no film or only one rater, or the table holds missing values.

    References
    ----------
    Shrout PE, Fleiss JL. Psychol Bull 1979;86:420-428.

    Examples
    --------
    >>> mean_squares([[1, 2], [3, 4], [5, 6]]).between_raters
    1.5
    """
    table = ratings_table(ratings)
    n, k = table.shape
    centred = table - table.mean()
    films, raters = centred.mean(axis=1), centred.mean(axis=0)
    zero = ROUNDING * float(np.abs(table).max())

    def mean_square(parts: Floats, weight: int, freedom: int) -> float:
        if freedom == 0:
            return _NAN
        return 0.0 if np.abs(parts).max() <= zero else float(weight * np.square(parts).sum() / freedom)

    return MeanSquares(
        films=n,
        raters=k,
        between_films=mean_square(films, k, n - 1),
        between_raters=mean_square(raters, n, k - 1),
        residual=mean_square(centred - films[:, None] - raters, 1, (n - 1) * (k - 1)),
        within_films=mean_square(centred - films[:, None], 1, n * (k - 1)),
    )


def icc_table(ratings: ArrayLike, confidence: float = 0.95) -> IccTable:
    """All six intraclass correlations, each with its F interval.

    Parameters
    ----------
    ratings : array_like of shape (n_samples, n_raters)
        Scores in SvH units, two raters or more.
    confidence : float
        Wanted coverage of the intervals, between 0 and 1.

    Returns
    -------
    IccTable
        `values` and `intervals` by name, without unit; best is 1, never clipped at 0.
        `icc_1_*` raters differ from film to film; `icc_a_*` absolute agreement of these raters;
        `icc_c_*` consistency, blind to a rater who scores higher; `*_1` one rater, `*_k` the mean of all.
        nan for a single film and where all ratings are one number; intervals are nan where raters agree perfectly
        or films do not differ.

    Raises
    ------
    ValueError
        If there is no film or only one rater, a rating is missing, or `confidence` is not between 0 and 1.

    Notes
    -----
    They rise with the range of severity. The F intervals assume normal effects. With few films the lower end
    for one rater can fall below -1 / (k - 1); the end for the mean of raters is then beyond the pole of the
    Spearman-Brown formula and means "unknown". So is a mean-of-raters value above 1.

    References
    ----------
    Shrout PE, Fleiss JL. Psychol Bull 1979;86:420-428. McGraw KO, Wong SP. Psychol Methods 1996;1:30-46.

    Examples
    --------
    The six films and four judges of Shrout and Fleiss:

    >>> table = icc_table([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]])
    >>> [round(table.values[name], 2) for name in NAMES]
    [0.17, 0.29, 0.71, 0.44, 0.62, 0.91]
    """
    check_confidence(confidence)
    ms = mean_squares(ratings)
    values = dict(zip(NAMES, _values(ms), strict=True))
    one_way, absolute, consistent = (
        _one_way_interval(ms, confidence),
        _absolute_interval(ms, values["icc_a_1"], confidence),
        _consistency_interval(ms, confidence),
    )
    singles = (one_way, absolute, consistent)
    means = tuple(_of_mean(interval, ms.raters) for interval in singles)
    return IccTable(values=values, intervals=dict(zip(NAMES, singles + means, strict=True)), mean_squares=ms)


def _values(ms: MeanSquares) -> tuple[float, ...]:
    n, k = ms.films, ms.raters
    r, c, e, w = ms.between_films, ms.between_raters, ms.residual, ms.within_films
    return (
        _ratio(r - w, r + (k - 1) * w),
        _ratio(r - e, r + (k - 1) * e + k * (c - e) / n),
        _ratio(r - e, r + (k - 1) * e),
        _ratio(r - w, r),
        _ratio(r - e, r + (c - e) / n),
        _ratio(r - e, r),
    )


def _ratio(above: float, below: float) -> float:
    return above / below if below != 0 else _NAN


def _quantile(freedom_1: float, freedom_2: float, confidence: float) -> float:
    from scipy.special import fdtri

    return float(fdtri(freedom_1, freedom_2, (1 + confidence) / 2))


def _one_way_interval(ms: MeanSquares, confidence: float) -> tuple[float, float]:
    n, k = ms.films, ms.raters
    if ms.within_films == 0 or ms.between_films == 0:
        return _UNDEFINED
    f, inner, outer = ms.between_films / ms.within_films, n - 1, n * (k - 1)
    low, high = f / _quantile(inner, outer, confidence), f * _quantile(outer, inner, confidence)
    return (low - 1) / (low + k - 1), (high - 1) / (high + k - 1)


def _consistency_interval(ms: MeanSquares, confidence: float) -> tuple[float, float]:
    n, k = ms.films, ms.raters
    if ms.residual == 0 or ms.between_films == 0:
        return _UNDEFINED
    f, inner, outer = ms.between_films / ms.residual, n - 1, (n - 1) * (k - 1)
    low, high = f / _quantile(inner, outer, confidence), f * _quantile(outer, inner, confidence)
    return (low - 1) / (low + k - 1), (high - 1) / (high + k - 1)


def _absolute_interval(ms: MeanSquares, icc: float, confidence: float) -> tuple[float, float]:
    n, k = ms.films, ms.raters
    r, c, e = ms.between_films, ms.between_raters, ms.residual
    if np.isnan(icc) or icc == 1 or c == e == 0:
        return _UNDEFINED
    # McGraw & Wong 1996, table 7: Satterthwaite's degrees of freedom
    a = k * icc / (n * (1 - icc))
    b = 1 + k * icc * (n - 1) / (n * (1 - icc))
    v = _ratio((a * c + b * e) ** 2, (a * c) ** 2 / (k - 1) + (b * e) ** 2 / ((n - 1) * (k - 1)))
    if not v > 0:
        return _UNDEFINED
    low, high = _quantile(n - 1, v, confidence), _quantile(v, n - 1, confidence)
    rest = k * c + (k * n - k - n) * e
    return _ratio(n * (r - low * e), low * rest + n * r), _ratio(n * (high * r - e), rest + n * high * r)


def _of_mean(interval: tuple[float, float], raters: int) -> tuple[float, float]:
    low, high = (_ratio(raters * end, 1 + (raters - 1) * end) for end in interval)
    return low, high


def noise_ceiling(ratings: ArrayLike) -> float:
    """Highest correlation that a perfect model can expect with the mean of these readers: sqrt(ICC(A,k)).

    Parameters
    ----------
    ratings : array_like of shape (n_samples, n_readers)
        Readings in SvH units, two readers or more.

    Returns
    -------
    float
        Between 0 and 1; nan where readers disagree so much that ICC(A,k) leaves this range, or is undefined.

    Raises
    ------
    ValueError
        If there is no film or only one rater, or the table holds missing values.

    Notes
    -----
    An expectation, not a bound: a model can pass it by luck, and a model that shares the readers' mistakes
    (one trained on their scores) can pass it honestly.

    Examples
    --------
    >>> round(noise_ceiling([[1, 2], [10, 12], [30, 27], [60, 66]]), 3)
    0.998
    """
    value = icc_table(ratings).values["icc_a_k"]
    return float(np.sqrt(value)) if 0 <= value <= 1 else _NAN
