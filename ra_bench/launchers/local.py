"""A process a job, one after the other, on this machine.

A job that raises, is killed or vanishes becomes a Failure that says why; the rest goes on. Each worker leads a process
group of its own: ctrl-C reaches it only through its parent, and what it started ends with it.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from contextlib import contextmanager, suppress
from multiprocessing import get_context
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


def launch(jobs: Sequence[Job], work: Work, observers: Observers) -> Iterator[RunRecord | Failure]:
    """Do each job in a process of its own and give what came of it, in order."""
    for job in jobs:
        observers.on_job_start(job=job)
        result = _run(job, work, observers)
        observers.on_job_end(job=job, record=result)
        yield result


def _run(job: Job, work: Work, observers: Observers) -> RunRecord | Failure:
    context = get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_work_in_process, args=(work, job, sender), name=job.model)
    try:
        with _environment(WORKER_ENVIRONMENT):
            process.start()
        sender.close()  # so that the pipe ends when the worker does
        result = _listen(job, receiver, observers)
        process.join(GRACE)
    finally:  # after ctrl-C, too, no worker is left behind
        receiver.close()
        _stop(process)
    return Failure(job=job, reason=_died(process.exitcode), log="") if result is None else result


def _listen(job: Job, receiver: Connection, observers: Observers) -> RunRecord | Failure | None:
    """Pass reports on until the result comes; None when the worker vanished without one."""
    while True:
        try:
            kind, content = receiver.recv()
        except EOFError:
            return None
        if kind == "epoch":
            observers.on_epoch_end(job=job, report=content)
        elif kind == "record":
            record: RunRecord = content
            return record
        else:
            return Failure(job=job, reason=content, log="")


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
