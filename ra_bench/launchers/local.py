"""A process a job, one after the other, on this machine.

A job that raises, is killed or vanishes becomes a Failure that says why; the rest goes on.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

from ra_bench.errors import RaBenchError
from ra_bench.values import Failure, Job, RunRecord

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess

    from ra_bench.specs import Observers, Work
    from ra_bench.values import EpochReport

#: glibc gives freed memory back to the system and asks for it again at every step; kept, a training step at 512 px
#: takes 29-45 % less time. Read when a process starts, so it must stand in the environment of the worker.
WORKER_ENVIRONMENT = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "9000000000"}

#: Seconds that a worker gets to end by itself when the run is stopped.
GRACE = 5.0


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
    with _environment(WORKER_ENVIRONMENT):
        process.start()
    sender.close()  # so that the pipe ends when the worker does
    try:
        result = _listen(job, receiver, observers)
        process.join()
    except BaseException:  # ctrl-C or an error of ours: never leave a worker behind
        _stop(process)
        raise
    finally:
        receiver.close()
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
    """What the worker process does. ctrl-C reaches the whole process group; here the parent decides."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def report(epoch: EpochReport) -> None:
        sender.send(("epoch", epoch))

    message: tuple[str, Any]
    try:
        message = ("record", work(job, report))
    except BrokenPipeError:
        return  # the run was stopped; nobody listens
    except RaBenchError as error:
        message = ("failure", str(error))
    except MemoryError:
        message = ("failure", "Out of memory. Close other programs, or choose a protocol with smaller films or batches.")
    except BaseException as error:  # noqa: BLE001 - whatever a guest raises becomes a row that says so
        message = ("failure", f"{type(error).__name__}: {error}")
    sender.send(message)


def _stop(process: SpawnProcess) -> None:
    process.terminate()
    process.join(GRACE)
    if process.is_alive():
        process.kill()
        process.join()


def _died(code: int | None) -> str:
    """One sentence on a worker that ended without a word."""
    if code is None or code >= 0:
        return f"The worker process ended with exit code {code} and without a result."
    name = signal.Signals(-code).name
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
