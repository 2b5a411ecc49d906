"""A plugin for the tests that is broken: it seeds what all share, and imports torch when it is listed."""

from __future__ import annotations

import random

import numpy as np
import torch
from torch import nn

from ra_bench import ModelSpec, hookimpl


def build() -> nn.Module:
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002 - some do
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3, stride=4), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 1))


@hookimpl
def register_models() -> list[ModelSpec]:
    return [ModelSpec(name="seeds-for-all", build=build, citation="Nobody.")]
