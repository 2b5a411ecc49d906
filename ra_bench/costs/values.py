"""What is asked of a machine, what one process measured, and what all of them together say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ra_bench.values import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What each process must know beside the model's name. `threads` None: as many as torch takes by itself.

    `seconds` is what each quantity may take in one process, once its least number of calls is done.
    """

    protocol: Protocol
    device: str
    threads: int | None
    batch_size: int | None
    seconds: float
    builtins: tuple[str, ...]
    plugin_files: tuple[Path, ...] = ()
    without: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a model costs: times in seconds, memory in bytes, energy in joules; None where it was not measured.

    A training step makes its batch from stored films, as a training does; latency and inference are those of the
    network alone. `host_memory` is the largest resident memory of the process, Python and torch included;
    `device_memory` is what tensors took of the GPU. `energy_unknown` says why there is no energy.
    """

    model: str
    parameters: int
    madds: int
    uncounted: tuple[str, ...]
    batch_size: int
    step_seconds: float
    latency: float
    inference_seconds: float
    training_host_memory: int
    inference_host_memory: int
    training_device_memory: int | None
    inference_device_memory: int | None
    training_joules: float | None
    inference_joules: float | None
    energy_unknown: str
    trainer: str
    device: str
    environment: Mapping[str, str]

    @property
    def training_films_per_second(self) -> float:
        """Films that are trained on in a second."""
        return self.batch_size / self.step_seconds

    @property
    def inference_films_per_second(self) -> float:
        """Films that get their score in a second, a batch at a time."""
        return self.batch_size / self.inference_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How far the slowest and the fastest process of a model were from its median training step, as shares of it."""

    slower: float
    faster: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The medians of a model's processes, and how far these were apart."""

    cost: Cost
    spread: Spread
    rounds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NotMeasured:
    """A model that could not be measured, and why."""

    model: str
    reason: str
