"""A plugin for the tests that is broken: its last layer has two outputs."""

from __future__ import annotations

from typing import Any

from ra_bench import ModelSpec, hookimpl


def build() -> Any:
    from torch import nn

    return nn.Sequential(nn.Conv2d(3, 4, 3, stride=4), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))


@hookimpl
def register_models() -> list[ModelSpec]:
    return [ModelSpec(name="two-outputs", build=build, citation="Nobody.")]
