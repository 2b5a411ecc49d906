"""The report on one model: measured against the reference, and beside the readers where there are two or more."""

from __future__ import annotations

from dataclasses import replace
from math import nan, sqrt
from typing import TYPE_CHECKING

import numpy as np

from ra_bench.boards.bands import BANDS
from ra_bench.boards.evaluate import RESAMPLES, SEED, rounded
from ra_bench.boards.held_out import in_order, mean_reading, of_rows, patient_numbers
from ra_bench.errors import TableError
from ra_bench.metrics import (
    Resampled,
    detectable_difference,
    draw_patients,
    range_audit,
    resample_metric,
    resample_sums,
    rmse_from_sums,
    verdict_of,
)
from ra_bench.metrics.sums import moments
from ra_bench.reports.against_readers import measure_against_readers
from ra_bench.reports.checklist import model_checklist
from ra_bench.reports.mean_difference import tost_of
from ra_bench.reports.measure import FEWEST, kappa_of, limits_as_metric, measure_pair, valued
from ra_bench.reports.readers import measure_readers
from ra_bench.reports.remarks import model_remarks
from ra_bench.reports.strata import measure_strata
from ra_bench.reports.uncertainty import calibrate, measure_doubt, measure_intervals
from ra_bench.reports.values import (
    Calibration,
    Detectable,
    Equivalence,
    ModelReport,
    RangeUse,
    Settings,
    Source,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ra_bench.boards.held_out import Floats
    from ra_bench.metrics import ResampledSums, Resampling
    from ra_bench.reports.tables import ModelPredictions
    from ra_bench.reports.values import Pair
    from ra_bench.values import Scale

#: Margins of equivalence, fixed before looking, with what they are for.
MARGINS = {5.0: "primary", 3.0: "strict"}


def report_model(
    model: ModelPredictions,
    *,
    scale: Scale | None,
    scale_given: bool = True,
    bands: Sequence[float] | None = None,
    margins: Sequence[float] = (),
    conformal: float | None = None,
) -> ModelReport:
    """Measure everything that the predictions of one model allow to be said.

    Parameters
    ----------
    model : ModelPredictions
        With readings of one reader or more, or one column of references.
    scale : Scale or None
        Where scores may lie; None if it is not known.
    scale_given : bool
        False where it is only guessed: it is then left to the authors to name the score.
    bands : sequence of float, optional
        Rising lower edges of severity bands. Given, they replace `BANDS`, and kappa is told too.
    margins : sequence of float
        Margins of equivalence beside the usual ones; they are recorded as asked for.
    conformal : float, optional
        Coverage of split-conformal intervals, calibrated on the validation films of the run that was read.

    Returns
    -------
    ModelReport
        Of the films that have a prediction and a reading; films in the order of their ids, so that the order of a table
        changes nothing. What cannot be computed is nan.

    Raises
    ------
    TableError
        No film has both, or conformal intervals are asked for without validation films.
    """
    calibrated = None if conformal is None else calibrate(model, conformal)
    given = in_order(model.predictions)
    readings = {reader: np.asarray(scores, dtype=np.float64) for reader, scores in given.readings.items()}
    predicted = np.asarray(given.predicted, dtype=np.float64)
    reference = mean_reading(list(readings.values()))
    both = np.isfinite(predicted) & np.isfinite(reference)
    if not both.any():
        raise TableError(
            f"{model.source}: no film has both a prediction and a reading, so nothing can be measured. "
            "Check that the columns are the right ones."
        )
    patients = patient_numbers([patient for patient, kept in zip(given.patients, both, strict=True) if kept])
    resampling = draw_patients(patients, resamples=RESAMPLES, seed=SEED)
    settings = settings_of(scale, bands, margins, scale_given=scale_given)
    source = Source(
        file=model.source,
        films=int(both.sum()),
        patients=resampling.patients,
        patients_known=model.patients_known,
        guesses=model.guesses,
    )
    kept = {reader: scores[both] for reader, scores in readings.items()}
    found = _measured(model.name, source, settings, kept, reference[both], predicted[both], resampling)
    missing = int((~np.isfinite(predicted)).sum()), int((np.isfinite(predicted) & ~both).sum())
    found = replace(found, missing_predictions=missing[0], missing_references=missing[1])
    rows = np.flatnonzero(both)
    shown = replace(
        given,
        predicted=tuple(predicted[both]),
        uncertainty=None if given.uncertainty is None else of_rows(given.uncertainty, rows.tolist()),
    )
    found = replace(
        found,
        calibrated=calibrated,
        intervals=measure_intervals(shown, reference[both], calibrated, resampling),
        doubt=measure_doubt(shown, reference[both], resampling),
    )
    same = bool((predicted[both] == reference[both]).all())
    return replace(found, remarks=model_remarks(found, same=same), checklist=model_checklist(found, model.record))


def settings_of(
    scale: Scale | None, bands: Sequence[float] | None, margins: Sequence[float] = (), *, scale_given: bool
) -> Settings:
    """What is fixed before looking: the usual, and what the user asks for."""
    return Settings(
        bands=BANDS if bands is None else tuple(bands),
        bands_asked=bands is not None,
        margins=(*MARGINS, *(margin for margin in dict.fromkeys(margins) if margin not in MARGINS)),
        asked_margins=tuple(dict.fromkeys(margins)),
        scale=scale,
        scale_given=scale_given,
        resamples=RESAMPLES,
        seed=SEED,
    )


def _measured(
    name: str,
    source: Source,
    settings: Settings,
    readings: Mapping[str, Floats],
    reference: Floats,
    predicted: Floats,
    resampling: Resampling,
) -> ModelReport:
    overall = measure_pair(name, "the reference", predicted, reference, resampling)
    (sums,) = resample_sums(resampling, reference, [predicted])
    strata, balanced = measure_strata(reference, predicted, settings.bands, resampling)
    several = len(readings) > 1
    bands = settings.bands if settings.bands_asked else None
    return ModelReport(
        name=name,
        source=source,
        settings=settings,
        missing_predictions=0,
        missing_references=0,
        overall=overall,
        equivalence=tuple(_equivalence(overall, margin) for margin in settings.margins),
        calibration=_calibration(reference, sums, resampling.patients),
        strata=strata,
        balanced_mae=balanced,
        kappa=kappa_of(predicted, reference, bands, resampling),
        range_use=_range_use(reference, predicted, settings.scale),
        detectable=_detectable(sums, resampling.patients),
        against_readers=measure_against_readers(readings, reference, predicted, resampling) if several else None,
        readers=measure_readers(readings, resampling, bands=bands) if several else None,
    )


def _equivalence(overall: Pair, margin: float) -> Equivalence:
    difference = overall.mean_difference
    p = tost_of(difference, margin).p
    verdict = verdict_of(
        p_difference=difference.p,
        p_equivalence=p,
        margin=margin,
        interval_90=(difference.bias_90.low, difference.bias_90.high),
        limits=limits_as_metric(overall.limits, difference.bias.value),
    )
    return Equivalence(
        margin=margin,
        role=MARGINS.get(margin, "asked for"),
        p=rounded(p),
        finding=verdict.finding,
        sentence=verdict.sentence,
    )


def _calibration(reference: Floats, sums: ResampledSums, patients: int) -> Calibration:
    """Least squares of the reference on the prediction; from sums, which are shifted by the mean of the reference."""
    origin = float(reference.mean())

    def slope(found: Floats) -> Floats:
        m = moments(found)
        value: Floats = np.where(m.variance_predicted > 0, m.covariance / m.variance_predicted, nan)
        return value

    def intercept(found: Floats) -> Floats:
        y, p = found[..., 1] / found[..., 0], found[..., 3] / found[..., 0]
        value: Floats = y + origin - slope(found) * (p + origin)
        return value

    with np.errstate(all="ignore"):
        return Calibration(
            slope=valued(resample_metric(slope, sums), "percentile", patients),
            intercept=valued(resample_metric(intercept, sums), "percentile", patients),
        )


def _range_use(reference: Floats, predicted: Floats, scale: Scale | None) -> RangeUse:
    low, high = (-np.inf, np.inf) if scale is None else (scale.minimum, scale.maximum)
    audit = range_audit(reference, predicted, low, high)
    spreads = [float(values.std(ddof=1)) if values.size > 1 else nan for values in (reference, predicted)]
    return RangeUse(
        below=nan if scale is None else rounded(audit.below),
        above=nan if scale is None else rounded(audit.above),
        sd_reference=rounded(spreads[0]),
        sd_predicted=rounded(spreads[1]),
        sd_ratio=rounded(audit.sd_ratio),
    )


def _detectable(sums: ResampledSums, patients: int) -> Detectable:
    """Two models of one RMSE whose errors correlate c: the difference has sqrt(2 (1 - c)) times the standard error."""
    if patients < FEWEST:
        return Detectable(unrelated_errors=nan, related_errors=nan)
    error = resample_metric(rmse_from_sums, sums)

    def smallest(correlation: float) -> float:
        factor = sqrt(2 * (1 - correlation))
        gap = Resampled(
            estimate=0.0, replicates=factor * (error.replicates - error.estimate), jackknife=factor * error.jackknife
        )
        return rounded(detectable_difference(gap))

    return Detectable(unrelated_errors=smallest(0.0), related_errors=smallest(0.5))
