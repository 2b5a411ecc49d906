"""Reader against reader, in sections."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING

from ra_bench.boards.render.numbers import as_text, fixed
from ra_bench.cohorts.audit.finding import counted
from ra_bench.reports.checklist import limits_in_words
from ra_bench.reports.sections import LABELS, Column, Section, checklist_section, remarks_section, source_section

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ra_bench.reports.values import Pair, ReaderPair, Readers, ReadersReport

_ICC = {
    "icc_1_1": "ICC(1,1)",
    "icc_a_1": "ICC(A,1)",
    "icc_c_1": "ICC(C,1)",
    "icc_1_k": "ICC(1,k)",
    "icc_a_k": "ICC(A,k)",
    "icc_c_k": "ICC(C,k)",
}


def sections_of_readers(report: ReadersReport) -> tuple[Section, ...]:
    """The whole report on readers."""
    return (
        readers_in_short(report.readers),
        source_section(report.source),
        *reader_sections(report.readers, bands=report.settings.bands if report.settings.bands_asked else ()),
        remarks_section(report.remarks),
        checklist_section(report.checklist),
    )


def readers_in_short(readers: Readers) -> Section:
    """A sentence on every two readers: what a single reading is worth, before anything else."""
    lines = []
    for found in readers.pairs:
        pair = found.pair
        lines.append(
            f"{pair.name} against {pair.against}, {counted(pair.films, 'film')}: 95 % of the differences on single "
            f"films lie between {limits_in_words(pair, 'and')}, mean difference "
            f"{fixed(pair.mean_difference.bias.value, 1)}. ICC(A,1) {as_text(found.icc['icc_a_1'], 2)}."
            if pair.films
            else f"{pair.name} against {pair.against}: no film in common."
        )
    return Section(heading="In short", lines=tuple(lines))


def reader_sections(readers: Readers, *, bands: Sequence[float] = ()) -> tuple[Section, ...]:
    """What is told of readers, also in the report on a model."""
    sections = [
        _table("Reader against reader", [found.pair for found in readers.pairs]),
        _errors(readers.pairs),
        _iccs(readers),
    ]
    if readers.against_others:
        sections.insert(1, _table("Each reader against the mean of the others", readers.against_others))
    if bands:
        sections.append(_kappas(readers.pairs, bands))
    return (*sections, _together(readers))


def _table(heading: str, pairs: Sequence[Pair]) -> Section:
    names = _names(pairs)
    columns = [names, Column(heading="films", cells=tuple(f"{pair.films:,}" for pair in pairs))]
    for key in ("rho", "spearman", "mae", "rmse", "ccc", "within_5", "within_10", "within_15"):
        label, digits = LABELS[key]
        columns.append(Column(heading=label, cells=tuple(as_text(pair.values[key], digits) for pair in pairs)))
    return Section(
        heading=heading,
        columns=tuple(columns),
        notes=("95 % intervals from resamples of patients: BCa for MAE and RMSE, percentile for the others.",),
    )


def _errors(pairs: Sequence[ReaderPair]) -> Section:
    """Mean difference, limits of agreement, and what follows for a single reading."""
    own = [found.pair for found in pairs]
    differences = [pair.mean_difference for pair in own]
    columns = (
        _names(own),
        Column(heading="bias", cells=tuple(as_text(found.bias, 2) for found in differences)),
        Column(heading="t", cells=tuple(fixed(found.t, 2) for found in differences)),
        Column(heading="p (mean difference)", cells=tuple(fixed(found.p, 3) for found in differences)),
        Column(heading="lower limit", cells=tuple(as_text(pair.limits.low, 2) for pair in own)),
        Column(heading="upper limit", cells=tuple(as_text(pair.limits.high, 2) for pair in own)),
        Column(heading="proportional bias", cells=tuple(fixed(pair.limits.proportional_slope, 3) for pair in own)),
        Column(heading="SEM", cells=tuple(fixed(found.sem, 2) for found in pairs)),
        Column(heading="SDC", cells=tuple(fixed(found.sdc, 2) for found in pairs)),
        Column(heading="SDC, mean of two", cells=tuple(fixed(found.sdc_mean_of_two, 2) for found in pairs)),
    )
    notes = (
        (
            "Limits of agreement hold 95 % of the differences on single films; their intervals are Bland and "
            "Altman's, or from resamples where patients have several films. Bias: Student's t."
        ),
        (
            "SEM: standard error of one reading. SDC: smallest change that exceeds measurement error (scores of one "
            "visit)."
        ),
    )
    return Section(heading="Reader against reader: differences on single films", columns=columns, notes=notes)


def _iccs(readers: Readers) -> Section:
    rows = [(f"{found.pair.name} against {found.pair.against}", found.icc) for found in readers.pairs]
    if len(readers.names) > 2:
        rows.append(
            (f"all {len(readers.names)} readers, {readers.together.films_read_by_all} films", readers.together.icc)
        )
    columns = [Column(heading="", cells=tuple(name for name, _ in rows), right=False)]
    for key, label in _ICC.items():
        columns.append(Column(heading=label, cells=tuple(as_text(values[key], 3) for _, values in rows)))
    return Section(
        heading="Reader against reader: intraclass correlation",
        columns=tuple(columns),
        notes=(
            (
                "F intervals. A: absolute agreement, C: consistency, 1 in front: other readers for each film; 1 "
                "behind: one reader, k: the mean of all. An interval that the data leave open is not shown."
            ),
        ),
    )


def _kappas(pairs: Sequence[ReaderPair], bands: Sequence[float]) -> Section:
    edges = ", ".join(f"{edge:g}" for edge in bands)
    return Section(
        heading="Reader against reader: agreement on bands",
        lines=(f"Quadratic-weighted kappa on bands with the lower edges {edges}. Other edges, other kappa.",),
        columns=(
            _names([found.pair for found in pairs]),
            Column(heading="kappa", cells=tuple(as_text(found.kappa, 3) for found in pairs)),
        ),
    )


def _together(readers: Readers) -> Section:
    found, count = readers.together, len(readers.names)
    lines = [
        (
            f"Noise ceiling: a perfect model can expect rho {fixed(found.noise_ceiling, 3)} with the mean of the "
            f"{count} readers (from the {found.films_read_by_all:,} films that all of them read)."
        ),
        (
            f"Reader benchmark: a further reader of the same quality would have RMSE {fixed(found.benchmark, 2)} "
            f"against the mean of the {count} readers."
        ),
    ]
    gaps = any(missing < max(readers.readings.values()) for missing in readers.readings.values())
    if count > 2 or gaps or found.films_read_by_all < max(readers.readings.values()):
        alpha = "n/a" if isnan(found.alpha) else fixed(found.alpha, 3)
        lines.append(f"Krippendorff's alpha (interval), on all films that two or more read: {alpha}.")
    return Section(heading="All readers together", lines=tuple(lines))


def _names(pairs: Sequence[Pair]) -> Column:
    return Column(heading="", cells=tuple(f"{pair.name} against {pair.against}" for pair in pairs), right=False)
