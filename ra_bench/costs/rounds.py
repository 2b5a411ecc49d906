"""All models, round after round, each time in a process of its own: what slows the machine down slows down all."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields, replace
from statistics import median
from typing import TYPE_CHECKING, Any, cast

from ra_bench.costs.values import Cost, Measured, NotMeasured, Spread
from ra_bench.launchers.local import launch
from ra_bench.plugins import load_plugins
from ra_bench.values import Failure, Job

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ra_bench.costs.values import Bench
    from ra_bench.specs import Work
    from ra_bench.values import EpochReport, RunRecord

#: Where the median of the processes goes, and where the largest of them.
_MEDIANS = ("step_seconds", "latency", "inference_seconds", "training_joules", "inference_joules")
_PEAKS = ("training_host_memory", "inference_host_memory", "training_device_memory", "inference_device_memory")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Progress:
    """Tells which model is being measured."""

    say: Callable[[str], None]
    rounds: int

    def on_job_start(self, *, job: Job) -> None:
        self.say(f"Round {job.seed + 1} of {self.rounds}: {job.model}")

    def on_epoch_end(self, *, job: Job, report: EpochReport) -> None:
        """There are no epochs."""

    def on_job_end(self, *, job: Job, record: RunRecord | Failure) -> None:
        if isinstance(record, Failure):
            self.say(f"Not measured: {job.model}: {record.reason}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measuring:
    """`measure_job` of one bench, as a launcher wants its work: no time limit, one device."""

    bench: Bench
    timeout: None = None
    devices: int = 1
    gpus: tuple[str, ...] = ()

    def __call__(self, job: Job, on_epoch: Callable[[EpochReport], None]) -> Cost:
        return measure_job(self.bench, job, on_epoch)


def measure_all(
    models: Sequence[str], bench: Bench, *, rounds: int, say: Callable[[str], None]
) -> list[Measured | NotMeasured]:
    """Measure each model in `rounds` processes, one process at a time, in turn; in the order of the models.

    A model that fails once is not tried again. Processes are those in which the local launcher trains.
    """
    costs: dict[str, list[Cost]] = {name: [] for name in models}
    failed: dict[str, str] = {}
    for number in range(rounds):
        jobs = [_job(name, number) for name in models if name not in failed]
        # The launcher hands on whatever the work gives, here a Cost where it else is a record.
        work = cast("Work", _Measuring(bench=bench))
        for result in cast("Iterator[Cost | Failure]", launch(jobs, work, _Progress(say=say, rounds=rounds))):
            if isinstance(result, Failure):
                failed[result.job.model] = result.reason
            else:
                costs[result.model].append(result)
    return [
        NotMeasured(model=name, reason=failed[name]) if name in failed else together(costs[name]) for name in models
    ]


def measure_job(bench: Bench, job: Job, on_epoch: Callable[[EpochReport], None]) -> Cost:  # noqa: ARG001 - see `Work`
    """Measure one model in this process. What guests print goes to stderr, for stdout may be JSON."""
    from ra_bench.costs.measure import measure

    os.dup2(2, 1)
    registry = load_plugins(bench.builtins, files=bench.plugin_files, without=bench.without)
    return measure(registry.get("model", job.model), bench)


def together(costs: Sequence[Cost]) -> Measured:
    """Medians of times and energies, largest memories, and how far the processes were apart."""
    changes: dict[str, Any] = {}
    for names, joined in ((_MEDIANS, median), (_PEAKS, max)):
        for name in names:
            values = [getattr(cost, name) for cost in costs]
            changes[name] = None if None in values else joined(values)
    steps, middle = [cost.step_seconds for cost in costs], changes["step_seconds"]
    return Measured(
        cost=replace(costs[0], **changes),
        spread=Spread(slower=max(steps) / middle - 1, faster=1 - min(steps) / middle),
        rounds=len(costs),
    )


def _job(model: str, number: int) -> Job:
    """What the launcher starts a process for; nothing but the model's name and the number of the round matters."""
    texts = {field.name: "" for field in fields(Job) if field.type == "str"}
    return Job(**(texts | {"model": model, "board": "bench", "seed": number}))  # type: ignore[arg-type]  # made by name
