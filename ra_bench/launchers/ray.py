"""A task a job on a Ray cluster; the results are committed here, as those of the local launcher are.

What talks to Ray is a process of its own (ray_driver.py): Ray ends a process whose cluster is lost, and a run must be
able to say so. What a node does stands in errand.py.
"""

from __future__ import annotations

import logging
import os
import signal
from contextlib import suppress
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

from ra_bench.errors import LauncherError
from ra_bench.files import make_folder
from ra_bench.launchers.errand import check_installed, cores_a_job, errand_of
from ra_bench.launchers.ray_driver import Order, drive, gone, unreachable
from ra_bench.runs.records import job_folder, write_files

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess
    from pathlib import Path

    from ra_bench.specs import Observers, Work
    from ra_bench.values import Failure, Job, RunRecord

#: What Ray itself prints goes here, in the folder of the board's runs.
RAY_LOG = "ray.log"
#: Seconds that the cluster gets to answer, or to start on this machine.
CONNECT = 120.0
#: Seconds that the cluster gets to end what is at work.
GRACE = 15.0

_LOGGER = logging.getLogger(__name__)


def launch(jobs: Sequence[Job], work: Work, observers: Observers, slots: int = 1) -> Iterator[RunRecord | Failure]:
    """Do each job on some node of a Ray cluster, at most `slots` at a time, and give what came of it as it comes.

    The cluster is the one at $RAY_ADDRESS; without, one is started on this machine for as long as the jobs take. A job
    whose node is lost is done again on another. What failed on a node is a Failure, as with the local launcher.

    Raises
    ------
    LauncherError
        Ray is not installed, its head cannot be reached or is lost, or no node has what a job needs.
    StorageError
        A result cannot be written.
    """
    check_installed("ray", "ray")
    order = Order(jobs=tuple(jobs), errand=errand_of(work, "ray"), slots=slots, cores=cores_a_job())
    if not jobs:
        return
    runs = order.errand.work.workplace.runs
    log = make_folder(runs / jobs[0].board) / RAY_LOG
    process, receiver = _start(order, log)
    try:
        yield from _results(jobs, runs, observers, receiver, log)
    finally:  # after ctrl-C, too, nothing is left at work
        _end(process, receiver)


def _start(order: Order, log: Path) -> tuple[SpawnProcess, Connection]:
    context = get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=drive, args=(order, sender, log), name="ray")
    process.start()
    sender.close()  # so that the pipe ends when the process does
    return process, receiver


def _results(
    jobs: Sequence[Job], runs: Path, observers: Observers, receiver: Connection, log: Path
) -> Iterator[RunRecord | Failure]:
    _connect(receiver, log)
    by_key = {job.key: job for job in jobs}
    started: set[str] = set()
    waiting = set(by_key)
    while waiting:
        key, kind, content = _heard(receiver, log)
        job = by_key[key]
        if key not in started:
            observers.on_job_start(job=job)
            started.add(key)
        if kind == "epoch":
            observers.on_epoch_end(job=job, report=content)
        elif kind == "said":
            _LOGGER.warning("%s, seed %d: %s", job.model, job.seed, content)
        elif kind == "end":
            result, files = content
            write_files(job_folder(runs, job), files)
            waiting.remove(key)
            observers.on_job_end(job=job, record=result)
            yield result


def _connect(receiver: Connection, log: Path) -> None:
    if not receiver.poll(CONNECT):
        raise unreachable(os.environ.get("RAY_ADDRESS", ""), f"no answer in {CONNECT:g} seconds; see {log}.")
    _heard(receiver, log)


def _heard(receiver: Connection, log: Path) -> tuple[str, str, Any]:
    """The next message: the key of a job, what kind of message, and its content."""
    try:
        message: tuple[str, str, Any] = receiver.recv()
    except (EOFError, OSError):
        raise gone(log) from None
    if message[1] == "trouble":
        raise LauncherError(message[2])
    return message


def _end(process: SpawnProcess, receiver: Connection) -> None:
    """Let it cancel what is at work, then end it with all that it started."""
    receiver.close()
    process.terminate()
    process.join(GRACE)
    with suppress(ProcessLookupError, PermissionError):  # nobody is left of its group, or it had none yet
        if process.pid is not None:
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.join()
