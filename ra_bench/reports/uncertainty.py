"""How sure a model is, held against its errors: intervals that it gives, or that its validation films allow."""

from __future__ import annotations

from math import isinf, isnan, nan
from typing import TYPE_CHECKING

import numpy as np

from ra_bench.boards.evaluate import rounded
from ra_bench.boards.held_out import in_order, mean_reading
from ra_bench.boards.uncertainty import LEVEL, intervals_of, level_of, resample_mean, widths
from ra_bench.errors import TableError
from ra_bench.metrics import (
    complete_pairs,
    conformal_margin,
    crps_normal,
    inside,
    interval_score,
    mae,
    resample_aurc,
    risk_coverage,
)
from ra_bench.reports.measure import valued
from ra_bench.reports.values import Calibrated, Doubt, Intervals, SetAside
from ra_bench.values import MetricValue

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ra_bench.boards.held_out import Floats
    from ra_bench.metrics import Method, Resampling
    from ra_bench.reports.tables import ModelPredictions
    from ra_bench.values import Predictions

CONFORMAL, NORMALISED = "split conformal", "split conformal, in SDs"
#: Shares of the films that are kept where the most uncertain ones are set aside.
KEPT = (1.0, 0.9, 0.8, 0.7, 0.5)


def measure_intervals(
    given: Predictions, reference: Floats, calibrated: Calibrated | None, resampling: Resampling
) -> tuple[Intervals, ...]:
    """Coverage, width and score of every kind of interval that there is.

    Parameters
    ----------
    given : Predictions
        Of the films of the draw, in their order, all with a prediction.
    reference : ndarray of shape (n,)
        All present.
    calibrated : Calibrated or None
        Margins from validation films, where they were asked for.
    resampling : Resampling
        The one draw of patients of the report.
    """
    predicted, said = np.asarray(given.predicted, dtype=np.float64), given.uncertainty
    own = {} if said is None else intervals_of(said, predicted)
    kinds = [(kind, LEVEL if said is None else level_of(said), *ends) for kind, ends in own.items()]
    if calibrated is not None:
        half = np.full(predicted.shape, calibrated.margin)
        kinds.append((CONFORMAL, calibrated.level, predicted - half, predicted + half))
        if said is not None and said.sd and not isnan(calibrated.factor):
            half = calibrated.factor * np.asarray(said.sd)
            kinds.append((NORMALISED, calibrated.level, predicted - half, predicted + half))
    return tuple(
        _intervals(kind, level, reference, lower, upper, resampling)
        for kind, level, lower, upper in kinds
        if np.isfinite(lower).any()
    )


def measure_doubt(given: Predictions, reference: Floats, resampling: Resampling) -> Doubt | None:
    """The error that is left where the most uncertain films are set aside; None where the model says nothing."""
    said = given.uncertainty
    if said is None:
        return None
    doubt = np.asarray(said.sd) if said.sd else widths(np.asarray(said.lower), np.asarray(said.upper))
    known = np.isfinite(doubt)
    if not known.any():
        return None
    predicted = np.asarray(given.predicted, dtype=np.float64)
    found = risk_coverage(reference[known], predicted[known], doubt[known])
    films = int(known.sum())
    crps = MetricValue(value=nan)
    if said.sd:
        crps = _mean(crps_normal(reference[known], predicted[known], doubt[known]), known, "bca", resampling)
    return Doubt(
        by="its SD" if said.sd else "the width of its interval",
        films=films,
        crps=crps,
        set_aside=tuple(
            SetAside(kept=share, films=count, mae=rounded(float(found.risk[count - 1])))
            for share, count in ((share, max(1, round(share * films))) for share in KEPT)
        ),
        area=valued(
            resample_aurc(resampling, reference, predicted, doubt), "bca", np.unique(resampling.patient[known]).size
        ),
        best=rounded(found.best),
    )


def calibrate(model: ModelPredictions, level: float) -> Calibrated:
    """Margins of an error, from the validation films of a run.

    Raises
    ------
    TableError
        There are no validation films, or none with a reading.
    """
    record = model.record
    if record is None or record.validation is None:
        why = (
            "a table of predictions has no validation films. Name the folder of a finished run"
            if record is None
            else "this record is from before they were kept, or is made of such records. Run it again with --afresh"
        )
        raise TableError(f"{model.source}: --conformal takes the errors on validation films, and {why}.")
    given = in_order(record.validation)
    readings = [np.asarray(scores, dtype=np.float64) for scores in given.readings.values()]
    reference, predicted = mean_reading(readings), np.asarray(given.predicted, dtype=np.float64)
    both = np.isfinite(reference) & np.isfinite(predicted)
    if not both.any():
        raise TableError(f"{model.source}: no validation film has a reading, so that no error on them is known.")
    errors = np.abs(predicted - reference)[both]
    patients = np.asarray(given.patients)[both]
    factor = nan
    if given.uncertainty is not None and given.uncertainty.sd:
        sd = np.asarray(given.uncertainty.sd)[both]
        if (sd > 0).all():
            factor = conformal_margin(errors / sd, level, patients)
    return Calibrated(
        level=level,
        films=errors.size,
        patients=np.unique(patients).size,
        margin=conformal_margin(errors, level, patients),
        factor=nan if isinf(factor) else rounded(factor),
        mae=rounded(mae(*complete_pairs(reference, predicted))),
        chosen=_chosen(model),
    )


def _chosen(model: ModelPredictions) -> str:
    """What is known of choices that were made on the validation films."""
    record = model.record
    if record is not None and record.ensemble is not None:
        return "the members may have kept the epoch that did best on them"
    if record is not None and record.kept_epoch is not None and record.protocol.get("keep") == "best-validation-rmse":
        return f"epoch {record.kept_epoch} was kept because it did best on them"
    return ""


def _intervals(
    kind: str, level: float, reference: Floats, lower: Floats, upper: Floats, resampling: Resampling
) -> Intervals:
    known = np.isfinite(lower) & np.isfinite(upper)
    y, low, high = reference[known], lower[known], upper[known]
    return Intervals(
        kind=kind,
        level=level,
        films=int(known.sum()),
        coverage=_mean(inside(y, low, high), known, "percentile", resampling),
        width=_mean(high - low, known, "bca", resampling),
        score=_mean(interval_score(y, low, high, level), known, "bca", resampling),
    )


def _mean(values: Floats, known: NDArray[np.bool_], method: Method, resampling: Resampling) -> MetricValue:
    """The mean of what is 0 or more, resampled by patients: a mean absolute error against 0."""
    patients = np.unique(resampling.patient[known]).size
    with np.errstate(all="ignore"):  # equal widths have no spread to divide by
        found = resample_mean(values, known, resampling)
        if np.ptp(values) == 0:
            return MetricValue(value=rounded(found.estimate))
        return valued(found, method, patients)
