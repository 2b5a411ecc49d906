"""A plugin for the tests that is broken: it never looks at its films."""

from __future__ import annotations

from typing import Any

from ra_bench import ModelSpec, hookimpl


def build() -> Any:
    import torch
    from torch import nn

    class Blind(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Sequential(nn.Conv2d(3, 4, 3, stride=4), nn.AdaptiveAvgPool2d(1), nn.Flatten())
            self.head = nn.Linear(4, 1)

        def forward(self, film: torch.Tensor) -> torch.Tensor:
            score: torch.Tensor = self.head(self.body(torch.ones_like(film)))
            return score

    return Blind()


@hookimpl
def register_models() -> list[ModelSpec]:
    return [ModelSpec(name="never-looks", build=build, citation="Nobody.")]
