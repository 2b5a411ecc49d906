"""How sure models say they are, held against their errors; on a board only where some model says it."""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING

import numpy as np

from ra_bench.boards.evaluate import mean_over_seeds, rounded, with_interval
from ra_bench.boards.held_out import in_order
from ra_bench.metrics import (
    crps_normal,
    inside,
    interval_score,
    mae,
    mae_from_sums,
    normal_interval,
    resample_aurc,
    resample_metric,
    resample_sums,
)
from ra_bench.values import MetricValue, UncertaintyRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ra_bench.boards.held_out import Floats, HeldOut
    from ra_bench.metrics import Resampled, Resampling
    from ra_bench.values import Predictions, RunRecord, Uncertainty

OF_SD, OF_MODEL = "its SD, normal", "its own"
#: Of the normal interval that an SD alone means.
LEVEL = 0.95
COVERAGE, WIDTH, SCORE, CRPS, AREA, ERROR = "coverage", "width", "interval_score", "crps", "aurc", "mae"


def measure_uncertainty(
    films: HeldOut, records: Sequence[RunRecord], resampling: Resampling
) -> tuple[UncertaintyRow, ...]:
    """A row for each model, by name, and kind of interval that all its seeds give: the mean over seeds.

    Parameters
    ----------
    films : HeldOut
        The board's test films.
    records : sequence of RunRecord
        Those that the films are of; folds are pooled.
    resampling : Resampling
        The board's draw of patients.
    """
    models: dict[str, list[Predictions]] = {}
    for record in records:
        models.setdefault(record.job.model, []).append(record.predictions)
    return tuple(
        row
        for model, own in sorted(models.items())
        for kind in (OF_SD, OF_MODEL)
        if (row := _row(model, kind, own, films.reference, resampling)) is not None
    )


def level_of(given: Uncertainty) -> float:
    """The level at which a model is measured: that of the interval which it gives, or 95 %."""
    return given.level if given.lower else LEVEL


def intervals_of(given: Uncertainty, predicted: Floats) -> dict[str, tuple[Floats, Floats]]:
    """Ends of the intervals that a model gives or its SD means, by their kind, nan where it says nothing."""
    found = {}
    if given.sd:
        sd = np.asarray(given.sd, dtype=np.float64)
        known = np.isfinite(sd) & np.isfinite(predicted)
        lower, upper = np.full(sd.shape, nan), np.full(sd.shape, nan)
        if known.any():
            lower[known], upper[known] = normal_interval(predicted[known], sd[known], level_of(given))
        found[OF_SD] = (lower, upper)
    if given.lower:
        found[OF_MODEL] = (np.asarray(given.lower, dtype=np.float64), np.asarray(given.upper, dtype=np.float64))
    return found


def widths(lower: Floats, upper: Floats) -> Floats:
    """Widths of intervals, equal where they are but for rounding: their order counts."""
    found: Floats = np.round(upper - lower, 9)
    return found


def resample_mean(values: Floats, known: NDArray[np.bool_], resampling: Resampling) -> Resampled:
    """The mean of what is 0 or more on the films that are `known`: resampled as a mean absolute error against 0."""
    every = np.full(known.shape, nan)
    every[known] = values
    (sums,) = resample_sums(resampling, np.zeros(every.size), [every])
    return resample_metric(mae_from_sums, sums)


def _row(
    model: str, kind: str, seeds: Sequence[Predictions], reference: Floats, resampling: Resampling
) -> UncertaintyRow | None:
    films, level = [], nan
    parts: dict[str, list[Resampled]] = {}
    errors: list[float] = []
    if any(given.uncertainty is None for given in seeds):
        return None
    for given in map(in_order, seeds):
        predicted = np.asarray(given.predicted, dtype=np.float64)
        said = given.uncertainty
        ends = None if said is None else intervals_of(said, predicted).get(kind)
        if said is None or ends is None:
            return None
        known = np.isfinite(reference) & np.isfinite(predicted) & np.isfinite(ends[0]) & np.isfinite(ends[1])
        if not known.any():
            return None
        y, p, low, high = (values[known] for values in (reference, predicted, *ends))
        level = level_of(said)
        films.append(int(known.sum()))
        measured = {COVERAGE: inside(y, low, high), WIDTH: high - low, SCORE: interval_score(y, low, high, level)}
        if kind == OF_SD:
            measured[CRPS] = crps_normal(y, p, np.asarray(said.sd)[known])
        for name, values in measured.items():
            parts.setdefault(name, []).append(resample_mean(values, known, resampling))
        doubt = np.full(known.shape, nan)
        doubt[known] = np.asarray(said.sd)[known] if kind == OF_SD else widths(low, high)
        parts.setdefault(AREA, []).append(resample_aurc(resampling, reference, predicted, doubt))
        errors.append(mae(y, p))
    shown = {
        name: with_interval(mean_over_seeds(found), "percentile" if name == COVERAGE else "bca")
        for name, found in parts.items()
    }
    shown[ERROR] = MetricValue(value=rounded(float(np.mean(errors))))
    return UncertaintyRow(name=model, kind=kind, level=level, films=min(films), metrics=shown)
