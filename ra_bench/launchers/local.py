"""A process a job, one at a time or several, on this machine.

A job that raises, is killed or vanishes becomes a Failure that says why; the rest goes on. Each worker leads a process
group of its own: ctrl-C reaches it only through its parent, and what it started ends with it.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import connection, get_context
from threading import Thread
from typing import TYPE_CHECKING, Any

from ra_bench.errors import RaBenchError
from ra_bench.values import Failure, Job, RunRecord

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess

    from ra_bench.specs import Observers, Work
    from ra_bench.values import EpochReport

#: glibc gives freed memory back to the system and asks for it again at every step; kept, a training step at 512 px
#: takes 29-45 % less time. Read when a process starts, so it must stand in the environment of the worker.
WORKER_ENVIRONMENT = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "9000000000"}

#: Seconds that a worker gets to end by itself.
GRACE = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Worker:
    """A process at work, and the end of the pipe on which it reports."""

    job: Job
    process: SpawnProcess
    receiver: Connection


def launch(jobs: Sequence[Job], work: Work, observers: Observers, slots: int = 1) -> Iterator[RunRecord | Failure]:
    """Do each job in a process of its own, `slots` of them at a time, and give what came of it as it comes.

    Jobs start in the given order. Where several share the machine, each gets its part of the cores.
    """
    waiting = deque(jobs)
    running: dict[Connection, _Worker] = {}
    environment = WORKER_ENVIRONMENT | _threads(slots)
    try:
        while waiting or running:
            while waiting and len(running) < slots:
                job = waiting.popleft()
                observers.on_job_start(job=job)
                worker = _start(job, work, environment)
                running[worker.receiver] = worker
            for receiver in connection.wait(list(running)):
                worker = running[receiver]  # type: ignore[index]  # `wait` gives back what it was given
                result = _hear(worker, observers)
                if result is not None:
                    del running[worker.receiver]
                    observers.on_job_end(job=worker.job, record=result)
                    yield result
    finally:  # after ctrl-C, too, no worker is left behind
        for worker in running.values():
            _end(worker)


def _threads(slots: int) -> dict[str, str]:
    """Jobs that run side by side must not fight for cores: each gets its part of them."""
    return {} if slots == 1 else {"OMP_NUM_THREADS": str(max(1, (os.cpu_count() or 1) // slots))}


def _start(job: Job, work: Work, environment: dict[str, str]) -> _Worker:
    context = get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_work_in_process, args=(work, job, sender), name=job.model)
    with _environment(environment):
        process.start()
    sender.close()  # so that the pipe ends when the worker does
    return _Worker(job=job, process=process, receiver=receiver)


def _hear(worker: _Worker, observers: Observers) -> RunRecord | Failure | None:
    """Take one message: pass a report on, or close the worker and give its result; also when it vanished."""
    try:
        kind, content = worker.receiver.recv()
    except EOFError:
        kind, content = "vanished", None
    if kind == "epoch":
        observers.on_epoch_end(job=worker.job, report=content)
        return None
    worker.process.join(GRACE)
    _end(worker)
    if kind == "record":
        record: RunRecord = content
        return record
    return Failure(job=worker.job, reason=content or _died(worker.process.exitcode), log="")


def _end(worker: _Worker) -> None:
    worker.receiver.close()
    _stop(worker.process)


def _work_in_process(work: Work, job: Job, sender: Connection) -> None:
    """What the worker process does."""
    os.setpgrp()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()

    def report(epoch: EpochReport) -> None:
        sender.send(("epoch", epoch))

    message: tuple[str, Any]
    try:
        message = ("record", work(job, report))
    except RaBenchError as error:
        message = ("failure", " ".join(str(error).split()))
    except MemoryError:
        message = (
            "failure",
            "Out of memory. Close other programs, or choose a protocol with smaller films or batches.",
        )
    except BaseException as error:  # noqa: BLE001 - whatever a guest raises becomes a row that says so
        message = ("failure", _said(error))
    with suppress(BrokenPipeError):  # the run was stopped; nobody listens
        sender.send(message)


def _end_with_parent() -> None:
    """Wait until the parent has gone, however it went, and end this process and all that it started."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.killpg(0, signal.SIGKILL)


def _stop(process: SpawnProcess) -> None:
    """End a worker that still lives, and whatever it started that outlived it."""
    if process.pid is None:
        return
    if process.is_alive():
        process.terminate()
        process.join(GRACE)
    with suppress(ProcessLookupError, PermissionError):  # nobody is left of its group, or it had none yet
        os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.join()


def _said(error: BaseException) -> str:
    """The kind and the first line of what was raised; its traceback is in the log."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


def _died(code: int | None) -> str:
    """One sentence on a worker that ended without a word."""
    if code is None or code >= 0:
        return f"The worker process ended with exit code {code} and without a result."
    name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
    if name == "SIGKILL":
        return (
            "The worker process was killed (SIGKILL). Most often the system ran out of memory: "
            "close other programs, or choose a protocol with smaller films or batches."
        )
    return f"The worker process crashed ({name})."


@contextmanager
def _environment(changes: dict[str, str]) -> Iterator[None]:
    """Set variables for the processes that are started inside; what the user set stays."""
    before = dict(os.environ)
    os.environ.update({name: value for name, value in changes.items() if name not in before})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
