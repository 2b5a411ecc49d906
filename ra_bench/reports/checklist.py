"""What the data say to the items of reporting guidelines; the others are left to the authors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ra_bench.boards.render.numbers import as_text, fixed
from ra_bench.cohorts.audit.finding import counted
from ra_bench.reports.guidelines import CLAIM, GRRAS, GUIDELINES, TRIPOD
from ra_bench.reports.values import Item
from ra_bench.runs.records import is_trained

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ra_bench.reports.values import ModelReport, Pair, Readers, ReadersReport, Settings, Source
    from ra_bench.values import RunRecord


def model_checklist(report: ModelReport, record: RunRecord | None = None) -> tuple[Item, ...]:
    """All items of GRRAS, CLAIM and TRIPOD+AI; of a run of ours also what its record says."""
    method, counts = _method(report.settings), _counts(report.source)
    missing, result = _missing(report), _result(report.overall)
    scale, by_severity = _scale(report.settings), _by_severity(report)
    agreement = result if report.readers is None else _between(report.readers)
    readers = "one column of references" if report.readers is None else f"{len(report.readers.names)} readers"
    said = {
        GRRAS: {"2": scale, "10": method, "11": f"{readers}; {counts}; no repeats.", "13": agreement},
        CLAIM: {
            "12": missing,
            "14": _reference(report),
            "18": "" if report.readers is None else f"Between readers: {agreement} Within readers: not measured.",
            "28": "rho, Spearman, MAE, RMSE, CCC, ICC(A,1), bias, limits of agreement, calibration.",
            "29": method,
            "35": f"Included: {counts}. {missing}",
            "36": f"Of the test part: {by_severity}",
            "37": result,
            "39": f"Largest error {fixed(report.overall.values['max_ae'].value, 1)}. Error by severity: see there.",
        },
        TRIPOD: {
            "8a": scale,
            "11": missing,
            "12e": f"Accuracy, agreement, calibration, equivalence. {method}",
            "12f": "Scores were taken as they are; nothing was recalibrated here.",
            "15": f"A score. {scale}".strip(),
            "20b": f"Of the evaluation: {by_severity}",
            "21": f"Evaluation: {counts}.",
            "23a": f"{result} By severity: see there.",
            "24": f"Nothing was recalibrated here. Calibration slope {as_text(report.calibration.slope, 2)}.",
        },
    }
    if record is not None and is_trained(record.job):
        said[CLAIM] |= _of_run(record)
        said[TRIPOD] |= {"12c": _training(record), "12g": f"By ra-bench {record.environment.get('ra-bench', '')}."}
    said[GRRAS]["15"] = "This report, and the same as JSON."
    return _items(said)


def readers_checklist(report: ReadersReport) -> tuple[Item, ...]:
    """All items of GRRAS."""
    return _items(
        {
            GRRAS: {
                "2": _scale(report.settings),
                "10": _method(report.settings),
                "11": f"{len(report.readers.names)} readers; {_counts(report.source)}; no repeats.",
                "13": _between(report.readers),
                "15": "This report, and the same as JSON.",
            }
        }
    )


def _items(said: Mapping[str, Mapping[str, str]]) -> tuple[Item, ...]:
    return tuple(
        Item(guideline=guideline, number=number, topic=topic, says=said[guideline].get(number, ""))
        for guideline, topics in GUIDELINES.items()
        if guideline in said
        for number, topic in topics.items()
    )


def _scale(settings: Settings) -> str:
    scale = settings.scale if settings.scale_given else None
    return "" if scale is None else f"{scale.name}, {scale.minimum:g} to {scale.maximum:g} {scale.unit}."


def _counts(source: Source) -> str:
    patients = counted(source.patients, "patient") if source.patients_known else "patients not known"
    return f"{counted(source.films, 'film')}, {patients}"


def _method(settings: Settings) -> str:
    asked = [f"±{margin:g}" for margin in settings.margins if margin in settings.asked_margins]
    margins = f"; margins of equivalence asked for: {', '.join(asked)}" if asked else ""
    return (
        f"95 % intervals from {settings.resamples:,} resamples of patients, seed {settings.seed}: BCa for MAE and RMSE,"
        " percentile for correlations, CCC and ICC; t for the mean difference; F for ICC between readers"
        f"{margins}."
    )


def _missing(report: ModelReport) -> str:
    lacking = {
        "films without a prediction, left out": report.missing_predictions,
        "films with a prediction and without a reading, left out": report.missing_references,
    }
    if report.readers is not None:
        films = report.source.films
        lacking |= {f"readings of {name}": films - count for name, count in report.readers.readings.items()}
    said = [f"{count} {what}" for what, count in lacking.items() if count]
    return f"Missing: {'; '.join(said)}." if said else "No prediction and no reading is missing."


def _result(pair: Pair) -> str:
    return (
        f"{pair.name} against {pair.against}: RMSE {as_text(pair.values['rmse'], 1)}, MAE "
        f"{as_text(pair.values['mae'], 1)}, ICC(A,1) {as_text(pair.values['icc_a_1'], 2)}, limits of agreement "
        f"{limits_in_words(pair)}."
    )


def limits_in_words(pair: Pair, between: str = "to") -> str:
    """The limits of agreement as they stand beside every statement."""
    low, high = fixed(pair.limits.low.value, 1), fixed(pair.limits.high.value, 1)
    return f"{low} {between} {high}"


def _between(readers: Readers) -> str:
    return " ".join(
        f"{found.pair.name} against {found.pair.against}: ICC(A,1) {as_text(found.icc['icc_a_1'], 2)}, "
        f"limits of agreement {limits_in_words(found.pair)}."
        for found in readers.pairs
    )


def _reference(report: ModelReport) -> str:
    return "" if report.readers is None else f"Mean of the readings of {len(report.readers.names)} readers."


def _by_severity(report: ModelReport) -> str:
    parts = [f"{stratum_in_words(found.low, found.high)}: {found.films}" for found in report.strata if found.films]
    return f"films by reference, {', '.join(parts)}."


def stratum_in_words(low: float | None, high: float | None) -> str:
    """A severity band.

    Examples
    --------
    >>> stratum_in_words(None, 1.0), stratum_in_words(10.0, 25.0), stratum_in_words(100.0, None)
    ('below 1', '10 to below 25', '100 and above')
    """
    if low is None:
        return "all" if high is None else f"below {high:g}"
    return f"{low:g} and above" if high is None else f"{low:g} to below {high:g}"


def _of_run(record: RunRecord) -> dict[str, str]:
    versions = ", ".join(f"{name} {version}" for name, version in record.environment.items() if name != "processor")
    size = "" if record.parameters is None else f", parameters: {record.parameters:,}"
    protocol = record.protocol
    said = {
        "20": "Patients, as far as they are known: none stands on two sides of a split of ra-bench.",
        "22": f"{record.job.model}{size}; from {record.job.plugin} {record.job.plugin_version}.",
        "23": f"{versions}." if versions else "",
        "24": f"{protocol['initialisation']}." if "initialisation" in protocol else "",
        "25": _training(record),
        "26": f"{protocol['keep']}." if "keep" in protocol else "",
    }
    return {number: text for number, text in said.items() if text}


def _training(record: RunRecord) -> str:
    protocol = record.protocol
    if not protocol:
        return ""
    return f"Protocol {record.job.protocol}: {protocol.get('summary', '')} Seed {record.job.seed}, on {record.device}."
