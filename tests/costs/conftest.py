"""A small network, and what is asked of the machine."""

from __future__ import annotations

from pathlib import Path

import pytest
from torch import nn

from ra_bench import ModelSpec
from ra_bench.costs.values import Bench
from ra_bench.suite import BUILTINS
from ra_bench.training.protocol import SHIPPED, read_protocol, with_overrides

TINY = Path(__file__).parent.parent / "plugin_files" / "tiny.py"


def small_net() -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 4, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 1))


@pytest.fixture
def bench() -> Bench:
    """The smoke protocol with films of 32 x 40 in batches of 4, on one thread; as short as can be."""
    protocol = with_overrides(
        read_protocol(SHIPPED / "smoke.toml"), {"height": 32, "width": 40, "batch_size": 4, "loss.name": "l1"}
    )
    return Bench(
        protocol=protocol,
        device="cpu",
        threads=1,
        batch_size=None,
        seconds=0.0,
        builtins=BUILTINS,
        plugin_files=(TINY,),
    )


@pytest.fixture
def small() -> ModelSpec:
    return ModelSpec(name="small", build=small_net, citation="Nobody.")
