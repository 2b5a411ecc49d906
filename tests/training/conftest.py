"""A tiny network, tiny films whose brightness is their score, and the task made of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch import nn

from ra_bench import FilmSet, FitTask, ModelSpec
from ra_bench.training.protocol import base_size, with_overrides
from ra_bench.values import Loss, Optimiser, Pretraining, Protocol, SplitRule

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

#: A script for `torchrun`, which finds this file beside it; nothing to collect.
collect_ignore = ["two_processes.py"]

RULE = Optimiser(name="adamw", learning_rate=0.02, schedule="one-cycle", warmup=0.25)

TINY = Protocol(
    name="tiny",
    summary="For tests.",
    height=32,
    width=32,
    split=SplitRule(train=60, validation=20, test=20),
    epochs=2,
    batch_size=8,
    loss=Loss(name="mse"),
    optimiser=RULE,
    pretraining=Pretraining(epochs=2, batch_size=8, optimiser=RULE),
)


def tiny_net() -> nn.Module:
    """Two convolutions, the second depthwise, and a head named "head"."""
    net = nn.Sequential()
    net.add_module("stem", nn.Conv2d(3, 8, 3, stride=2, bias=False))
    net.add_module("norm", nn.BatchNorm2d(8))
    net.add_module("depthwise", nn.Conv2d(8, 8, 3, stride=2, groups=8))
    net.add_module("rectify", nn.ReLU())
    net.add_module("pool", nn.AdaptiveAvgPool2d(1))
    net.add_module("flatten", nn.Flatten())
    net.add_module("head", nn.Linear(8, 1))
    return net


def bright_films(count: int, protocol: Protocol, *, name: str, seed: int) -> tuple[FilmSet, np.ndarray]:
    """Noise films around a grey of 60 + score, and their scores (0-100)."""
    draw = np.random.default_rng(seed)
    height, width = base_size(protocol)
    scores = draw.uniform(0, 100, count)
    films = np.clip(draw.normal(60 + scores[:, None, None], 10, (count, height, width)), 0, 255).astype(np.uint8)
    films.setflags(write=False)  # as a read-only memory map is
    ids = tuple(f"{name}{number}" for number in range(count))
    return FilmSet(ids=ids, films=films, sizes=np.tile([height, width], (count, 1))), scores


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture
def protocol() -> Protocol:
    return TINY


@pytest.fixture
def model() -> ModelSpec:
    return ModelSpec(name="tiny-net", build=tiny_net, citation="", head="head")


@pytest.fixture
def make_films() -> Callable[..., tuple[FilmSet, np.ndarray]]:
    return bright_films


@pytest.fixture
def make_task(tmp_path: Path, model: ModelSpec) -> Callable[..., FitTask]:
    """A task of `train`, 8 and 5 films. `build` is the model's, `overrides` are the protocol's, the rest its fields."""

    def make(
        train: int = 24,
        overrides: dict[str, Any] | None = None,
        build: Callable[[], nn.Module] = tiny_net,
        **fields: Any,
    ) -> FitTask:
        protocol = with_overrides(TINY, overrides or {})
        films, scores = bright_films(train, protocol, name="t", seed=1)
        validation, validation_scores = bright_films(8, protocol, name="v", seed=2)
        test, _ = bright_films(5, protocol, name="e", seed=3)
        task: dict[str, Any] = {
            "model": replace(model, build=build),
            "protocol": protocol,
            "seed": 0,
            "device": "cpu",
            "folder": tmp_path,
            "pretrained": None,
            "train": films,
            "train_scores": scores,
            "validation": validation,
            "validation_scores": validation_scores,
            "test": test,
        }
        return FitTask(**(task | fields))

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
