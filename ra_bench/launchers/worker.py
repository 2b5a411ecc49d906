"""What a worker process does: one job, and it ends with its parent, however that ends.

It leads a process group of its own: ctrl-C reaches it only through its parent, and what it started ends with it. What
it has to say goes through a pipe; what is printed goes to the job's log.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

from ra_bench.runs.failures import StoppedError, failure_of_error

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from types import FrameType

    from ra_bench.specs import Work
    from ra_bench.values import EpochReport, Failure, Job, RunRecord

#: What the parent keeps from a worker that is not yet on its own: a key pressed in the terminal is for the parent.
FROM_TERMINAL = frozenset({signal.SIGINT, signal.SIGTSTP})

#: A process that waits for the parent's end of a pipe to close and then ends the worker's group. A thread could not do
#: so while native code holds the interpreter's lock, and the kernel's own signal would reach the worker alone.
_GUARD = "import os, signal; os.read(0, 1); os.killpg(0, signal.SIGKILL)"


def work_in_process(work: Work, job: Job, sender: Connection) -> None:
    """Do a job and send epochs as ("epoch", EpochReport), at the end ("record", RunRecord) or ("failure", Failure)."""
    os.setpgrp()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _stop)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, FROM_TERMINAL)

    def report(epoch: EpochReport) -> None:
        sender.send(("epoch", epoch))

    message: tuple[str, RunRecord | Failure]
    try:
        _set_guard()
        message = ("record", work(job, report))
    except BaseException as error:  # noqa: BLE001 - whatever a guest raises becomes a row that says so
        message = ("failure", failure_of_error(job, error))
    with suppress(BrokenPipeError):  # the run was stopped; nobody listens
        sender.send(message)


def _stop(number: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001 - what a handler is given
    """Leave as an error does, so that half-written files are removed and the log tells where it was. Once."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise StoppedError


def _set_guard() -> None:
    """Start the guard. The parent ends it with the group when the job is done."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        quiet = subprocess.DEVNULL
        command = [sys.executable, "-I", "-S", "-c", _GUARD]
        subprocess.Popen(command, stdin=parent.sentinel, stdout=quiet, stderr=quiet)  # noqa: S603 - our own words
