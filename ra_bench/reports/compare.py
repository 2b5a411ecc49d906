"""Models against models on the same films: paired differences, who separates from whom, how firm the order is."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from ra_bench.boards.evaluate import RESAMPLES, check_identity, draw, mean_over_seeds, rounded, with_interval
from ra_bench.errors import RecordError
from ra_bench.metrics import (
    adjust_holm,
    bootstrap_p,
    detectable_difference,
    difference,
    interval,
    mae_from_sums,
    pearson_from_sums,
    rank_models,
    rank_stability,
    resample_metric,
    resample_sums,
    rmse_from_sums,
)
from ra_bench.values import MetricValue

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ra_bench.boards.held_out import HeldOut
    from ra_bench.metrics import Resampled
    from ra_bench.reports.sources import Contender

#: What is compared: the sums it is made of, its interval, and how it is shown. The first decides.
MEASURES = {
    "rmse": (rmse_from_sums, "bca", "RMSE", 2),
    "mae": (mae_from_sums, "bca", "MAE", 2),
    "rho": (pearson_from_sums, "percentile", "rho", 3),
}
ALPHA = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A model: its metrics, its rank (shared where the films do not separate) with interval, and how often it is where.

    `places[r]` is the share of resamples in which it takes rank r + 1; `p_best` that in which it is first, ties shared.
    """

    name: str
    source: str
    seeds: tuple[int, ...]
    metrics: Mapping[str, MetricValue]
    rank: MetricValue
    p_best: float
    places: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """First minus second in one metric, with its 95 % interval, bootstrap p, and p after Holm over all pairs."""

    value: float
    low: float
    high: float
    p: float
    p_holm: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two models, the one with the smaller RMSE first. `detectable` is the RMSE difference found at 80 % power."""

    first: str
    second: str
    gaps: Mapping[str, Gap]
    separated: bool
    detectable: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """All models by RMSE and all pairs. `mean_kendall_tau`: how like the order here those of resamples are."""

    films: int
    patients: int
    resamples: int
    models: tuple[Compared, ...]
    pairs: tuple[Pair, ...]
    mean_kendall_tau: float
    remarks: tuple[str, ...] = ()


def compare(contenders: Sequence[Contender], films: HeldOut) -> Comparison:
    """Compare models pair by pair on one resampling of patients.

    Parameters
    ----------
    contenders : sequence of Contender
        Two or more, of different names.
    films : HeldOut
        Of `films_in_common`, with the predictions of all of them.

    Returns
    -------
    Comparison
        A model of several seeds counts by the mean of its seeds' metrics. nan where a quantity is undefined.

    Raises
    ------
    RecordError
        Fewer than two models, or predictions that are too large to compute with.
    """
    if len(contenders) < 2:
        raise RecordError(
            f"Only '{contenders[0].name}' is given: a comparison takes two models or more. Name another run, board or "
            "file of predictions."
        )
    resampled = resample_models(films)
    ordered = sorted(resampled, key=lambda name: (*(resampled[name][key].estimate for key in ("rmse", "mae")), name))
    by_name = {contender.name: contender for contender in contenders}
    models, tau = _models([by_name[name] for name in ordered], resampled)
    return Comparison(
        films=len(films.ids),
        patients=films.patient_count,
        resamples=RESAMPLES,
        models=models,
        pairs=_pairs(ordered, resampled),
        mean_kendall_tau=rounded(tau),
        remarks=tuple(_remarks(contenders, films)),
    )


def resample_models(films: HeldOut) -> dict[str, dict[str, Resampled]]:
    """Every measure of every model on the one draw of patients, by model and measure.

    Raises
    ------
    RecordError
        Predictions that are too large to compute with.
    """
    vectors = [vector for seeds in films.predicted.values() for vector in seeds]
    for model, predicted in films.predicted.items():
        for vector in predicted:
            check_identity(films.reference, vector, name=model)
    sums = iter(resample_sums(draw(films), films.reference, vectors))
    found = {}
    for model, predicted in films.predicted.items():
        own = [next(sums) for _ in predicted]
        with np.errstate(all="ignore"):
            found[model] = {
                key: mean_over_seeds([resample_metric(from_sums, one) for one in own])
                for key, (from_sums, *_) in MEASURES.items()
            }
    return found


def _models(
    ordered: Sequence[Contender], resampled: Mapping[str, Mapping[str, Resampled]]
) -> tuple[tuple[Compared, ...], float]:
    errors, second = ([resampled[one.name][key].estimate for one in ordered] for key in ("rmse", "mae"))
    replicates = np.stack([resampled[one.name]["rmse"].replicates for one in ordered])
    patients = resampled[ordered[0].name]["rmse"].jackknife.size
    ranking = rank_models(errors, replicates, tie_break=second, patients=patients)
    stability = rank_stability(errors, replicates)
    models = tuple(
        Compared(
            name=one.name,
            source=one.source,
            seeds=one.seeds,
            metrics={key: with_interval(resampled[one.name][key], method) for key, (_, method, *_) in MEASURES.items()},
            rank=MetricValue(
                value=float(ranking.rank[place]),
                low=float(ranking.low[place]),
                high=float(ranking.high[place]),
                method="percentile",
            ),
            p_best=rounded(float(ranking.p_best[place])),
            places=tuple(rounded(float(share)) for share in stability.frequency[place]),
        )
        for place, one in enumerate(ordered)
    )
    return models, stability.mean_kendall_tau


def _pairs(ordered: Sequence[str], resampled: Mapping[str, Mapping[str, Resampled]]) -> tuple[Pair, ...]:
    names = list(combinations(ordered, 2))
    gaps: list[dict[str, Gap]] = [{} for _ in names]
    detectable = []
    for key in MEASURES:
        found = [difference(resampled[first][key], resampled[second][key]) for first, second in names]
        p_values = [bootstrap_p(one) for one in found]
        for gap, one, p, p_holm in zip(gaps, found, p_values, adjust_holm(p_values), strict=True):
            low, high = interval(one, "percentile").ends
            gap[key] = Gap(
                value=rounded(one.estimate), low=rounded(low), high=rounded(high), p=rounded(p), p_holm=rounded(p_holm)
            )
        if key == "rmse":
            detectable = [rounded(detectable_difference(one)) for one in found]
    return tuple(
        Pair(first=first, second=second, gaps=gap, separated=gap["rmse"].p_holm < ALPHA, detectable=least)
        for (first, second), gap, least in zip(names, gaps, detectable, strict=True)
    )


def _remarks(contenders: Sequence[Contender], films: HeldOut) -> list[str]:
    said = []
    known = any(contender.patients_known for contender in contenders)
    if not known:
        said.append(
            "No table says which films are of one patient: each film counts as a patient. Where a patient has several, "
            "intervals are too narrow and p too small."
        )
    if films.patient_count < 30:
        said.append(f"Only {films.patient_count} patients: all intervals are rough, and likely too narrow.")
    for contender in contenders:
        if not contender.predictions[0].readings:
            said.append(f"{contender.name}: no reference in {contender.source}; that of the others stands in.")
        # What a table does not know of patients, another one told.
        guesses = [guess for guess in contender.guesses if not (known and guess.startswith("Patient: no column"))]
        said += [f"{contender.name}: {guess}" for guess in guesses]
        longest = max(len(given.ids) for given in contender.predictions)
        if longest > len(films.ids):
            said.append(f"{contender.name}: {longest - len(films.ids)} of its {longest} films are not compared.")
    return said
