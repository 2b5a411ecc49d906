"""Finished jobs of several machines become one folder of runs: only what belongs together, and each whole.

A board holds one cohort version, one split and one protocol, and each of its models one code. What is of another
is refused before anything is written.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from ra_bench.runs.gather import Finished, Gathered, Unfinished
from ra_bench.runs.names import job_name
from ra_bench.runs.protocols import find_protocol, recorded_protocol
from ra_bench.runs.records import LOG, is_trained, job_folder, predictions_csv, read_files, write_failure, write_files
from ra_bench.training.protocol import protocol_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from ra_bench.plugins import Registry
    from ra_bench.values import Cohort, Fold, Folds, Predictions, Protocol, SplitPlan

#: What all records of a board share.
_SETTING = {"cohort": "cohort versions", "split": "splits", "protocol_hash": "protocols"}
#: What all records of a model share: it is what its seeds and folds were trained with.
_CODE = {
    "plugin": "packages",
    "plugin_version": "versions of its package",
    "plugin_source": "sources of its package",
    "trainer": "trainers",
    "trainer_source": "sources of its trainer",
    "pretraining": "pretraining sets",
    "pretraining_version": "versions of its pretraining set",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardRuns:
    """The jobs of one board: a finished one a key, those that are nowhere finished, and where more of the same were.

    `twice` are folders with equal predictions of one job: the one that is kept, and another.
    """

    name: str
    finished: tuple[Finished, ...]
    unfinished: tuple[Unfinished, ...]
    twice: tuple[tuple[Path, Path], ...]

    @property
    def jobs(self) -> tuple[Finished | Unfinished, ...]:
        """Finished and not."""
        return self.finished + self.unfinished


def of_board(name: str, gathered: Gathered) -> BoardRuns:
    """The jobs of one board; of several with the same key the first is kept, and a failure rather than no word."""
    kept: dict[str, Finished] = {}
    finished = [found for found in gathered.finished if found.job.board == name]
    twice = [
        (kept[found.job.key].folder, found.folder)
        for found in finished
        if kept.setdefault(found.job.key, found) is not found
    ]
    left: dict[str, Unfinished] = {}
    for begun in sorted(gathered.unfinished, key=lambda begun: begun.failure is None):
        if begun.job.board == name and begun.job.key not in kept:
            left.setdefault(begun.job.key, begun)
    return BoardRuns(name=name, finished=tuple(kept.values()), unfinished=tuple(left.values()), twice=tuple(twice))


def refusals(name: str, gathered: Gathered) -> Iterator[str]:
    """A paragraph on each thing of one board that does not belong together; without any, all of it may be joined."""
    finished = [found for found in gathered.finished if found.job.board == name]
    every = [found for found in gathered.jobs if found.job.board == name]
    settings = [*_differences(every, _SETTING, "jobs of different {}")]
    yield from settings
    if settings:
        return  # on other films all else differs too
    trained = [found for found in finished if is_trained(found.job)]
    for model, of_model in _grouped(trained, lambda found: found.job.model):
        yield from _differences(of_model, _CODE, f"records of '{model}' with different {{}}")
    for _, same in _grouped(finished, lambda found: found.job.key):
        yield from _conflicts(same)
    for _, fold in _grouped(trained, lambda found: str(_number(found.job.fold))):
        yield from _other_films(fold)


def _differences(jobs: Sequence[Finished | Unfinished], fields: dict[str, str], said: str) -> Iterator[str]:
    """A paragraph on the first field in which records differ: each value, how many have it, and where one lies."""
    for field, word in fields.items():
        values = Counter(str(getattr(found.job, field)) for found in jobs)
        if len(values) > 1:
            lines = [
                f"  {value}: {count} job(s), such as "
                f"{next(found.folder for found in jobs if str(getattr(found.job, field)) == value)}"
                for value, count in values.items()
            ]
            yield "\n".join([f"{said.format(word)} do not belong together.", *lines])
            return


def _conflicts(same: Sequence[Finished]) -> Iterator[str]:
    """One job done twice gives the same predictions, or nobody can say which of them count."""
    first = same[0]
    for other in same[1:]:
        if predictions_csv(first.record.predictions) != predictions_csv(other.record.predictions):
            yield (
                f"{job_name(first.job)} was done twice, with different predictions. Keep one of them:\n"
                f"  {first.folder}\n  {other.folder}"
            )


def _other_films(fold: Sequence[Finished]) -> Iterator[str]:
    """Models are compared on the same films, with the same patients and readings."""
    first = fold[0]
    for other in fold[1:]:
        if not same_films(first.record.predictions, other.record.predictions):
            yield (
                "records of one split with different films, patients or readings do not belong together:\n"
                f"  {first.folder}\n  {other.folder}"
            )
            return


def same_films(first: Predictions, second: Predictions) -> bool:
    """Whether two sets of predictions are of the same films, patients and readings, in whatever order."""
    if sorted(first.ids) != sorted(second.ids) or first.readings.keys() != second.readings.keys():
        return False
    rows = {name: row for row, name in enumerate(second.ids)}
    order = [rows[name] for name in first.ids]
    return first.patients == tuple(second.patients[row] for row in order) and all(
        np.array_equal(scores, np.asarray(second.readings[reader])[order], equal_nan=True)
        for reader, scores in first.readings.items()
    )


def strangers(board: BoardRuns, cohort: Cohort, splits: SplitPlan) -> Iterator[str]:
    """A sentence on each record whose films, patients or readings are not those of the cohort's split."""
    samples = {sample.sample_id: sample for sample in cohort.samples}
    tests = [split.test for split in splits.splits]
    for found in board.finished:
        fold, given = found.job.fold, found.record.predictions
        wanted = {name for test in tests for name in test} if fold is None else set(tests[fold.number - 1])
        if set(given.ids) != wanted:
            odd = sorted(set(given.ids) ^ wanted)
            yield f"{found.folder}: {len(odd)} films differ from the test films of the split, such as '{odd[0]}'."
            continue
        for row, name in enumerate(given.ids):
            sample = samples[name]
            readings = {reader: scores[row] for reader, scores in given.readings.items() if scores[row] == scores[row]}
            if (sample.patient_id, dict(sample.readings)) != (given.patients[row], readings):
                yield f"{found.folder}: film '{name}' has another patient or other readings than in the cohort."
                break


def join(board: BoardRuns, runs: Path) -> int:
    """Copy what is not there yet into a folder of runs, each record last in its folder; give the number of new records.

    Raises
    ------
    StorageError
        A file cannot be written. What was joined before it is whole, and the same command goes on.
    """
    new = 0
    for found in board.jobs:
        target = job_folder(runs, found.job)
        if found.folder.resolve() == target.resolve():
            continue
        write_files(target, read_files(found.folder))
        if isinstance(found, Finished):
            new += 1
        elif found.failure is not None:
            log = str(target / LOG) if (target / LOG).exists() else ""
            write_failure(target, replace(found.failure, log=log))
    return new


def folds_of(board: BoardRuns) -> Folds:
    """The folds that a board's jobs were asked for with."""
    fold = next((found.job.fold for found in board.jobs if found.job.fold is not None), None)
    if fold is None:
        return None
    return "sites" if fold.site else fold.of


def protocol_of(registry: Registry, board: BoardRuns) -> Protocol | None:
    """The protocol of a board: from a record whose model changes none of it, or the registered one; None if neither."""
    for found in board.finished:
        if is_trained(found.job) and not found.record.overrides:
            return recorded_protocol(found.record)
    job = board.jobs[0].job
    if job.protocol not in registry.names("protocol"):
        return None
    registered = find_protocol(registry, job.protocol)
    return registered if protocol_hash(registered) == job.protocol_hash else None


def _number(fold: Fold | None) -> int:
    return 0 if fold is None else fold.number


def _grouped(finished: Iterable[Finished], key: Callable[[Finished], str]) -> Iterator[tuple[str, list[Finished]]]:
    for name, group in groupby(sorted(finished, key=key), key=key):
        yield name, list(group)
