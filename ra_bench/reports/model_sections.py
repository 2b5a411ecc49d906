"""The report on one model, in sections: first what may be said, then why."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING

from ra_bench.boards.render.numbers import as_text, fixed
from ra_bench.cohorts.audit.finding import counted
from ra_bench.reports.checklist import limits_in_words, stratum_in_words
from ra_bench.reports.reader_sections import reader_sections
from ra_bench.reports.sections import (
    LABELS,
    Column,
    Section,
    checklist_section,
    difference_lines,
    limits_lines,
    method_of,
    p_value,
    quantities,
    remarks_section,
    source_section,
)
from ra_bench.reports.uncertainty_sections import uncertainty_sections

if TYPE_CHECKING:
    from ra_bench.reports.values import AgainstReaders, Equivalence, ModelReport

LIMITS = "Limits of agreement"


def sections_of_model(report: ModelReport) -> tuple[Section, ...]:
    """The whole report on a model."""
    asked = report.settings.bands_asked
    readers = [] if report.against_readers is None else [_beside_readers(report, report.against_readers)]
    if report.readers is not None:
        readers += reader_sections(report.readers, bands=report.settings.bands if asked else ())
    return (
        _verdict(report),
        source_section(report.source, _missing(report)),
        Section(
            heading="Against the reference",
            columns=quantities({key: label for key, (label, _) in LABELS.items()}, [report.overall]),
        ),
        Section(heading="Mean difference", lines=difference_lines(report.overall.mean_difference)),
        _equivalence(report),
        Section(heading="Differences on single films", lines=limits_lines(report.overall.limits)),
        _calibration(report),
        *uncertainty_sections(report),
        _severity(report),
        *readers,
        _range_use(report),
        _detectable(report),
        remarks_section(report.remarks),
        checklist_section(report.checklist),
    )


def _verdict(report: ModelReport) -> Section:
    """The primary statement, with the limits of agreement beside it, and the readers where there are some."""
    rmse = report.overall.values["rmse"]
    primary = report.equivalence[0]
    lines = [
        f"By the {primary.role} margin of ±{primary.margin:g}: {_with_limits(report, primary)}",
        f"RMSE {as_text(rmse, 1)} on {counted(report.source.films, 'film')}.",
    ]
    if (beside := report.against_readers) is not None:
        lines[1] += (
            f" A further reader of the same quality would have {fixed(beside.benchmark, 1)}: RMSE / reader is "
            f"{as_text(beside.ratio, 2)}; below 1 is better than such a reader."
        )
        lines.append(f"{beside.sentence}.")
    return Section(heading="What may be said", lines=tuple(lines))


def _missing(report: ModelReport) -> list[str]:
    said = []
    if report.missing_predictions:
        said.append(f"Left out: {report.missing_predictions:,} without a prediction.")
    if report.missing_references:
        said.append(f"Left out: {report.missing_references:,} with a prediction and without a reading.")
    return said


def _equivalence(report: ModelReport) -> Section:
    low, high = report.overall.mean_difference.bias_90.low, report.overall.mean_difference.bias_90.high
    lines = [
        f"±{found.margin:g} ({found.role}){_tost(found.p)}: {_with_limits(report, found)}"
        for found in report.equivalence
    ]
    if not isnan(low):
        lines.append(f"90 % interval of the mean difference: {fixed(low, 2)} to {fixed(high, 2)}.")
    return Section(heading="Equivalence of the average, by margins fixed before looking", lines=tuple(lines))


def _calibration(report: ModelReport) -> Section:
    found = report.calibration
    if isnan(found.slope.value):
        return Section(heading="Calibration", lines=("n/a: a line takes two films with different predictions.",))
    return Section(
        heading="Calibration",
        lines=(
            (
                f"Reference = {fixed(found.intercept.value, 2)} + {fixed(found.slope.value, 3)} · prediction. Slope "
                f"{as_text(found.slope, 3)}, best 1; intercept {as_text(found.intercept, 2)}, best 0; 95 % intervals: "
                f"{method_of(found.slope)}."
            ),
            "A slope below 1: predictions are too far apart. Above 1: they crowd together.",
        ),
    )


def _severity(report: ModelReport) -> Section:
    shown = report.strata
    columns = (
        Column(
            heading="reference", cells=tuple(stratum_in_words(found.low, found.high) for found in shown), right=False
        ),
        Column(heading="films", cells=tuple(f"{found.films:,}" for found in shown)),
        Column(heading="bias", cells=tuple(fixed(found.bias, 2) for found in shown)),
        Column(heading="MAE", cells=tuple(as_text(found.mae, 2) for found in shown)),
        Column(heading="RMSE", cells=tuple(as_text(found.rmse, 2) for found in shown)),
    )
    notes = [
        f"Stratum-balanced MAE, each band counting the same: {as_text(report.balanced_mae, 2)}. Intervals: BCa.",
        (
            "Some of this bias is the reference's own: a film stands in the highest band also because its readers "
            "erred upwards."
        ),
    ]
    if report.settings.bands_asked:
        notes.append(f"Quadratic-weighted kappa of these bands: {as_text(report.kappa, 3)}.")
    return Section(heading="Error by severity", columns=columns, notes=tuple(notes))


def _beside_readers(report: ModelReport, found: AgainstReaders) -> Section:
    rows = {
        **{f"{report.name} against {reader}": square for reader, square in found.model_readers.items()},
        "reader against reader": found.reader_reader,
    }
    return Section(
        heading="Beside the readers",
        lines=(
            (
                f"Reader benchmark (RMSE of a further reader against the mean): {fixed(found.benchmark, 2)}. "
                f"RMSE / reader: {as_text(found.ratio, 2)}."
            ),
            (
                f"Individual equivalence index, IEI: {as_text(found.iei, 1)} squared units, percentile bootstrap, on "
                f"{counted(found.films, 'film')} that all readers read. 0: as good as a further reader; below 0: "
                "better."
            ),
            f"{found.sentence}. {LIMITS} of the model: {limits_in_words(report.overall)}.",
        ),
        columns=(
            Column(heading="", cells=tuple(rows), right=False),
            Column(heading="RMSE", cells=tuple(fixed(square**0.5, 2) for square in rows.values())),
        ),
    )


def _range_use(report: ModelReport) -> Section:
    found, scale = report.range_use, report.settings.scale
    ends = "The scale is not known" if scale is None else f"Predictions below {scale.minimum:g}"
    off = (
        f"{ends}: {_percent(found.below)}; above {scale.maximum:g}: {_percent(found.above)}."
        if scale is not None
        else f"{ends}, so predictions off it are not counted."
    )
    return Section(
        heading="Use of the scale",
        lines=(
            off,
            (
                f"SD of the predictions {fixed(found.sd_predicted, 2)}, of the reference "
                f"{fixed(found.sd_reference, 2)}; ratio {fixed(found.sd_ratio, 2)}. Far below 1, the model shrinks to "
                "the mean."
            ),
        ),
    )


def _detectable(report: ModelReport) -> Section:
    found, heading = report.detectable, "What this test set can show"
    if isnan(found.unrelated_errors):
        return Section(heading=heading, lines=("n/a: too few patients, or errors that do not vary.",))
    return Section(
        heading=heading,
        lines=(
            (
                "Smallest difference in RMSE to a second model of like RMSE that would be found at 80 % power (5 % "
                f"level): {fixed(found.unrelated_errors, 2)} if the two err unrelatedly, "
                f"{fixed(found.related_errors, 2)} if their squared errors correlate 0.5. 'ra-bench compare' tells it "
                "for two models that are there."
            ),
        ),
    )


def _percent(share: float) -> str:
    return "n/a" if isnan(share) else f"{fixed(100 * share, 1)} %"


def _tost(p: float) -> str:
    return "" if isnan(p) else f", {p_value('p (TOST)', p)}"


def _with_limits(report: ModelReport, found: Equivalence) -> str:
    """The fixed words, with the limits of agreement beside them where they do not hold them already."""
    if found.finding == "within":
        return f"{found.sentence}."
    return f"{found.sentence}. {LIMITS}: {limits_in_words(report.overall)}."
