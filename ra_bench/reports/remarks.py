"""What a person must know before believing a report, in plain sentences."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING

from ra_bench.cohorts.audit.finding import counted
from ra_bench.reports.measure import FEWEST

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ra_bench.reports.values import ModelReport, Readers, Source

NO_EVIDENCE = (
    "p > 0.05 in the t-test is not evidence of agreement. A model that answers the mean for every film can get p = 1."
)
MARGINS = (
    "The margins ±5 and ±3 come from what is known of changes within a patient, on the scale of hands and feet. They "
    "give a size to think in, and are no standard for a score at one visit."
)
BANDS = "The severity bands are ours, to see where errors are large; they are no clinical standard."
INDEPENDENT = (
    "The reader benchmark and IEI take the readers' errors as independent. Readers who learnt from one another err "
    "alike, and then look better than they are."
)


def model_remarks(report: ModelReport, *, same: bool) -> tuple[str, ...]:
    """Remarks that follow from what was measured; `same` where every prediction equals its reference."""
    said = [*_of_model(report, same=same), *_of_missing(report), *of_patients(report.source)]
    if report.readers is None:
        said.append(
            "One score a film: how well two readers agree is not known, so the model cannot be held against it."
        )
    else:
        said += [
            *of_gaps(report.readers, report.source.films, "the reference is the mean of those present"),
            INDEPENDENT,
        ]
    said += [NO_EVIDENCE, MARGINS]
    if not report.settings.bands_asked:
        said.append(BANDS)
    if report.settings.scale is None:
        said.append("The ends of the scale are not known, so predictions beyond them are not counted. Give --scale.")
    return tuple(said)


def reader_remarks(readers: Readers, source: Source) -> tuple[str, ...]:
    """Remarks on a report on readers only."""
    said = [*of_patients(source), *of_gaps(readers, source.films, "each pair is measured on the films that both read")]
    apart = [pair.pair for pair in readers.pairs if not pair.pair.films]
    said += [
        f"'{pair.against}' and '{pair.name}' have no film in common: nothing can be said of them." for pair in apart
    ]
    said += ["p > 0.05 in the t-test is not evidence of agreement: look at the limits of agreement.", INDEPENDENT]
    return tuple(said)


def of_patients(source: Source) -> list[str]:
    """How many patients there are to draw from, and what that means for intervals."""
    said = []
    if source.patients < source.films:
        said.append(
            f"The {source.films:,} films are of {source.patients:,} patients. Resampled intervals and t-tests count "
            "patients; F intervals of ICC and p of the proportional bias count films, and promise too much."
        )
    elif not source.patients_known:
        said.append(
            "Patients are not known: every film counts as a patient of its own. If some patients have several films, "
            "all intervals are too narrow. Name the column with --patient."
        )
    if source.patients < FEWEST:
        said.append(
            f"Only {counted(source.patients, 'patient')}: too few to resample, so that most intervals are n/a, and "
            "what the tests say rests on the assumption of normal differences alone. Conclude nothing from this."
        )
    elif source.patients < 30:
        said.append(f"Only {source.patients} patients: all intervals are rough, and likely too narrow.")
    return said


def of_gaps(readers: Readers, films: int, consequence: str) -> list[str]:
    """Which readers did not read every film."""
    gaps: Mapping[str, int] = {name: films - count for name, count in readers.readings.items() if count < films}
    if not gaps:
        return []
    lacking = ", ".join(f"'{name}' lacks {count}" for name, count in gaps.items())
    return [f"Not every reader read every film ({lacking} of {films}): {consequence}."]


def _of_model(report: ModelReport, *, same: bool) -> list[str]:
    said = []
    rho, films = report.overall.values["rho"].value, report.source.films
    if same and films > 1:
        said.append(
            "Every prediction equals its reference. Check that the column of predictions is not the reference itself."
        )
    elif report.range_use.sd_predicted == 0 and films > 1:
        said.append(
            "All predictions are one number: the model does not tell films apart, and its correlation is undefined."
        )
    if report.range_use.sd_reference == 0 and films > 1:
        said.append("All references are one number: nothing can be said of correlation or calibration.")
    if rho < 0:
        said.append("Predictions fall where the reference rises. Check that films and predictions are not mixed up.")
    if films == 2 and not isnan(rho):
        said.append("With two films a correlation is 1 or -1 by construction.")
    return said


def _of_missing(report: ModelReport) -> list[str]:
    said = []
    if report.missing_predictions:
        said.append(
            f"{counted(report.missing_predictions, 'film')} without a prediction do not count. A model that leaves "
            "hard films out gains by it: say why they are missing."
        )
    if report.missing_references:
        said.append(f"{counted(report.missing_references, 'film')} with a prediction have no reading and do not count.")
    return said
