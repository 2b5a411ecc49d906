"""The report on a cohort in sections; its findings stand before them and are drawn by whoever draws the page."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from ra_bench.boards.render.numbers import fixed
from ra_bench.cohorts.audit.finding import counted, errors_of
from ra_bench.cohorts.audit.shortcuts import ALARM_P, ALARM_SHARE
from ra_bench.reports.pages import Page
from ra_bench.reports.reader_sections import reader_sections, readers_in_short
from ra_bench.reports.sections import Column, Section, remarks_section

if TYPE_CHECKING:
    from ra_bench.cohorts.audit.coverage import Histogram
    from ra_bench.cohorts.audit.shortcuts import Shortcuts
    from ra_bench.reports.check import CohortReport, Side
    from ra_bench.reports.values import Readers


def check_page(report: CohortReport) -> Page:
    """Title and sections: split, scores, readers, shortcuts, notes."""
    sections = [_split(report)] if report.sides else []
    if report.scores is not None:
        sections.append(_scores(report.scores, report.sides))
    sections += _readers(report.readers) if report.readers is not None else []
    sections.append(_shortcuts(report.shortcuts))
    if report.notes:
        sections.append(remarks_section(report.notes))
    return Page(title=title_of(report), sections=tuple(sections))


def title_of(report: CohortReport) -> str:
    """What was checked; simulated films are called so."""
    kind = ": SIMULATED films, simulated readers" if report.simulated else ""
    return f"Cohort {report.name}{kind}"


def verdict(report: CohortReport) -> str:
    """What the findings come to, in a sentence.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> verdict(SimpleNamespace(findings=()))
    'Nothing was found: no error, no warning.'
    """
    errors = len(errors_of(report.findings))
    warnings = len(report.findings) - errors
    if errors:
        return f"{counted(errors, 'error')}, {counted(warnings, 'warning')}. 'ra-bench run' refuses this cohort."
    if warnings:
        return f"No error, {counted(warnings, 'warning')}."
    return "Nothing was found: no error, no warning."


def _split(report: CohortReport) -> Section:
    sides = report.sides
    scale = report.scale
    lines = [f"Version {report.version}." if report.version else "No version: there are errors."]
    if scale is not None:
        lines.append(f"Scale: {scale.name}, {scale.minimum:g} to {scale.maximum:g} {scale.unit}.")
    if report.split:
        lines.append(f"Split: {report.split}.")
    if report.visits:
        lines.append(f"Visits: {report.visits}.")
    if not report.patients_known:
        lines.append("Patients are not known: every film counts as one.")
    columns = (
        Column(heading="", cells=tuple(side.name for side in sides), right=False),
        Column(heading="films", cells=tuple(f"{side.films:,}" for side in sides)),
        Column(heading="visits", cells=tuple(f"{side.visits:,}" for side in sides)),
        Column(heading="patients", cells=tuple(f"{side.patients:,}" for side in sides)),
        Column(heading="lowest score", cells=tuple(f"{side.lowest:g}" for side in sides)),
        Column(heading="median", cells=tuple(f"{side.median:g}" for side in sides)),
        Column(heading="highest", cells=tuple(f"{side.highest:g}" for side in sides)),
    )
    return Section(heading="Split", lines=tuple(lines), columns=columns)


def _scores(scores: Histogram, sides: tuple[Side, ...]) -> Section:
    """A row a bin, a column a side, and where each side has no film."""
    bins = [f"{low:g} to {high:g}" for low, high in pairwise(scores.edges)]
    columns = [Column(heading="score", cells=tuple(bins), right=False)]
    columns += [
        Column(heading=side, cells=tuple(f"{count:,}" if count else "-" for count in counts))
        for side, counts in scores.counts.items()
    ]
    lines = [
        f"{side.name}: no film from {', '.join(f'{low:g} to {high:g}' for low, high in side.gaps)}."
        if side.gaps
        else f"{side.name}: no long stretch of the scale without a film."
        for side in sides
    ]
    return Section(heading="Scores", lines=tuple(lines), columns=tuple(columns))


def _readers(readers: Readers) -> tuple[Section, ...]:
    """What a single reading is worth, and all readers together, as `ra-bench agree` says it."""
    short, together = readers_in_short(readers), reader_sections(readers)[-1]
    return (Section(heading="Readers", lines=(*short.lines, *together.lines)),)


def _shortcuts(found: Shortcuts) -> Section:
    heading = "What the score can be guessed from without looking at a joint"
    if not found.found:
        return Section(heading=heading, lines=(found.note,))
    columns = (
        Column(heading="known", cells=tuple(one.name for one in found.found), right=False),
        Column(heading="share of variance", cells=tuple(fixed(one.share, 3) for one in found.found)),
        Column(heading="p", cells=tuple(f"{one.p:.3f}" for one in found.found)),
        Column(heading="", cells=tuple("alarm" if one.alarm else "" for one in found.found), right=False),
    )
    note = (
        f"Ridge regression on mean scores of {found.patients:,} patients, ten folds, measured on the fold left out; "
        "0 or less: nothing. p: how often shuffled scores do as well, of several predictors the best each time. "
        f"Alarm: a share of {ALARM_SHARE:g} or more and p of {ALARM_P:g} or less."
    )
    return Section(heading=heading, columns=columns, notes=(note,))
