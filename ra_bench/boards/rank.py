"""Who stands where, and who cannot be told apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ra_bench.boards.evaluate import rounded
from ra_bench.metrics import can_separate, difference, interval, rank_models
from ra_bench.values import MetricValue

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ra_bench.boards.evaluate import Measured
    from ra_bench.metrics import Resampled


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A shared rank, its 95 % interval over resamples, and the share of resamples in which the model is best."""

    rank: int
    interval: MetricValue
    best: float


def places_of(models: Mapping[str, Measured]) -> dict[str, Place]:
    """Order by RMSE, ties by MAE, then by name; ranks are shared where the data do not separate.

    Parameters
    ----------
    models : mapping of str to Measured
        Measured on one draw of patients, on the same films.

    Returns
    -------
    dict of str to Place
        Best first; models without a finite RMSE are left out.
    """
    measured = {name: models[name] for name in sorted(models) if np.isfinite(models[name].rmse.estimate)}
    if not measured:
        return {}
    names = list(measured)
    errors = np.array([model.rmse.estimate for model in measured.values()])
    second = np.array([model.mae for model in measured.values()])
    ranking = rank_models(
        errors,
        np.stack([model.rmse.replicates for model in measured.values()]),
        tie_break=second,
        patients=next(iter(measured.values())).rmse.jackknife.size,
    )
    return {
        names[index]: Place(
            rank=int(ranking.rank[index]),
            interval=MetricValue(
                value=float(ranking.rank[index]),
                low=float(ranking.low[index]),
                high=float(ranking.high[index]),
                method="percentile",
            ),
            best=rounded(float(ranking.p_best[index])),
        )
        for index in np.lexsort((second, errors))
    }


def compared(first: Resampled, second: Resampled) -> int:
    """-1 or 1 where the 95 % interval of the paired difference lies below or above 0; 0 where not, or of too few."""
    if not can_separate(first.jackknife.size):
        return 0
    low, high = interval(difference(first, second), "percentile").ends
    return int(low > 0) - int(high < 0)
