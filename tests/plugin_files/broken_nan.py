"""A plugin for the tests that is broken: it takes the root of what may be negative."""

from __future__ import annotations

from typing import Any

from ra_bench import ModelSpec, hookimpl


def build() -> Any:
    from torch import nn

    net = nn.Sequential(nn.Conv2d(3, 4, 3, stride=4), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 1))
    net.register_forward_hook(lambda module, films, scores: scores.sqrt())
    return net


@hookimpl
def register_models() -> list[ModelSpec]:
    return [ModelSpec(name="root-of-negative", build=build, citation="Nobody.")]
