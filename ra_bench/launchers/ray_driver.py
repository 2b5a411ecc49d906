"""The process that talks to Ray: hands out jobs, passes on what comes back, does again what was lost with a node."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import socket
import sys
from collections import Counter, deque
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from ra_bench.errors import LauncherError
from ra_bench.launchers.errand import Errand, do_errand, node_name
from ra_bench.runs.failures import failure_of_node, failure_of_node_memory
from ra_bench.values import Failure, Job

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from multiprocessing.connection import Connection
    from pathlib import Path
    from types import FrameType

    from ra_bench.values import EpochReport

#: A job is done again as often as its node is lost, but not more than so often in all.
TRIES = 3
#: Seconds between two looks at what the nodes say.
LOOK = 0.5
#: Seconds for an answer of the process that collects what nodes say; it is on this machine.
ANSWER = 60.0
#: Seconds for a head to answer at all. Ray itself would knock for many minutes.
KNOCK = 5.0
#: Seconds that nodes get to end a job that was cancelled.
GRACE = 8.0
#: Bytes of the object store of a cluster that is started here: it holds files of finished jobs for a moment.
STORE = 512 * 2**20
#: Ray's own settings, unless the user has said otherwise: tell nobody, and give a head that is gone up after so long.
ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_gcs_rpc_server_reconnect_timeout_s": "30",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be done: jobs, how, so many at a time, with so many cores each."""

    jobs: tuple[Job, ...]
    errand: Errand
    slots: int
    cores: int


@dataclass(slots=True, kw_only=True)
class _Outlook:
    """What is waiting, what is at work by its reference, where each runs, and how often its node was lost."""

    waiting: deque[Job]
    running: dict[Any, Job] = field(default_factory=dict)
    nodes: dict[str, str] = field(default_factory=dict)
    losses: Counter[str] = field(default_factory=Counter)


class News:
    """Collects what the nodes say, in a process of Ray's on this machine."""

    def __init__(self) -> None:
        self._said: list[tuple[str, str, Any]] = []

    def add(self, key: str, kind: str, content: Any) -> None:
        """Keep a message on the job with that key."""
        self._said.append((key, kind, content))

    def take(self) -> list[tuple[str, str, Any]]:
        """All messages since the last time."""
        said, self._said = self._said, []
        return said


def drive(order: Order, sender: Connection, log: Path) -> None:
    """Do all jobs. Sends (key, kind, content): "start", "epoch", "said", "end" with the result, or "trouble"."""
    os.setpgrp()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _print_to(log)
    try:
        with _cluster() as ray:
            sender.send(("", "connected", ""))
            try:
                _do(ray, order, sender)
            except ray.exceptions.RayError as error:  # not of a job, but of what serves all of them here
                raise gone(log) from error
    except LauncherError as error:
        sender.send(("", "trouble", str(error)))
    except (KeyboardInterrupt, BrokenPipeError):
        pass  # the run was stopped; nobody listens


def _print_to(log: Path) -> None:
    """Ray prints from many places; all of it goes to a file."""
    with log.open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)


@contextmanager
def _cluster() -> Iterator[Any]:
    """Ray, connected to the cluster at $RAY_ADDRESS or to one that is started here."""
    os.environ.update({name: value for name, value in ENVIRONMENT.items() if name not in os.environ})
    address = os.environ.get("RAY_ADDRESS", "")
    if address.startswith("ray://"):
        raise LauncherError(
            f"RAY_ADDRESS is {address}, and ra-bench is no client from outside. Run it on a machine of the cluster, "
            "with RAY_ADDRESS=auto."
        )
    _knock(address)
    import ray

    here: dict[str, Any] = {} if address else {"include_dashboard": False, "object_store_memory": STORE}
    try:
        ray.init(address=address or "local", log_to_driver=False, logging_level=logging.ERROR, **here)
    except Exception as error:
        raise unreachable(address, (str(error).strip().splitlines() or [type(error).__name__])[0]) from error
    signal.signal(signal.SIGTERM, _stop)
    try:
        yield ray
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        ray.shutdown()


def _knock(address: str) -> None:
    """Refuse an address at which nobody answers."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal():
        return  # a word such as "auto", which Ray looks up
    try:
        socket.create_connection((host, int(port)), KNOCK).close()
    except (OSError, OverflowError) as error:
        raise unreachable(address, f"{error}.") from error


def unreachable(address: str, said: str) -> LauncherError:
    """An error on a cluster that cannot be reached, or started here."""
    return LauncherError(
        f"Cannot reach Ray at {address or 'this machine'}: {said} See whether its head runs ('ray status'), start it "
        "with 'ray start --head', or unset RAY_ADDRESS to start Ray on this machine."
    )


def gone(log: Path) -> LauncherError:
    """An error on a cluster that was there and is no more."""
    return LauncherError(
        f"The Ray cluster ({os.environ.get('RAY_ADDRESS', 'on this machine')}) is gone: its head does not answer any "
        "more. What was finished is kept. Start the head again, then run the same command: it goes on from there. What "
        f"Ray said stands in {log}."
    )


def _stop(number: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001 - what a handler is given
    raise KeyboardInterrupt


def _do(ray: Any, order: Order, sender: Connection) -> None:
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    needs = _needs(ray, order)
    _check_room(ray, needs)
    here = NodeAffinitySchedulingStrategy(node_id=ray.get_runtime_context().get_node_id(), soft=False)
    # Should it be ended for want of memory, it begins anew; what it held were epochs that nobody will miss.
    lasting = {"max_restarts": -1, "max_task_retries": -1}
    news = ray.remote(News).options(num_cpus=0, scheduling_strategy=here, **lasting).remote()
    # Ray would do again what cannot succeed, too, and would not say that it does: what was lost is our own business.
    task = ray.remote(_task).options(num_cpus=needs["CPU"], num_gpus=needs["GPU"], max_retries=0)
    errand = ray.put(order.errand)
    outlook = _Outlook(waiting=deque(order.jobs))
    try:
        while outlook.waiting or outlook.running:
            while outlook.waiting and len(outlook.running) < order.slots:
                job = outlook.waiting.popleft()
                outlook.running[task.remote(errand, job, news, order.cores)] = job
            done, _ = ray.wait(list(outlook.running), timeout=LOOK)
            _pass_on(ray, news, outlook, sender)
            for reference in done:
                _close(ray, reference, outlook, sender, needs)
            if _orphaned():
                return
    finally:
        _cancel(ray, list(outlook.running))


def _task(errand: Errand, job: Job, news: Any, cores: int) -> tuple[str, Any]:
    """What runs on a node, in one of Ray's workers."""
    import ray

    os.environ["OMP_NUM_THREADS"] = str(cores)
    # A process that is started here would read this one's main file again, which is Ray's, and with it all of Ray.
    vars(sys.modules["__main__"]).pop("__file__", None)
    told = [news.add.remote(job.key, "start", node_name())]

    def tell(report: EpochReport) -> None:
        told.append(news.add.remote(job.key, "epoch", report))

    done = do_errand(errand, job, tell)
    ray.get(told)  # so that all is told before the end is
    return node_name(), done


def _needs(ray: Any, order: Order) -> dict[str, int]:
    """Cores and GPUs a job. A job that may train on any device gets a GPU if the cluster has some."""
    device = order.errand.work.workplace.device
    gpu = device == "cuda" or (device == "auto" and ray.cluster_resources().get("GPU", 0) >= 1)
    return {"CPU": order.cores, "GPU": int(gpu)}


def _check_room(ray: Any, needs: Mapping[str, int]) -> None:
    """Ray waits for ever for what no node has."""
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    if any(all(node.get(name, 0) >= count for name, count in needs.items()) for node in nodes):
        return
    have = "; ".join(f"{node.get('CPU', 0):g} and {node.get('GPU', 0):g}" for node in nodes) or "none is left"
    raise LauncherError(
        f"No node of the Ray cluster has what a job needs: {needs['CPU']} core(s) and {needs['GPU']} GPU(s). The nodes "
        f"have: {have}. What was finished is kept. Add a node, lower OMP_NUM_THREADS, or choose --device cpu."
    )


def _pass_on(ray: Any, news: Any, outlook: _Outlook, sender: Connection) -> None:
    for key, kind, content in ray.get(news.take.remote(), timeout=ANSWER):
        if kind == "start":
            outlook.nodes[key] = content
        sender.send((key, kind, content))


def _close(ray: Any, reference: Any, outlook: _Outlook, sender: Connection, needs: Mapping[str, int]) -> None:
    """Give the result of a job that ended, or have it done again where it was lost."""
    job = outlook.running.pop(reference)
    node = f"the machine '{outlook.nodes[job.key]}'" if job.key in outlook.nodes else "a machine"
    try:
        _, done = ray.get(reference)
    except ray.exceptions.OutOfMemoryError:
        done = failure_of_node_memory(job, node), {}
    except ray.exceptions.RayTaskError as error:
        done = _could_not_begin(job, node, error), {}
    except ray.exceptions.RayError as error:
        outlook.losses[job.key] += 1
        if outlook.losses[job.key] < TRIES:
            outlook.waiting.appendleft(job)
            sender.send(
                (job.key, "said", f"{node} was lost ({type(error).__name__}); the job is done again elsewhere.")
            )
            _check_room(ray, needs)
            return
        done = failure_of_node(job, TRIES, node), {}
    sender.send((job.key, "end", done))


def _could_not_begin(job: Job, node: str, error: Exception) -> Failure:
    """A node on which not even our own code ran."""
    said = (str(error).strip().splitlines() or [type(error).__name__])[-1]
    return Failure(
        job=job,
        reason=f"It could not begin on {node}: {said}",
        log="",
        kind="refused",
        advice="Install ra-bench and the same plugins on all machines of the cluster, with the same Python.",
    )


def _orphaned() -> bool:
    parent = multiprocessing.parent_process()
    return parent is not None and not parent.is_alive()


def _cancel(ray: Any, running: list[Any]) -> None:
    """End what is at work, and what it started: nobody waits for it any more."""
    with suppress(ray.exceptions.RayError):
        for reference in running:
            ray.cancel(reference)
        if running:
            ray.wait(running, num_returns=len(running), timeout=GRACE)
