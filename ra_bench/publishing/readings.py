"""Whose readings the predictions of a folder are measured against: those of the cohort known here, or the folder's."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isnan, nan
from typing import TYPE_CHECKING

from ra_bench.boards.held_out import patient_numbers
from ra_bench.boards.render.escape import one_line
from ra_bench.cohorts.splits import plan_hash
from ra_bench.cohorts.visits import visit_numbers, with_visits
from ra_bench.errors import CohortError
from ra_bench.runs.datasets import find_dataset, load_scores
from ra_bench.runs.names import job_name
from ra_bench.runs.protocols import find_protocol
from ra_bench.runs.work import splits_for

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from ra_bench.plugins import Registry
    from ra_bench.values import Cohort, Folds, Job, Predictions, RunRecord, Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """Records with the readings that they are to be measured against.

    A sentence each on what was otherwise in the folder, and notes on whose readings these are.
    """

    records: tuple[RunRecord, ...]
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def find_readings(registry: Registry, data: Path, records: Sequence[RunRecord], dataset: str | None) -> Readings:
    """The records with the readings of their cohort, if it is known here in that version; else with their own.

    Parameters
    ----------
    registry : Registry
        Where the cohort is asked for by its name.
    data : Path
        Where data are kept.
    records : sequence of RunRecord
        As they were handed in.
    dataset : str or None
        The cohort.toml of their films, or another name to ask for.

    Raises
    ------
    UnknownNameError, CohortError
        `dataset` is given, and cannot be loaded.
    """
    if not records:
        return Readings(records=())
    job = records[0].job
    if dataset is None and job.dataset not in registry.names("dataset"):
        return as_given(records, f"the cohort '{one_line(job.dataset)}' is not known here (see --dataset)")
    try:
        cohort = load_scores(find_dataset(registry, dataset or job.dataset), data)
    except CohortError as error:
        if dataset is not None:
            raise
        return as_given(records, f"the cohort '{one_line(job.dataset)}' cannot be loaded here ({error})")
    if other := next((r.job.cohort for r in records if r.job.cohort != cohort.version), None):
        here = f"the cohort '{cohort.name}' here is of version {cohort.version}"
        return as_given(records, f"{here}, and they are of version {one_line(other)}")
    return of_cohort(records, cohort, _test_films(registry, cohort, job))


def _test_films(registry: Registry, cohort: Cohort, job: Job) -> set[str] | None:
    """The test films of a job's board, all folds together; None where its split cannot be made here."""
    if job.protocol not in registry.names("protocol"):
        return None
    folds: Folds = None
    if job.fold is not None:
        folds = "sites" if job.fold.site else job.fold.of
    splits = splits_for(cohort, find_protocol(registry, job.protocol), folds)
    if plan_hash(splits) != job.split:
        return None
    return {film for split in splits.splits for film in split.test}


def as_given(records: Sequence[RunRecord], why: str) -> Readings:
    """The readings that are in the folder, and why there are no better ones."""
    note = f"Measured against the readings in the folder: {why}. Whether these are right cannot be told here."
    return Readings(records=tuple(records), notes=(note,))


def of_cohort(records: Sequence[RunRecord], cohort: Cohort, test: Collection[str] | None) -> Readings:
    """The cohort's own readings and patients, film by film.

    Parameters
    ----------
    records : sequence of RunRecord
        All of the cohort's version.
    cohort : Cohort
        As it is known here.
    test : collection of str or None
        Its test films, all folds together; None where the split cannot be made here.
    """
    samples = {sample.sample_id: sample for sample in cohort.samples}
    films = {film for record in records for film in record.predictions.ids}
    if not films <= samples.keys():
        return as_given(records, f"films are numbered anew, or are not those of '{cohort.name}'")
    visits = visit_numbers(cohort.samples)
    problems = []
    if test is not None and films != set(test):
        odd = sorted(films ^ set(test))
        problems.append(f"{len(odd)} films differ from the test films of the split, such as '{odd[0]}'")
    changed = [problem for record in records for problem in _otherwise(record, samples)]
    what = f"the readings and patients of '{cohort.name}', version {cohort.version}, as they are here"
    split = "" if test is None else "; its split was made again"
    return Readings(
        records=tuple(
            replace(r, predictions=with_visits(_with_readings(r.predictions, samples, cohort), visits)) for r in records
        ),
        problems=(*problems, *changed),
        notes=(f"Measured against {what}{split}.",),
    )


def _otherwise(record: RunRecord, samples: Mapping[str, Sample]) -> list[str]:
    """How a record's readings and patients differ from the cohort's, in one sentence at most."""
    given = record.predictions
    who = one_line(job_name(record.job))
    wrong = [
        (film, reader, scores[row], samples[film].readings.get(reader, nan))
        for reader, scores in given.readings.items()
        for row, film in enumerate(given.ids)
        if not _same(scores[row], samples[film].readings.get(reader, nan))
    ]
    if wrong:
        film, reader, was, now = wrong[0]
        return [
            (
                f"{who}: {len(wrong)} readings are not the cohort's, such as {was:g} of {one_line(reader)!r} on "
                f"'{film}', which is {now:g} there"
            )
        ]
    own = patient_numbers([samples[film].patient_id for film in given.ids])
    if (own != patient_numbers(given.patients)).any():
        return [f"{who}: films are put together to other patients than in the cohort"]
    return []


def _same(first: float, second: float) -> bool:
    return first == second or (isnan(first) and isnan(second))


def _with_readings(given: Predictions, samples: Mapping[str, Sample], cohort: Cohort) -> Predictions:
    readers = sorted({reader for sample in cohort.samples for reader in sample.readings})
    found = [samples[film] for film in given.ids]
    return replace(
        given,
        patients=tuple(sample.patient_id for sample in found),
        readings={reader: tuple(sample.readings.get(reader, nan) for sample in found) for reader in readers},
    )
