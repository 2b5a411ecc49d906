"""A plan is done: jobs to a launcher, failures kept, the board after each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ra_bench.errors import (
    LauncherError,
)
from ra_bench.plugins import BUILTINS
from ra_bench.runs.gpus import check_gpus, gpus_for
from ra_bench.runs.lock import alone
from ra_bench.runs.records import LOG, job_folder, write_failure
from ra_bench.runs.work import JobWork, Workplace, films_of
from ra_bench.suite.writing import write_board
from ra_bench.training.progress_file import RESUME, forget_progress
from ra_bench.values import Board, Failure, RunRecord

if TYPE_CHECKING:
    from pathlib import Path

    from ra_bench.cohorts.store import OnFilms
    from ra_bench.specs import LauncherSpec, Observers
    from ra_bench.suite.nodes import Machines
    from ra_bench.suite.opening import Suite
    from ra_bench.suite.planning import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A run after it ended: the board, its folder, what failed and still does, and what else the user must know."""

    board: Board
    folder: Path
    failures: tuple[Failure, ...]
    trained: int
    trouble: str = ""


def run(
    suite: Suite,
    plan: Plan,
    *,
    observers: Observers,
    on_films: OnFilms | None = None,
    launcher: str = "local",
    slots: int | None = None,
    timeout: float | None = None,
    devices: int = 1,
    gpus: tuple[str, ...] | None = None,
    machines: Machines | None = None,
) -> Outcome:
    """Do the jobs that are due, cheapest first, and write the board after each.

    Parameters
    ----------
    observers
        Told of every start, epoch and end.
    on_films
        Gets what is done, such as "Decoding", films done and films in all.
    launcher
        The name of a registered launcher.
    slots
        Jobs that may run at a time. If not given: as many as GPUs suffice for, or one on a CPU; elsewhere all.
    timeout
        Seconds that a job may take.
    devices
        Those of each job, which share its batches: GPUs, or processes on a CPU.
    gpus
        GPUs that jobs may use, as CUDA_VISIBLE_DEVICES names them; all that the device means, if not given.
    machines
        Several of them, of which this is the first: each gives so many devices to a job. They do one at a time.

    Raises
    ------
    TrainingError
        The device is not there, or not as often as a job is to have it.
    LauncherError
        A launcher of other machines is to use several devices a job. Or one of `machines` was lost before the jobs.
    BusyError
        Another run works on the same board's folder.
    StorageError
        A file cannot be written.
    """
    place: LauncherSpec = suite.registry.get("launcher", launcher)
    if not place.elsewhere:
        check_device(plan.device)
    elif devices > 1:
        raise LauncherError(
            f"--devices {devices} is for the launcher 'local'; a job of '{place.name}' has one device. Leave out "
            "--devices or --launcher."
        )
    with alone(suite.runs / plan.board):
        due = [planned.job for planned in plan.jobs if planned.due]
        if due:
            gpus = _own_gpus(plan, devices, gpus) if not place.elsewhere else gpus
            films_of(plan.cohort, plan.splits.splits[0], plan.protocol, suite.data, on_films)  # as all folds have
            if machines is not None:
                machines.wait_for_films()
        gpus = gpus or ()
        for planned in plan.jobs:
            if planned.record is not None or plan.afresh:
                forget_progress(job_folder(suite.runs, planned.job) / RESUME)
        before = {planned.job.key: planned.failure for planned in plan.jobs}
        failed = [planned.failure for planned in plan.jobs if planned.failure and not planned.due]
        waiting = {planned.job.key: planned.job for planned in plan.jobs if planned.record is None}
        board, trouble = write_board(suite, plan, list(waiting.values()), figures=not due)
        trained = 0
        usual = len(due) if place.elsewhere else 1 if machines else len(gpus) // devices
        work = work_of(suite, plan, timeout=timeout, devices=devices, gpus=gpus, machines=machines)
        for done, result in enumerate(place.launch(due, work, observers, slots or max(1, usual)), start=1):
            del waiting[result.job.key]
            if isinstance(result, Failure):
                failed.append(_kept(suite, result, before[result.job.key]))
            else:
                trained += 1
            # Figures take seconds, and the next job would change them.
            board, trouble = write_board(suite, plan, list(waiting.values()), figures=done == len(due))
            if machines is not None and _is_loss(result):
                break  # none of the other jobs could be done either
    return Outcome(
        board=board, folder=suite.boards / plan.board, failures=tuple(failed), trained=trained, trouble=trouble
    )


def work_of(
    suite: Suite,
    plan: Plan,
    *,
    timeout: float | None = None,
    devices: int = 1,
    gpus: tuple[str, ...] = (),
    machines: Machines | None = None,
) -> JobWork:
    """What a launcher needs to do the jobs of a plan."""
    node = None if machines is None else machines.node
    return JobWork(workplace=workplace_of(suite, plan), timeout=timeout, devices=devices, gpus=gpus, node=node)


def workplace_of(suite: Suite, plan: Plan) -> Workplace:
    """Where the jobs of a plan are done."""
    return Workplace(
        runs=suite.runs.resolve(),
        data=suite.data.resolve(),
        dataset=plan.dataset,
        device=plan.device,
        protocol=plan.protocol,
        folds=plan.folds,
        builtins=BUILTINS,
        plugin_files=suite.plugin_files,
        without=suite.without,
        weights={model: start.file for model, start in plan.weights.items()},
    )


def check_device(name: str) -> None:
    """Refuse a device that is not there before anything starts; auto and cpu always are, and need no torch here."""
    if name not in {"auto", "cpu"}:
        from ra_bench.training.device import resolve

        resolve(name)


def _own_gpus(plan: Plan, devices: int, gpus: tuple[str, ...] | None) -> tuple[str, ...]:
    """The GPUs of this machine that jobs may use: those given, or all that the device means; enough for a job."""
    found = gpus_for(plan.device) if gpus is None else gpus
    check_gpus(plan.device, devices, found)
    return found


def _is_loss(result: RunRecord | Failure) -> bool:
    """Whether a job failed because a machine was lost."""
    return isinstance(result, Failure) and result.kind == "lost"


def _kept(suite: Suite, failure: Failure, before: Failure | None) -> Failure:
    """A failure with its time, the place of its log, if it came so far, and how often in a row it came.

    It is written into the job's folder.
    """
    folder = job_folder(suite.runs, failure.job)
    log = folder / LOG
    again = before is not None and (before.kind, before.reason) == (failure.kind, failure.reason)
    kept = replace(
        failure,
        log=str(log) if log.exists() else "",
        ended=datetime.now(UTC).isoformat(timespec="seconds"),
        tries=before.tries + 1 if before is not None and again else 1,
    )
    write_failure(folder, kept)
    return kept
