"""The folders of runs, boards and data: room, rights, jobs that failed or stopped, locks, stores of decoded films."""

from __future__ import annotations

import fcntl
import os
import shutil
from typing import TYPE_CHECKING, Any

from ra_bench.cohorts.cache import list_kept
from ra_bench.errors import RecordError, StorageError
from ra_bench.health.values import Part, Problem
from ra_bench.runs.records import FAILURE, FILES, JOB, RECORD, read_failure, read_job, standing_records
from ra_bench.training.progress_file import CHECKPOINT, RESUME, find_progress, how_far

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ra_bench.cohorts.cache import Kept

#: Less than so many bytes free, and a run may not get to its end.
_LITTLE_ROOM = 10**9


def look_at_folders(runs: Path, boards: Path, data: Path) -> Part:
    """Where they are, how much room there is, and whether they can be written to. What is not there may be made."""
    facts, problems = {}, []
    for name, folder in (("runs", runs), ("boards", boards), ("data", data)):
        there = next(place for place in (folder.absolute(), *folder.absolute().parents) if place.exists())
        free = shutil.disk_usage(there).free
        facts[name] = {"path": str(folder.absolute()), "exists": folder.is_dir(), "free": free}
        if not there.is_dir():
            problems.append(Problem(said=f"{there} is no folder.", fix=f"Delete it, or give another one: --{name}."))
        elif not os.access(there, os.W_OK | os.X_OK):
            problems.append(
                Problem(said=f"{there} cannot be written to.", fix=f"Take it over, or give another one: --{name}.")
            )
        if free < _LITTLE_ROOM:
            problems.append(
                Problem(
                    said=f"Only {free / 1e6:,.0f} MB are free for {name} ({folder.absolute()}).",
                    fix=f"Delete decoded films (ra-bench cohort cache --prune), or give another folder: --{name}.",
                )
            )
    return Part(name="folders", facts=facts, problems=tuple(problems))


def look_at_runs(runs: Path) -> Part:
    """Finished jobs, those that failed or stopped, broken records, locks that are held, files left half written."""
    records, broken = standing_records(runs)
    held = {board for board in _boards(runs) if _is_held(runs / board / ".lock")}
    failed = list(_failed(runs))
    stopped = list(_stopped(runs, held))
    problems = [Problem(said=str(error).split(": ", 1)[0] + ".", fix=str(error)) for error in broken]
    problems += [problem for _, problem in (*failed, *stopped)]
    problems += _half_written(runs, held)
    problems += _closed_locks(runs)
    facts = {
        "finished": len(records),
        "failed": [fact for fact, _ in failed],
        "stopped": [fact for fact, _ in stopped],
        "at_work": sorted(held),
    }
    return Part(name="runs", facts=facts, problems=tuple(problems))


def look_at_stores(data: Path) -> Part:
    """Stores of decoded films: what is damaged, and what nothing opens any more. Films are not read."""
    try:
        kept = list_kept(data)
    except StorageError as error:
        return Part(name="stores", facts={}, problems=(Problem(said=str(error), fix="Give another folder: --data."),))
    facts = {each.name: {"state": each.state, "films": each.films, "bytes": each.bytes} for each in kept}
    return Part(name="stores", facts=facts, problems=tuple(_store_problems(kept)))


def _store_problems(kept: list[Kept]) -> Iterator[Problem]:
    for each in kept:
        prune = f"ra-bench cohort cache {each.name} --prune"
        if each.state == "damaged" and not each.in_use:  # whoever uses it may be in the middle of writing it
            yield Problem(
                said=f"The store {each.name} is damaged.",
                fix=f"{prune}. Its films are decoded anew when they are wanted.",
            )
        elif each.state == "of another version":
            yield Problem(
                said=f"{each.name} ({each.bytes / 1e6:,.0f} MB) is of another version of ra-bench: nothing opens it.",
                fix=prune,
            )


def _failed(runs: Path) -> Iterator[tuple[dict[str, Any], Problem]]:
    for file in sorted(runs.glob(f"**/{FAILURE}")):
        name, failure = str(file.parent.relative_to(runs)), read_failure(file.parent)
        if failure is None:
            yield (
                {"job": name, "kind": None, "reason": None, "tries": None},
                Problem(said=f"{file} cannot be read.", fix="Delete it and run again."),
            )
            continue
        times = f", {failure.tries} times in a row" if failure.tries > 1 else ""
        log = f"Its log: {failure.log}." if failure.log else ""
        yield (
            {"job": name, "kind": failure.kind, "reason": failure.reason, "tries": failure.tries},
            Problem(
                said=f"{name} failed ({failure.kind}{times}): {failure.reason}",
                fix=" ".join(filter(None, [failure.advice, log, "Then: ra-bench run --retry-failed"])),
            ),
        )


def _stopped(runs: Path, held: set[str]) -> Iterator[tuple[dict[str, Any], Problem]]:
    """Jobs that neither ended nor failed, and that nobody is at work on."""
    for file in sorted(runs.glob(f"**/{JOB}")):
        folder = file.parent
        name = folder.relative_to(runs)
        if name.parts[:1] and name.parts[0] in held:
            continue
        if (folder / RECORD).exists() or (folder / FAILURE).exists():
            continue
        try:
            far = how_far(find_progress(folder / RESUME, read_job(folder).key)) or "starts afresh"
        except RecordError as error:
            far = f"its job cannot be read: {error}"
        yield (
            {"job": str(name), "progress": far},
            Problem(
                said=f"{name} was stopped in the middle.",
                fix=f"Give the same command again: it {far}. If it is not wanted, delete {folder}.",
            ),
        )


def _half_written(runs: Path, held: set[str]) -> Iterator[Problem]:
    left = [
        file
        for name in (*FILES, RESUME, CHECKPOINT)
        for file in sorted(runs.glob(f"**/.{name}.????????.*"))
        if file.relative_to(runs).parts[0] not in held
    ]
    if left:
        many = f"{len(left)} files were" if len(left) > 1 else "1 file was"
        yield Problem(
            said=f"{many} left half written by a process that was killed, such as {left[0]}.",
            fix="They count for nothing. Run the job again, which deletes them, or delete them.",
        )


def _boards(runs: Path) -> list[str]:
    return sorted(file.parent.name for file in runs.glob("*/.lock"))


def _is_held(lock: Path) -> bool:
    """Whether a run holds it. The system frees it when that ends, so a file that is left behind locks nothing."""
    try:
        file = os.open(lock, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False


def _closed_locks(runs: Path) -> Iterator[Problem]:
    for board in _boards(runs):
        lock = runs / board / ".lock"
        if not os.access(lock, os.R_OK | os.W_OK):
            yield Problem(
                said=f"The lock {lock} was left behind by another user: no run can hold it.",
                fix=f"Delete it when nobody is at work there, or give another folder: --runs. It is of {lock.owner()}.",
            )
