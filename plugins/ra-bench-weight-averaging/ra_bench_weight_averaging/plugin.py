"""What this distribution registers: the trainer `weight-averaging`. Models of any package may name it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ra_bench import TrainerSpec, hookimpl

if TYPE_CHECKING:
    from collections.abc import Generator

    from ra_bench import EpochReport, FitTask, Fitted


@hookimpl
def register_trainers() -> list[TrainerSpec]:
    """The standard loop, whose answer is the mean of its last weights."""
    return [TrainerSpec(name="weight-averaging", fit=fit_and_average, uses_parts=True)]


def fit_and_average(task: FitTask) -> Generator[EpochReport, None, Fitted]:
    """Load torch only when something is trained."""
    from ra_bench_weight_averaging.trainer import fit

    return fit(task)
