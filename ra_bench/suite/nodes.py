"""Several machines for each job: they meet and compare what they were told; those that are not the first take part."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING

from ra_bench.cohorts.splits import plan_hash
from ra_bench.errors import RaBenchError, TrainingError
from ra_bench.launchers import local
from ra_bench.runs.gpus import check_gpus, gpus_for
from ra_bench.runs.names import job_name
from ra_bench.runs.nodes import end, meet
from ra_bench.runs.turn import next_job, tell_failure
from ra_bench.runs.work import ShareOfWork, films_of
from ra_bench.suite.running import check_device, workplace_of
from ra_bench.training.protocol import protocol_hash
from ra_bench.values import Failure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ra_bench.cohorts.store import OnFilms
    from ra_bench.runs.nodes import Line, Node
    from ra_bench.suite.opening import Suite
    from ra_bench.suite.planning import Plan
    from ra_bench.values import EpochReport, Job, RunRecord

#: What a job's result depends on and another machine may have otherwise, in the words of a message.
_CODE = {
    "plugin_version": "package version",
    "plugin_source": "source",
    "trainer_source": "source of the trainer",
    "pretraining_version": "pretraining set",
    "weights": "weights",
}
#: Films of a batch that each process sees at least.
_FEWEST = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Machines:
    """All machines of a run, as one of them sees them."""

    line: Line

    @property
    def node(self) -> Node:
        """Which one this is."""
        return self.line.node

    def wait_for_films(self) -> None:
        """Wait until all have their films decoded.

        Raises
        ------
        LauncherError
            One of them was lost meanwhile.
        """
        self.line.wait_for_all("films")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Silent:
    """An observer that tells nobody: the first machine does."""

    def on_job_start(self, *, job: Job) -> None:
        """Told by the first."""

    def on_epoch_end(self, *, job: Job, report: EpochReport) -> None:
        """Told by the first."""

    def on_job_end(self, *, job: Job, record: RunRecord | Failure) -> None:
        """Told by the first."""


@contextmanager
def met(
    plan: Plan, *, nodes: int, endpoint: tuple[str, int], devices: int, patience: float, say: Callable[[str], None]
) -> Iterator[Machines]:
    """So many machines that have met at an endpoint, and were all told the same; they part in the end.

    The machine that the endpoint names is the first. `patience` are the seconds to wait for one another.

    Raises
    ------
    TrainingError
        The devices are not here, or the batches are too small for so many.
    LauncherError
        They did not meet, or one was told something else.
    """
    check_device(plan.device)
    gpus = gpus_for(plan.device)
    check_gpus(plan.device, devices, gpus)
    if plan.device == "mps":
        raise TrainingError("Several machines train on GPUs of CUDA or on CPUs, not on mps. Use --device cpu.")
    if plan.protocol.batch_size < _FEWEST * nodes * devices:
        raise TrainingError(
            f"A batch of {plan.protocol.batch_size} films is too small for {nodes} machines with {devices} devices "
            f"each: every device needs {_FEWEST}. Use fewer, or a protocol with a larger batch_size."
        )
    host, port = endpoint
    line = meet(host, port, nodes, _card(plan, nodes=nodes, devices=devices, gpus=gpus), patience=patience, say=say)
    why = "it was stopped"
    try:
        yield Machines(line=line)
        why = ""
    except RaBenchError as error:
        why = str(error)
        raise
    finally:
        end(line, why)


def take_part(
    suite: Suite,
    plan: Plan,
    machines: Machines,
    *,
    devices: int,
    say: Callable[[str], None],
    on_films: OnFilms | None = None,
) -> tuple[Failure, ...]:
    """Give this machine's devices to the jobs that the first one does, until it ends; what of them failed.

    Nothing is written but films and pretrained bodies, in the data folder.

    Raises
    ------
    LauncherError
        The first machine was lost, or ended because of an error.
    """
    line, workplace = machines.line, workplace_of(suite, plan)
    jobs = {planned.job.key: planned.job for planned in plan.jobs}
    films_of(plan.cohort, plan.splits.splits[0], plan.protocol, suite.data, on_films)
    line.count("films", 1)
    failed: list[Failure] = []
    number = 1
    while (announced := next_job(line, number)) is not None:
        job = jobs[announced.key]
        say(f"{job_name(job)}: taking part")
        share = ShareOfWork(workplace=workplace, devices=devices, node=line.node, announced=announced)
        (result,) = local.launch([job], share, _Silent())
        if isinstance(result, Failure):
            failed.append(tell_failure(line, number, result))
        say(f"{job_name(job)}: {f'failed: {result.reason}' if isinstance(result, Failure) else 'done'}")
        number += 1
    return tuple(failed)


def _card(plan: Plan, *, nodes: int, devices: int, gpus: tuple[str, ...]) -> dict[str, str]:
    """What must be the same on all machines, by the name that a message has for it."""
    jobs = [planned.job for planned in plan.jobs]
    card = {
        "version of ra-bench": version("ra-bench"),
        "version of torch": version("torch"),
        "--nodes": str(nodes),
        "--devices": str(devices),
        "kind of device": "GPU" if gpus else "CPU",
        "board": plan.board,
        "version of the cohort": plan.cohort.version,
        "split": plan_hash(plan.splits)[:16],
        "protocol": f"{plan.protocol.name} ({protocol_hash(plan.protocol)[:16]})",
        "models": ", ".join(dict.fromkeys(job.model for job in jobs)),
        "seeds": ", ".join(dict.fromkeys(str(job.seed) for job in jobs)),
        "jobs": str(len(jobs)),
    }
    for job in jobs:
        card |= {f"{word} of {job.model}": str(getattr(job, part)) for part, word in _CODE.items()}
    return card
