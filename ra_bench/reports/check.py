"""The report on a cohort before any training: everything that was found, and what the films can show."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan
from pathlib import Path
from typing import TYPE_CHECKING

from ra_bench.boards.facts import visits_fact
from ra_bench.cohorts.audit.coverage import Histogram, find_uncovered, gaps, histogram
from ra_bench.cohorts.audit.finding import Finding, errors_of, remarks_of
from ra_bench.cohorts.audit.inspect import inspect_described, inspect_loaded, patients_known, with_split
from ra_bench.cohorts.audit.shortcuts import Shortcuts, find_shortcuts, measure_shortcuts
from ra_bench.cohorts.audit.sides import SIDES, sides_of_films
from ra_bench.cohorts.splits import reference
from ra_bench.errors import CohortError, LeakError
from ra_bench.reports.agree import report_readers
from ra_bench.reports.readings import ReaderTable
from ra_bench.runs.datasets import find_dataset, load_scores
from ra_bench.runs.work import splits_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ra_bench.cohorts.audit.inspect import Inspection
    from ra_bench.cohorts.store import OnFilms
    from ra_bench.plugins import Registry
    from ra_bench.reports.values import Readers
    from ra_bench.values import Cohort, Protocol, Sample, Scale, Split

ALL = "all films"

#: Two readers whose ICC is below this agree poorly (Koo and Li 2016).
_POOR = 0.5
_FEWEST = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A side of the split, or all films: sizes, and which scores it has. `gaps` are long stretches without any."""

    name: str
    films: int
    visits: int
    patients: int
    lowest: float
    median: float
    highest: float
    gaps: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortReport:
    """What `ra-bench cohort check` says. Counts, scores, readers and shortcuts are of the films that can be read."""

    name: str
    version: str
    simulated: bool
    private: bool
    patients_known: bool
    scale: Scale | None
    findings: tuple[Finding, ...]
    split: str
    sides: tuple[Side, ...]
    scores: Histogram | None
    readers: Readers | None
    shortcuts: Shortcuts
    notes: tuple[str, ...]
    #: How many visits patients have, and whether their order is known.
    visits: str = ""


def check(
    registry: Registry,
    dataset: str,
    protocol: Protocol,
    data: Path,
    on_films: OnFilms | None = None,
) -> CohortReport:
    """Look at a registered dataset, or at what a cohort.toml describes, under the split that a protocol means.

    Raises
    ------
    UnknownNameError, CohortError
        A dataset that nobody registered, a description or a table that cannot be read, or no film at all.
    """
    spec = find_dataset(registry, dataset)
    if dataset.endswith(".toml"):
        found = inspect_described(Path(dataset), data, on_films=on_films)
    else:
        found = inspect_loaded(load_scores(spec, data), data, on_films)
    return report_cohort(found, spec.name, protocol)


def report_cohort(found: Inspection, name: str, protocol: Protocol) -> CohortReport:
    """The report on what was found."""
    cohort = found.cohort
    if cohort is None:
        return CohortReport(
            name=name,
            version="",
            simulated=False,
            private=True,
            patients_known=False,
            scale=None,
            findings=found.findings,
            split="",
            sides=(),
            scores=None,
            readers=None,
            shortcuts=Shortcuts(note="Not measured: no film can be read."),
            notes=(),
        )
    split, of_split = _split(cohort, protocol)
    if split is not None and cohort.given_split is None:
        found = with_split(found, split)
    readers = _readers(cohort)
    shortcuts = measure_shortcuts(found.films, [sample.patient_id for sample in cohort.samples])
    by_side = _by_side(cohort, split)
    scores = {side: [reference(sample) for sample in samples] for side, samples in by_side.items()}
    findings = [*found.findings, *of_split, *find_shortcuts(shortcuts), *_of_readers(readers, cohort)]
    if split is not None:
        findings += find_uncovered(scores.get("train", []), scores.get("test", []), cohort.scale)
    said = remarks_of(findings)
    return CohortReport(
        name=cohort.name,
        version="" if errors_of(findings) else cohort.version,
        simulated=cohort.simulated,
        private=cohort.private,
        patients_known=patients_known(cohort),
        scale=cohort.scale,
        findings=tuple(sorted(findings, key=lambda finding: finding.level != "error")),
        split="" if split is None else split.origin,
        sides=tuple(_side(side, samples, cohort.scale) for side, samples in by_side.items()),
        scores=histogram(scores, cohort.scale),
        readers=readers,
        shortcuts=shortcuts,
        notes=(*(remark for remark in cohort.remarks if remark not in said), *filter(None, [found.note])),
        visits=visits_fact(cohort),
    )


def _split(cohort: Cohort, protocol: Protocol) -> tuple[Split | None, list[Finding]]:
    """The split that a run would use, or the given one where that is refused."""
    try:
        return splits_for(cohort, protocol, None).splits[0], []
    except LeakError:  # among the findings already, with every patient
        return cohort.given_split, []
    except CohortError as error:
        said, _, advice = str(error).partition("\n")
        return cohort.given_split, [Finding(kind="no-split", level="error", said=said.rstrip("."), advice=advice)]


def _by_side(cohort: Cohort, split: Split | None) -> dict[str, list[Sample]]:
    """All films, and those of each side that has any."""
    sides = {} if split is None else sides_of_films(split)
    found = {
        side: [sample for sample in cohort.samples if sides.get(sample.sample_id) == side]
        for side in (SIDES if split is not None else ())
    }
    return {ALL: list(cohort.samples), **{side: samples for side, samples in found.items() if samples}}


def _side(name: str, samples: Sequence[Sample], scale: Scale) -> Side:
    import numpy as np

    scores = [reference(sample) for sample in samples]
    return Side(
        name=name,
        films=len(samples),
        visits=len({(sample.patient_id, sample.visit) for sample in samples}),
        patients=len({sample.patient_id for sample in samples}),
        lowest=min(scores),
        median=float(np.median(scores)),
        highest=max(scores),
        gaps=tuple(gaps(scores, scale)),
    )


def _readers(cohort: Cohort) -> Readers | None:
    """Reader against reader as `ra-bench agree` measures it; None without two who share a film."""
    names = tuple(dict.fromkeys(reader for sample in cohort.samples for reader in sample.readings))
    if not any(len(sample.readings) > 1 for sample in cohort.samples):
        return None
    table = ReaderTable(
        name=cohort.name,
        source=cohort.name,
        ids=tuple(sample.sample_id for sample in cohort.samples),
        patients=tuple(sample.patient_id for sample in cohort.samples),
        readings={reader: tuple(sample.readings.get(reader, nan) for sample in cohort.samples) for reader in names},
        patients_known=patients_known(cohort),
    )
    return report_readers(table, scale=cohort.scale).readers


def _of_readers(readers: Readers | None, cohort: Cohort) -> list[Finding]:
    """Readers who hardly agree, and readers who agree on every film."""
    if readers is None:
        return []
    poor, same = [], []
    for found in readers.pairs:
        both = [
            sample.readings for sample in cohort.samples if {found.pair.name, found.pair.against} <= {*sample.readings}
        ]
        if len(both) < _FEWEST:
            continue
        who = f"{found.pair.name} and {found.pair.against}"
        if all(read[found.pair.name] == read[found.pair.against] for read in both):
            same.append(f"{who}: the same score on all {len(both):,} films")
        elif found.icc["icc_a_1"].value < _POOR:
            poor.append(f"{who}: ICC(A,1) {found.icc['icc_a_1'].value:.2f}")
    findings = []
    if poor:
        findings.append(
            Finding(
                kind="readers-disagree",
                level="warning",
                said=f"{len(poor)} of {len(readers.pairs)} pairs of readers agree poorly (ICC below {_POOR:g})",
                items=tuple(poor),
                advice="Look at their columns: another scale, shifted rows, a reader who scored something else?",
            )
        )
    if same:
        findings.append(
            Finding(
                kind="readers-the-same",
                level="warning",
                said=f"{len(same)} of {len(readers.pairs)} pairs of readers gave the same score on every film",
                items=tuple(same),
                advice="If one column is a copy, or the two readers agreed on scores, it is one reader: take one out.",
            )
        )
    return findings
