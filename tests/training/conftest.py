"""A tiny network, tiny films whose brightness is their score, and the task made of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import torch
from torch import nn

from ra_bench.testing.tiny import TINY, TINY_NET, tiny_films, tiny_net, tiny_task

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np

    from ra_bench import FilmSet, FitTask, ModelSpec
    from ra_bench.values import Protocol

#: A script for `torchrun`, which finds this file beside it; nothing to collect.
collect_ignore = ["two_processes.py"]


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture
def protocol() -> Protocol:
    return TINY


@pytest.fixture
def model() -> ModelSpec:
    return TINY_NET


@pytest.fixture
def make_films() -> Callable[..., tuple[FilmSet, np.ndarray]]:
    return tiny_films


@pytest.fixture
def make_task(tmp_path: Path, model: ModelSpec) -> Callable[..., FitTask]:
    """A task as `tiny_task` makes it; `build` is the model's."""

    def make(
        train: int = 24,
        overrides: dict[str, Any] | None = None,
        build: Callable[[], nn.Module] = tiny_net,
        **fields: Any,
    ) -> FitTask:
        given = {"folder": tmp_path, "model": replace(model, build=build), "train": train, "overrides": overrides}
        return tiny_task(**(given | fields))

    return make


@pytest.fixture
def small_net() -> Callable[[], nn.Module]:
    """Builds the network of the task."""
    return tiny_net


@pytest.fixture
def plain_net() -> Callable[[], nn.Module]:
    """Builds one that does not normalise, so that a film's output is its own."""

    def build() -> nn.Module:
        net = tiny_net()
        net.norm = nn.Identity()
        return net

    return build


@pytest.fixture
def drain() -> Callable[..., tuple[list[Any], Any]]:
    """Run a trainer to its end: its reports and what it returns."""

    def run(generator: Any) -> tuple[list[Any], Any]:
        reports = []
        while True:
            try:
                reports.append(next(generator))
            except StopIteration as end:
                return reports, end.value

    return run
