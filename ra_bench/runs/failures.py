"""From what ended a job to a failure: what kind it is, why in one sentence, and what may help.

What raised is told from what the machine did: a job that ran out of memory or time may well succeed next time, one
whose model is wrong will not.
"""

from __future__ import annotations

import errno
import signal
from typing import TYPE_CHECKING

from ra_bench.errors import RaBenchError, StorageError
from ra_bench.training.out_of_memory import is_out_of_gpu_memory, is_out_of_memory
from ra_bench.values import Failure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ra_bench.values import Job

#: What may end a job, with what it means. Stands in failure.json.
KINDS = {
    "refused": "a check of ours found what must be mended first",
    "raised": "code of the model, its trainer or a library raised an error",
    "memory": "the machine ran out of memory",
    "gpu memory": "the GPU ran out of memory",
    "disk": "a file could not be written",
    "timeout": "it took longer than --timeout",
    "crashed": "native code crashed",
    "left": "the process ended by itself and gave no result",
    "killed": "somebody ended the process",
    "lost": "the machine that it ran on was lost",
}

#: What says nothing about the next try.
_OF_THE_MACHINE = frozenset({"memory", "gpu memory", "disk", "timeout", "killed", "lost"})

#: How a system says that a file cannot be written, or not to its end.
_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO})

#: As often in a row the same failure is taken for chance.
_CHANCES = 2

_LESS_MEMORY = (
    "Run one job at a time (--jobs 1), close other programs, let batches go in parts (--fit-batch), or give a copy of "
    "the protocol with a smaller height or width (--protocol FILE)."
)
_LESS_GPU_MEMORY = (
    "See with nvidia-smi whether another process holds memory there; run one job a GPU at a time (leave out --jobs), "
    "let batches go in parts (--fit-batch), or compute in half precision (--precision bf16)."
)
_LOOK = "The end of its log shows where it was."


class StoppedError(BaseException):
    """The process was told to end. Not an Exception: code that catches those must not catch this."""


class FailedError(Exception):
    """A job failed in another process, which told why."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.reason)
        self.failure = failure


def failure_of_error(job: Job, error: BaseException) -> Failure:
    """What raised, told by its kind and first line; the traceback is in the log."""
    if isinstance(error, FailedError):
        return error.failure
    if isinstance(error, RaBenchError):
        kind = "disk" if isinstance(error, StorageError) else "refused"
        return Failure(job=job, reason=" ".join(str(error).split()), log="", kind=kind)
    if isinstance(error, StoppedError):
        return Failure(
            job=job,
            reason="The worker process was told to end (SIGTERM), and not by ra-bench.",
            log="",
            kind="killed",
            advice="Often a job scheduler does so at its own time limit. Run again.",
        )
    for cause in _causes(error):
        if is_out_of_gpu_memory(cause):
            reason = f"The GPU ran out of memory: {_first_line(cause)}"
            return Failure(job=job, reason=reason, log="", kind="gpu memory", advice=_LESS_GPU_MEMORY)
        if is_out_of_memory(cause):
            said = _first_line(cause)
            reason = f"Out of memory: {said}" if said else "Out of memory."
            return Failure(job=job, reason=reason, log="", kind="memory", advice=_LESS_MEMORY)
    said = _first_line(error)
    name = type(error).__name__
    kind = "disk" if isinstance(error, OSError) and error.errno in _DISK else "raised"
    return Failure(job=job, reason=f"{name}: {said}" if said else name, log="", kind=kind)


def failure_of_exit(job: Job, code: int | None, *, peak: int | None = None, oom_killer: bool = False) -> Failure:
    """Why a process ended without a word, from its exit code; below 0 it is the signal that ended it.

    `peak` is the memory that it held when last looked at, in bytes; `oom_killer` says that the kernel's out-of-memory
    killer was at work meanwhile.
    """
    if code is None or code >= 0:
        return Failure(
            job=job,
            reason=f"The worker process ended with exit code {code} and without a result.",
            log="",
            kind="left",
            advice="Something in it, such as os._exit, left without a word. The end of its log is its last word.",
        )
    name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
    if name == "SIGKILL":
        return _killed(job, peak, oom_killer=oom_killer)
    if name in {"SIGTERM", "SIGINT", "SIGHUP", "SIGXCPU"}:
        reason = f"The worker process was ended from outside ({name}), and not by ra-bench."
        return Failure(job=job, reason=reason, log="", kind="killed", advice="Run again.")
    return Failure(
        job=job, reason=f"The worker process crashed in native code ({name}).", log="", kind="crashed", advice=_LOOK
    )


def failure_of_timeout(job: Job, seconds: float) -> Failure:
    """A job that was stopped because it took too long."""
    return Failure(
        job=job,
        reason=f"It took longer than --timeout {duration(seconds)} and was stopped.",
        log="",
        kind="timeout",
        advice="Run again, if need be with more time: a trainer that keeps its last epoch goes on from there. If it "
        "hung, the end of its log shows where.",
    )


def failure_of_node(job: Job, losses: int, node: str) -> Failure:
    """A job whose machine was lost again and again."""
    return Failure(
        job=job,
        reason=f"{losses} machines were lost while they did it, the last one: {node}.",
        log="",
        kind="lost",
        advice="If it is always this job, it may need more memory than they have. Else see whether they are well, and "
        "run again.",
    )


def failure_of_peer(job: Job, loss: str) -> Failure:
    """A job of several machines, one of which was lost; `loss` says which, and what to do."""
    return Failure(job=job, reason=loss, log="", kind="lost")


def failure_of_node_memory(job: Job, node: str) -> Failure:
    """A job that Ray ended before its machine ran out of memory."""
    return Failure(
        job=job,
        reason=f"The memory of {node} ran low, and Ray's memory monitor ended the job.",
        log="",
        kind="memory",
        advice="Give each job more cores, so that fewer share a machine (OMP_NUM_THREADS), or give a copy of the "
        "protocol with a smaller batch_size, height or width (--protocol FILE).",
    )


def failure_of_message(job: Job, error: Exception) -> Failure:
    """A worker whose report could not be read: it ended in the middle of one, or sent what cannot be sent."""
    return Failure(
        job=job,
        reason=f"The worker process reported what cannot be read ({type(error).__name__}: {_first_line(error)}).",
        log="",
        kind="left",
        advice="A trainer's fit yields EpochReport of plain numbers and returns Fitted.",
    )


def is_settled(failure: Failure) -> bool:
    """Whether another try would most likely end alike: it did so before, and the machine was not the reason."""
    return failure.tries >= _CHANCES and failure.kind not in _OF_THE_MACHINE


def duration(seconds: float) -> str:
    """Seconds as --timeout takes them.

    Examples
    --------
    >>> duration(7200), duration(5400), duration(90), duration(0.5)
    ('2h', '1h30m', '1m30s', '0.5s')
    """
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    return "".join(f"{count:g}{unit}" for count, unit in ((hours, "h"), (minutes, "m"), (rest, "s")) if count)


def _killed(job: Job, peak: int | None, *, oom_killer: bool) -> Failure:
    held = f" It held {peak / 2**30:.1f} GiB when last looked at." if peak else ""
    if oom_killer:
        reason = f"The system ran out of memory and killed the worker process (SIGKILL).{held}"
        return Failure(job=job, reason=reason, log="", kind="memory", advice=_LESS_MEMORY)
    reason = (
        "The worker process was killed (SIGKILL), and not by ra-bench. "
        f"Most often that is a system that ran out of memory.{held}"
    )
    return Failure(job=job, reason=reason, log="", kind="killed", advice=_LESS_MEMORY)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and what it was raised from: guests wrap what happened to them."""
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else ""
