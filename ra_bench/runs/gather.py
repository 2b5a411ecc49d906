"""What lies in folders of runs: finished jobs that hold true, those that did not finish, and what is broken."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from ra_bench.errors import ProtocolError, RecordError
from ra_bench.runs.plan import job_key
from ra_bench.runs.protocols import recorded_protocol
from ra_bench.runs.records import JOB, RECORD, is_trained, read_failure, read_job, read_record
from ra_bench.training.protocol import protocol_hash

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ra_bench.values import Failure, Job, RunRecord

_ADVICE = "Delete that folder and do the job again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A committed job, and the folder that holds it."""

    folder: Path
    record: RunRecord

    @property
    def job(self) -> Job:
        """The job."""
        return self.record.job


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished:
    """A job that was begun and is not done: with its failure, or without a word."""

    folder: Path
    job: Job
    failure: Failure | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """All of it, in the order of folders and paths; `broken` holds a sentence each."""

    finished: tuple[Finished, ...]
    unfinished: tuple[Unfinished, ...]
    broken: tuple[str, ...]

    @property
    def jobs(self) -> tuple[Finished | Unfinished, ...]:
        """Finished and not."""
        return self.finished + self.unfinished


def gather(folders: Iterable[Path]) -> Gathered:
    """Read all jobs below some folders, and check that each record is what its job says. Writes nothing."""
    finished, unfinished, broken = [], [], []
    for folder in _job_folders(folders):
        try:
            found = _read(folder)
        except RecordError as error:
            broken.append(" ".join(str(error).split()))
        else:
            if isinstance(found, Finished):
                finished.append(found)
            else:
                unfinished.append(found)
    return Gathered(finished=tuple(finished), unfinished=tuple(unfinished), broken=tuple(broken))


def combined(first: Gathered, second: Gathered) -> Gathered:
    """Both, in this order; a folder that is in both counts once."""
    seen = {found.folder.resolve() for found in first.jobs}
    return Gathered(
        finished=(*first.finished, *(found for found in second.finished if found.folder.resolve() not in seen)),
        unfinished=(*first.unfinished, *(found for found in second.unfinished if found.folder.resolve() not in seen)),
        broken=tuple(dict.fromkeys((*first.broken, *second.broken))),
    )


def _job_folders(folders: Iterable[Path]) -> Iterator[Path]:
    seen: set[Path] = set()
    for folder in folders:
        for place in sorted({file.parent for name in (RECORD, JOB) for file in folder.glob(f"**/{name}")}):
            if place.resolve() not in seen:
                seen.add(place.resolve())
                yield place


def _read(folder: Path) -> Finished | Unfinished:
    if not (folder / RECORD).exists():
        job = read_job(folder)
        _check_job(folder, job)
        return Unfinished(folder=folder, job=job, failure=read_failure(folder))
    record = read_record(folder)
    _check_record(folder, record)
    return Finished(folder=folder, record=record)


def _check_record(folder: Path, record: RunRecord) -> None:
    """Refuse a record that is not that of its job: half of it came from elsewhere, or was changed by hand."""
    if twice := [name for name, count in Counter(record.predictions.ids).items() if count > 1]:
        raise RecordError(f"{folder}: two predictions of film '{twice[0]}'. {_ADVICE}")
    if not is_trained(record.job):  # it was never a job: no job.json, no protocol, and its key is that of its name
        _check_names(folder, record.job)
        return
    if not (folder / JOB).exists():
        raise RecordError(
            f"{folder}: {RECORD} without {JOB}. Records that stand beside a board name no patient and are no runs: "
            "give the folder of runs, or copy the job's folder as a whole."
        )
    _check_job(folder, record.job)
    if read_job(folder) != record.job:
        raise RecordError(f"{folder}: {JOB} and {RECORD} are of different jobs. {_ADVICE}")
    if record.overrides:
        return  # the protocol as the board has it cannot be told from the one that the model was trained by
    try:
        same = protocol_hash(recorded_protocol(record)) == record.job.protocol_hash
    except ProtocolError as error:
        raise RecordError(f"{folder}: the protocol in {RECORD} cannot be used: {error}") from error
    if not same:
        raise RecordError(f"{folder}: the protocol in {RECORD} is not the one that the job's hash names. {_ADVICE}")


def _check_job(folder: Path, job: Job) -> None:
    _check_names(folder, job)
    if job_key(job) != job.key:
        raise RecordError(
            f"{folder}: the key is not that of the job: the file was changed by hand, or is of another version of "
            f"ra-bench. {_ADVICE}"
        )


def _check_names(folder: Path, job: Job) -> None:
    """A folder from elsewhere must not name a place outside the one that it is put in."""
    for name in (job.board, job.model.replace("/", "--"), job.key):
        if not name or name in {".", ".."} or PurePosixPath(name).name != name:
            raise RecordError(f"{folder}: '{name}' cannot name a folder. {_ADVICE}")
