"""One job in several processes, a device each, started by torch's elastic launcher: what `torchrun` is.

All of them train; the first tells of its epochs and writes files; what each prints goes to the job's log. Should one
end before its time, the others are ended, and the job fails with what that one said, or with how it ended. Where
several machines do the job, each starts its share of the processes in this way; what they say to one another meanwhile
stands in turn.py.
"""

from __future__ import annotations

import faulthandler
import json
import logging
import os
import signal
import sys
import time
import traceback
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, replace
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread, current_thread, main_thread
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from ra_bench.errors import LauncherError, TrainingError
from ra_bench.runs.failures import FailedError, StoppedError, failure_of_error, failure_of_exit, failure_of_peer
from ra_bench.values import Failure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection

    from torch.distributed.elastic.multiprocessing.errors import ProcessFailure

    from ra_bench.runs.turn import Turn
    from ra_bench.values import EpochReport, Job, RunRecord

    #: Does a job on the device of this name, as one of the team that this process is in.
    Training = Callable[[str, Callable[[EpochReport], None]], RunRecord]

#: Seconds that a process which failed stays, so that one that was killed before, and so made it fail, is found first.
_ECHO = 2.0
#: Seconds that processes get to end when told to.
_GRACE = 5
#: How long the processes wait for one another: as long as the first may decode films or hold a file.
_PATIENCE = timedelta(days=1)


def rank_and_size() -> tuple[int, int]:
    """Which one this process is of those that train together, from 0, and how many they are.

    What never imported torch trains alone, and need not import it to know.
    """
    if "torch" not in sys.modules:
        return 0, 1
    from ra_bench.training.distributed import team

    crew = team()
    return crew.rank, crew.size


def do_together(
    training: Training,
    job: Job,
    *,
    device: str,
    processes: int,
    on_epoch: Callable[[EpochReport], None],
    turn: Turn | None = None,
) -> RunRecord:
    """Do a job in so many processes of this machine, and as many on each of the others that take a turn at it.

    Raises
    ------
    FailedError
        One of them failed, was killed or left: its failure. Or one of the machines was lost.
    StoppedError
        This process was told to end.
    """
    from torch.distributed.elastic.multiprocessing import DefaultLogsSpecs, SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    with TemporaryDirectory(prefix="ra-bench-") as scratch, _passing_on(on_epoch) as sender, _own_signals():
        first = 0 if turn is None else turn.line.node.rank * processes
        start = LaunchConfig(
            nproc_per_node=processes,
            max_restarts=0,
            logs_specs=DefaultLogsSpecs(log_dir=scratch),
            signals_to_handle="SIGTERM",
            shutdown_timeout=_GRACE,
            **(_on_this_machine() if turn is None else turn.rendezvous()),
        )
        try:
            with nullcontext() if turn is None else turn.taken():
                records = elastic_launch(start, _take_part)(training, job, device, sender, Path(scratch), first)
        except (SignalException, StoppedError) as error:
            if turn is not None and turn.trouble is not None:
                raise FailedError(turn.trouble) from None
            if turn is not None:
                turn.stopped()
            raise StoppedError from error
        except ChildFailedError as error:
            rank, ended = next(iter(error.failures.items()))
            failure = _what_ended(job, rank, processes, ended, Path(scratch), turn)
            raise FailedError(failure if turn is None else turn.judged(failure)) from None
        except LauncherError as error:
            raise FailedError(failure_of_peer(job, str(error))) from None
        record: RunRecord = records[min(records)]
        return record


def _on_this_machine() -> dict[str, Any]:
    """Where processes of one machine meet, for torch's launcher."""
    return {
        "min_nodes": 1,
        "max_nodes": 1,
        "run_id": uuid4().hex,
        "rdzv_backend": "c10d",
        "rdzv_endpoint": "127.0.0.1:0",
        "local_addr": "127.0.0.1",
    }


def own_device(device: str, number: int) -> str:
    """The device of one of several processes on a machine: a GPU each, or the CPU for all.

    Raises
    ------
    TrainingError
        There are not so many, or they are not of that kind.
    """
    from ra_bench.training.device import resolve

    kind = resolve(device).type
    if kind == "cuda":
        return str(resolve(f"cuda:{number}"))
    if kind == "cpu":
        return kind
    raise TrainingError(f"Several devices may be GPUs of CUDA, or a CPU, but not {kind}. Leave out --devices.")


def _take_part(
    training: Training, job: Job, device: str, sender: Connection, scratch: Path, first: int
) -> RunRecord | None:
    """Be one of the processes; `first` is the number of this machine's first, from which the record comes."""
    from torch import distributed

    local = distributed.get_node_local_rank()
    rank = first + local
    _listen_to_all(rank)
    try:
        with _met(own_device(device, local)) as own:
            record = training(own, sender.send if rank == 0 else _nobody_hears)
    except BaseException as error:  # noqa: BLE001 - whatever a guest raises becomes a row that says so
        traceback.print_exc()
        _say(failure_of_error(job, error), scratch, rank)
        time.sleep(_ECHO)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(1)  # an orderly end may abort, and hide the reason: see training/distributed.py, `leave`
    return record if local == 0 else None


@contextmanager
def _met(device: str) -> Iterator[str]:
    """Wait for the others, and be in a team with them until it is left; see training/distributed.py."""
    import torch

    from ra_bench.training.distributed import join, leave

    cuda = device.startswith("cuda")
    if cuda:
        torch.cuda.set_device(device)
    join("nccl" if cuda else "gloo", patience=_PATIENCE)
    yield device
    leave()  # not after an error: it may wait for processes that are no more


def _listen_to_all(rank: int) -> None:
    """What this process logs goes to the job's log: all that the first says, and warnings of the others."""
    faulthandler.enable(file=2, all_threads=True)
    faulthandler.register(signal.SIGTERM, file=2, all_threads=True, chain=True)
    who = "" if rank == 0 else f" process {rank + 1},"
    logging.basicConfig(format=f"%(asctime)s{who} %(name)s: %(message)s", datefmt="%H:%M:%S", stream=sys.stderr)
    logging.getLogger("ra_bench").setLevel(logging.INFO if rank == 0 else logging.WARNING)


def _nobody_hears(report: EpochReport) -> None:
    """The first process tells of the same epoch."""


def _said(scratch: Path, rank: int) -> Path:
    return scratch / f"failure{rank}.json"


def _say(failure: Failure, scratch: Path, rank: int) -> None:
    content = asdict(failure)
    del content["job"]
    _said(scratch, rank).write_text(json.dumps(content), encoding="utf-8")


def _what_ended(
    job: Job, rank: int, processes: int, ended: ProcessFailure, scratch: Path, turn: Turn | None
) -> Failure:
    """What the process said that ended before all others, or how it ended."""
    said = _said(scratch, rank)
    if ended.exitcode > 0 and said.exists():
        return Failure(job=job, **json.loads(said.read_text(encoding="utf-8")))
    failure = failure_of_exit(job, ended.exitcode)
    everywhere = processes if turn is None else processes * turn.line.node.count
    return replace(failure, reason=f"Process {rank + 1} of {everywhere}: {failure.reason}")


@contextmanager
def _passing_on(on_epoch: Callable[[EpochReport], None]) -> Iterator[Connection]:
    """A pipe whose reports are passed on while this thread waits, to the last one."""
    receiver, sender = get_context("spawn").Pipe(duplex=False)
    ended = Event()

    def pass_on() -> None:
        while receiver.poll(0.1) or not ended.is_set():
            if receiver.poll():
                on_epoch(receiver.recv())

    thread = Thread(target=pass_on, name="epochs", daemon=True)
    thread.start()
    try:
        yield sender
    finally:
        ended.set()
        thread.join()
        receiver.close()
        sender.close()


@contextmanager
def _own_signals() -> Iterator[None]:
    """Torch's launcher takes SIGTERM for itself, where it is in the main thread; afterwards it is as it was."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if current_thread() is main_thread():
            signal.signal(signal.SIGTERM, before)
