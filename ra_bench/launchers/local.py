"""A process a job, one at a time or several, on this machine.

A job that raises, is killed, vanishes or takes too long becomes a Failure that says why; the rest goes on. What a
worker does stands in worker.py, what its end means in runs/failures.py.
"""

from __future__ import annotations

import os
import signal
import time
from collections import deque
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import connection, get_context
from pathlib import Path
from threading import current_thread, main_thread
from typing import TYPE_CHECKING

from ra_bench.launchers.worker import FROM_TERMINAL, work_in_process
from ra_bench.runs.failures import failure_of_exit, failure_of_message, failure_of_timeout
from ra_bench.runs.process import cores
from ra_bench.values import Failure, Job, RunRecord

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess
    from types import FrameType

    from ra_bench.specs import Observers, Work

#: glibc gives freed memory back to the system and asks for it again at every step; kept, a training step at 512 px
#: takes 29-45 % less time. Pages of 2 MiB (`glibc.malloc.hugetlb`) are not asked for: at 256 px they made steps of two
#: networks some 8 % faster and of two as much slower, and every job's first one 1 to 2.5 s longer. Read when a process
#: starts, so it must stand in the environment of the worker.
WORKER_ENVIRONMENT = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "9000000000"}

#: Seconds that a worker gets to end by itself.
GRACE = 10.0
#: Seconds between two looks at the workers, when none says anything.
LOOK = 0.5


@dataclass(slots=True, kw_only=True)
class _Worker:
    """A process at work, and the end of the pipe on which it reports. Times are those of the monotonic clock."""

    job: Job
    slot: int
    process: SpawnProcess
    receiver: Connection
    #: When it is told to end; then, when it is ended.
    limit: float
    told: bool = False
    peak: int | None = None
    oom_kills: int | None = None


def launch(jobs: Sequence[Job], work: Work, observers: Observers, slots: int = 1) -> Iterator[RunRecord | Failure]:
    """Do each job in a process of its own, `slots` of them at a time, and give what came of it as it comes.

    Jobs start in the given order. Where several share the machine, each gets its part of the cores, and `work.devices`
    GPUs of its own as far as `work.gpus` go round. One that takes longer than `work.timeout` seconds is told to end
    (SIGTERM), and if it has not done so after a grace period, it is ended with all that it started (SIGKILL).
    """
    waiting = deque(jobs)
    running: list[_Worker] = []
    try:
        with _stopping_together(running):
            while waiting or running:
                while waiting and len(running) < slots:
                    job = waiting.popleft()
                    observers.on_job_start(job=job)
                    slot = min(set(range(slots)) - {worker.slot for worker in running})
                    running.append(_start(job, work, slot=slot, slots=slots))
                heard = connection.wait([worker.receiver for worker in running], LOOK)
                for worker in tuple(running):
                    result = _hear(worker, observers) if worker.receiver in heard else None
                    result = result or _look(worker)
                    if result is not None:
                        running.remove(worker)
                        _end([worker])
                        result = _judged(worker, result, work.timeout)
                        observers.on_job_end(job=worker.job, record=result)
                        yield result
    finally:  # after ctrl-C, too, no worker is left behind
        _end(running)


def _start(job: Job, work: Work, *, slot: int, slots: int) -> _Worker:
    context = get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=work_in_process, args=(work, job, sender), name=job.model)
    oom_kills = _oom_kills()
    defaults = WORKER_ENVIRONMENT | _threads(slots * work.devices)
    with _environment(defaults, _gpus(work.gpus, slot, slots, work.devices)), _from_terminal_later():
        process.start()
    sender.close()  # so that the pipe ends when the worker does
    limit = float("inf") if work.timeout is None else time.monotonic() + work.timeout
    return _Worker(job=job, slot=slot, process=process, receiver=receiver, limit=limit, oom_kills=oom_kills)


def _threads(processes: int) -> dict[str, str]:
    """Processes that train side by side must not fight for cores: each gets its part of them."""
    return {} if processes == 1 else {"OMP_NUM_THREADS": str(max(1, cores() // processes))}


def _gpus(gpus: Sequence[str], slot: int, slots: int, devices: int) -> dict[str, str]:
    """Jobs that run side by side each see as many GPUs as they use. One that runs alone may use what it finds."""
    if slots == 1 or not gpus:
        return {}
    own = [gpus[number % len(gpus)] for number in range(slot * devices, (slot + 1) * devices)]
    return {"CUDA_VISIBLE_DEVICES": ",".join(own)}


def _hear(worker: _Worker, observers: Observers) -> RunRecord | Failure | None:
    """Take one message: pass a report on, or give the job's result; also when it vanished."""
    try:
        kind, content = worker.receiver.recv()
    except (EOFError, OSError):  # it ended, maybe in the middle of a message
        return _vanished(worker)
    except Exception as error:  # noqa: BLE001 - to read a guest's object is to run its code
        return failure_of_message(worker.job, error)
    if kind == "epoch":
        observers.on_epoch_end(job=worker.job, report=content)
        return None
    result: RunRecord | Failure = content
    _wait_for_end([worker])
    return result


def _look(worker: _Worker) -> Failure | None:
    """Note the memory of a worker, see whether it lives, and end it when its time is over."""
    worker.peak = _memory(worker.process.pid) or worker.peak
    # What it started may hold its pipe open when it is gone. A last word may still be in there.
    if worker.process.exitcode is not None and not worker.receiver.poll():
        return _vanished(worker)
    if time.monotonic() < worker.limit:
        return None
    if worker.told:
        worker.process.kill()
        return _vanished(worker)
    worker.process.terminate()
    worker.told, worker.limit = True, time.monotonic() + GRACE
    return None


def _vanished(worker: _Worker) -> Failure:
    _wait_for_end([worker])
    before, now = worker.oom_kills, _oom_kills()
    killed = before is not None and now is not None and now > before
    return failure_of_exit(worker.job, worker.process.exitcode, peak=worker.peak, oom_killer=killed)


def _judged(worker: _Worker, result: RunRecord | Failure, timeout: float | None) -> RunRecord | Failure:
    """Whatever a worker said or did that was told to end: its time was over, unless it was done."""
    if worker.told and timeout is not None and isinstance(result, Failure):
        return failure_of_timeout(worker.job, timeout)
    return result


def _end(workers: Collection[_Worker]) -> None:
    """End workers that still live, all at once, and whatever they started that outlived them."""
    for worker in workers:
        worker.receiver.close()
        if worker.process.exitcode is None and not worker.told:
            worker.process.terminate()
            worker.told = True
    _wait_for_end(workers)
    _signal(workers, signal.SIGKILL)
    for worker in workers:
        worker.process.kill()
        worker.process.join()


def _wait_for_end(workers: Collection[_Worker]) -> None:
    """Give workers their time to end. Not with `join`, which what they started can keep from coming back."""
    until = time.monotonic() + GRACE
    while time.monotonic() < until and any(worker.process.exitcode is None for worker in workers):
        time.sleep(0.01)


def _memory(pid: int | None) -> int | None:
    """The most memory that a process has held so far, in bytes; None where the system does not tell."""
    with suppress(OSError, ValueError):
        for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return None


def _oom_kills(file: Path = Path("/proc/vmstat")) -> int | None:
    """How often the kernel has ended a process for want of memory; None where the system does not tell."""
    with suppress(OSError, ValueError):
        for line in file.read_text(encoding="ascii").splitlines():
            if line.startswith("oom_kill "):
                return int(line.split()[1])
    return None


@contextmanager
def _stopping_together(running: list[_Worker]) -> Iterator[None]:
    """Ctrl-Z stops the workers too, and `fg` lets them go on; the time between does not count as theirs."""

    def stop(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - what a handler is given
        started = time.monotonic()
        _signal(running, signal.SIGSTOP)
        os.kill(os.getpid(), signal.SIGSTOP)  # until somebody sends SIGCONT
        _signal(running, signal.SIGCONT)
        for worker in running:
            worker.limit += time.monotonic() - started

    if current_thread() is not main_thread() or signal.getsignal(signal.SIGTSTP) is not signal.SIG_DFL:
        yield  # only the main thread may say so, and who has said otherwise shall have it
        return
    signal.signal(signal.SIGTSTP, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)


def _signal(workers: Collection[_Worker], number: signal.Signals) -> None:
    """Reach workers and all that they started."""
    for worker in tuple(workers):
        with suppress(ProcessLookupError, PermissionError):  # nobody is left of its group, or it had none yet
            if worker.process.pid is not None:  # 0 would be our own group
                os.killpg(worker.process.pid, number)


@contextmanager
def _from_terminal_later() -> Iterator[None]:
    """A process that is started inside does not hear the terminal's keys before it is in a group of its own."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, FROM_TERMINAL)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _environment(defaults: dict[str, str], settled: dict[str, str]) -> Iterator[None]:
    """Set variables for the processes that are started inside; of `defaults`, what the user set stays."""
    before = dict(os.environ)
    os.environ.update({name: value for name, value in defaults.items() if name not in before} | settled)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
