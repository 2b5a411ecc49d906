"""One job of several machines, as each process sees it that starts a machine's share: announced, taken, and judged.

Whatever goes wrong anywhere ends the share of every machine within seconds: a thread looks for machines that are lost
and for failures that others told, and then tells its own process to end, as torch's launcher expects it.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import socket
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Any

from ra_bench.errors import LauncherError
from ra_bench.runs.failures import failure_of_peer
from ra_bench.runs.nodes import line_of
from ra_bench.values import Failure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ra_bench.runs.nodes import Line, Node
    from ra_bench.values import Job

#: Seconds between two looks for trouble.
_LOOK = 0.5
#: Seconds for torch's launcher to bring machines together that are all about to start it.
_TOGETHER = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """A job that the first machine is about to do: which one it is, and the port where its processes will meet."""

    number: int
    key: str
    port: int


class Turn:
    """A machine's part in one job."""

    def __init__(self, line: Line, job: Job, announced: Announced) -> None:
        self.line, self.job, self._announced = line, job, announced
        #: What happened elsewhere, if this process was told to end because of it.
        self.trouble: Failure | None = None
        self._ending = Lock()

    def rendezvous(self) -> dict[str, Any]:
        """Where the processes of all machines meet, for torch's launcher."""
        node = self.line.node
        return {
            "min_nodes": node.count,
            "max_nodes": node.count,
            "run_id": str(self._announced.number),
            "rdzv_backend": "static",  # the first machine is then the one of the first process
            "rdzv_endpoint": f"{node.host}:{self._announced.port}",
            "rdzv_configs": {"rank": node.rank, "timeout": _TOGETHER},
        }

    @contextmanager
    def taken(self) -> Iterator[None]:
        """All machines come here before any starts its processes, and none leaves before all are done."""
        # Torch's launcher imports it when a process failed, which takes seconds; whose process failed first must be
        # told first.
        importlib.import_module("torch._dynamo")
        ended = Event()
        watch = Thread(target=self._watch, args=(ended,), name="turn", daemon=True)
        watch.start()
        try:
            self.line.wait_for_all(self._name("here"))
            yield
            self.line.wait_for_all(self._name("done"))
        finally:
            with self._ending:  # from here on nobody tells this process to end
                ended.set()

    def stopped(self) -> None:
        """Tell the others that this process was told to end, and not by its own watch."""
        reason = "The job was stopped (SIGTERM), by --timeout or from outside."
        self._tell(Failure(job=self.job, reason=reason, log="", kind="killed"))

    def judged(self, failure: Failure) -> Failure:
        """Of a failure here and what may have been told elsewhere, what came first; or that a machine was lost.

        The loss of a machine makes processes fail everywhere. It tells nothing itself, but it falls silent.
        """
        now = time.monotonic()
        first = self._tell(failure)
        lost = self.line.silent_since(now)
        return first if lost is None else failure_of_peer(self.job, self.line.loss(lost))

    def _tell(self, failure: Failure) -> Failure:
        """Tell of a failure; what was told of first is what counts for all."""
        try:
            return tell_failure(self.line, self._announced.number, failure)
        except LauncherError as error:
            return failure_of_peer(self.job, str(error))

    def _watch(self, ended: Event) -> None:
        while not ended.wait(_LOOK):
            trouble = self._look()
            with self._ending:
                if trouble is not None and not ended.is_set():
                    self.trouble = trouble
                    os.kill(os.getpid(), signal.SIGTERM)
                    return

    def _look(self) -> Failure | None:
        """What happened elsewhere that ends this job."""
        lost = self.line.lost()
        if lost is not None:
            return failure_of_peer(self.job, self.line.loss(lost))
        try:
            told = self.line.heard(self._name("failure"))
            if told is not None:
                return self.judged(Failure(job=self.job, **json.loads(told)))
            if self.line.heard("end") is not None or self.line.count("jobs") > self._announced.number:
                return failure_of_peer(self.job, "The first machine ended the job.")
        except LauncherError as error:
            return failure_of_peer(self.job, str(error))
        return None

    def _name(self, what: str) -> str:
        return f"{what}/{self._announced.number}"


@contextmanager
def turn_at(node: Node, job: Job, announced: Announced | None = None) -> Iterator[Turn]:
    """A turn at a job that the first machine announced; the first announces it here.

    Raises
    ------
    LauncherError
        The first machine does not answer.
    """
    with line_of(node) as line:
        yield Turn(line, job, _announce(line, job) if announced is None else announced)


def next_job(line: Line, number: int) -> Announced | None:
    """Wait for the job of a number, from 1, that the first machine announces; None when it ended.

    Raises
    ------
    LauncherError
        The first machine was lost, or ended because of an error.
    """
    name, said = line.wait(f"job/{number}", "end")
    if name != "end":
        return Announced(number=number, **json.loads(said))
    if said:
        raise LauncherError(f"The first machine ended the run: {said}")
    return None


def tell_failure(line: Line, number: int, failure: Failure) -> Failure:
    """Tell all machines of a failure of the job of a number, and hear of which was told first."""
    content = asdict(replace(failure, log=""))
    del content["job"]
    if line.node.rank:
        content["reason"] = f"On '{socket.gethostname()}': {failure.reason}"
    text = json.dumps(content)
    first = line.ask(lambda store: store.compare_set(f"failure/{number}", "", text)).decode()
    return Failure(job=failure.job, **json.loads(first))


def _announce(line: Line, job: Job) -> Announced:
    number, port = line.count("jobs", 1), _free_port()
    line.say(f"job/{number}", json.dumps({"key": job.key, "port": port}))
    return Announced(number=number, key=job.key, port=port)


def _free_port() -> int:
    """A port that nobody has at this moment."""
    with socket.socket() as trial:
        trial.bind(("", 0))
        return int(trial.getsockname()[1])
