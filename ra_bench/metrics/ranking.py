"""Order of models, and how far the data carry it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ra_bench.metrics._arrays import Floats, check_confidence
from ra_bench.metrics.separation import can_separate

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ranking:
    """One entry a model: shared rank, bootstrap interval of the rank, probability of being best."""

    rank: Floats
    low: Floats
    high: Floats
    p_best: Floats


def rank_models(
    estimates: ArrayLike,
    replicates: ArrayLike,
    *,
    tie_break: ArrayLike | None = None,
    confidence: float = 0.95,
    patients: int | None = None,
) -> Ranking:
    """Rank models by an error; models that the data do not separate share a rank.

    Parameters
    ----------
    estimates : array_like of shape (n_models,)
        An error on all films, small is best (RMSE on the boards); nan for a model that has none.
    replicates : array_like of shape (n_models, n_resamples)
        The same error on resamples that all models share.
    tie_break : array_like of shape (n_models,), optional
        Orders models with equal estimates, small first (MAE on the boards).
    confidence : float
        Wanted coverage of differences and rank intervals, between 0 and 1.
    patients : int, optional
        How many patients were drawn from: where `can_separate` says that they are too few, all models share rank 1.

    Returns
    -------
    Ranking
        `rank` from 1: that of the best of the group unless the paired percentile interval of the difference to
        that best one excludes 0; the next group starts below all models of this one (1, 1, 3). `low` and `high`
        hold the rank in so many resamples. `p_best` adds up to 1; equal models share it. All nan for a nan model.

    Raises
    ------
    ValueError
        If the shapes do not fit or `confidence` is not between 0 and 1.

    Notes
    -----
    With 158 films and true RMSEs half a unit apart, the best model often comes third. Sharing a rank is not proof
    of being equal. For a score where high is best, pass it negated.

    References
    ----------
    Goldstein H, Spiegelhalter DJ. J R Stat Soc A 1996;159:385-443.

    Examples
    --------
    >>> ranking = rank_models([7.0, 7.1, 9.0], [[6, 7, 8, 7], [7, 7, 7, 6], [9, 9, 9, 10]])
    >>> ranking.rank.tolist(), ranking.p_best.tolist()
    ([1.0, 1.0, 3.0], [0.375, 0.625, 0.0])
    """
    values, series, second = _checked(estimates, replicates, tie_break)
    check_confidence(confidence)
    outside = (1 - confidence) / 2
    rank, low, high, p_best = (np.full(values.size, np.nan) for _ in range(4))
    ranked = np.flatnonzero(np.isfinite(values))
    if ranked.size:
        order = ranked[np.lexsort((second[ranked], values[ranked]))]
        too_few = patients is not None and not can_separate(patients, confidence)
        rank[order] = 1 if too_few else _shared(series[order], outside)
        shared = series[ranked][:, np.isfinite(series[ranked]).all(axis=0)]
        if shared.shape[1]:
            better, as_good = _places(shared)
            low[ranked] = np.quantile(better + 1, outside, axis=1, method="inverted_cdf")
            high[ranked] = np.quantile(as_good, 1 - outside, axis=1, method="inverted_cdf")
            first = better == 0
            p_best[ranked] = (first / first.sum(axis=0)).mean(axis=1)
    return Ranking(rank=rank, low=low, high=high, p_best=p_best)


def _checked(estimates: ArrayLike, replicates: ArrayLike, tie_break: ArrayLike | None) -> tuple[Floats, Floats, Floats]:
    values, series = np.asarray(estimates, dtype=np.float64), np.asarray(replicates, dtype=np.float64)
    second = values if tie_break is None else np.asarray(tie_break, dtype=np.float64)
    if values.ndim != 1 or series.ndim != 2 or len(series) != values.size or second.shape != values.shape:
        raise ValueError(
            f"estimates has shape {values.shape}, replicates {series.shape}, tie_break {second.shape}: "
            "give one estimate, one row of replicates and one tie-break a model."
        )
    return values, series, second


def _shared(series: Floats, outside: float) -> list[int]:
    """Ranks of models that are in order already."""
    ranks: list[int] = []
    best = 0
    for place in range(len(series)):
        gap = series[place] - series[best]
        gap = gap[np.isfinite(gap)]
        # A model behind the best leaves its group when the whole interval of the difference is above 0.
        if place and gap.size and np.quantile(gap, outside) > 0:
            best = place
        ranks.append(best + 1)
    return ranks


def _places(series: Floats) -> tuple[Floats, Floats]:
    """For each model and resample: how many models are better, and how many are at least as good, itself included."""
    better, as_good = np.empty_like(series), np.empty_like(series)
    for draw, rising in enumerate(np.sort(series, axis=0).T):
        better[:, draw] = np.searchsorted(rising, series[:, draw], side="left")
        as_good[:, draw] = np.searchsorted(rising, series[:, draw], side="right")
    return better, as_good


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RankStability:
    """`frequency[m, r]`: share of resamples where model m has rank r + 1; and how alike the orders are."""

    frequency: Floats
    mean_kendall_tau: float


def rank_stability(estimates: ArrayLike, replicates: ArrayLike) -> RankStability:
    """How often each model takes each rank, and how like the order on all films the resampled orders are.

    Parameters
    ----------
    estimates : array_like of shape (n_models,)
        An error on all films, small is best.
    replicates : array_like of shape (n_models, n_resamples)
        The same error on resamples that all models share; resamples with a nan are left out.

    Returns
    -------
    RankStability
        `frequency` of shape (n_models, n_models), rows adding up to 1 (equal models take the better rank);
        `mean_kendall_tau` -1 to 1 (best 1), nan for a single model or where no resample orders the models.

    Raises
    ------
    ValueError
        If the shapes do not fit, or an estimate is missing.

    Notes
    -----
    Two models of one quality swap places in half of the resamples: low stability is then no fault of the metric.

    Examples
    --------
    >>> rank_stability([1.0, 2.0], [[1, 1, 3, 1], [2, 2, 2, 2]]).frequency.tolist()
    [[0.75, 0.25], [0.25, 0.75]]
    """
    values, series, _ = _checked(estimates, replicates, None)
    if not np.isfinite(values).all():
        raise ValueError("estimates holds missing values: leave those models out.")
    series = series[:, np.isfinite(series).all(axis=0)]
    if not series.shape[1]:
        return RankStability(frequency=np.full((values.size, values.size), np.nan), mean_kendall_tau=float("nan"))
    better, _ = _places(series)
    frequency = np.stack([(better == place).mean(axis=1) for place in range(values.size)], axis=1)
    return RankStability(frequency=frequency, mean_kendall_tau=_mean_tau(values, series))


def _mean_tau(values: Floats, series: Floats) -> float:
    """Mean over resamples of Kendall's tau-b between the models' estimates and their resampled errors."""
    first, second = np.triu_indices(values.size, k=1)
    fixed = np.sign(values[first] - values[second])
    signs = np.sign(series[first] - series[second])
    pairs = np.sqrt(np.square(fixed).sum() * np.square(signs).sum(axis=0))
    defined = pairs > 0
    return float(np.mean((fixed @ signs)[defined] / pairs[defined])) if defined.any() else float("nan")
