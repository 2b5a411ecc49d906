"""What this distribution registers: the model `stranger-tiny` and the metric `within-15`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ra_bench import MetricSpec, ModelSpec, hookimpl

if TYPE_CHECKING:
    from torch import nn


def build() -> nn.Module:
    """Three convolutions."""
    from ra_bench_stranger.net import Tiny

    return Tiny()


@hookimpl
def register_models() -> list[ModelSpec]:
    """A network for the suite's own trainer."""
    return [ModelSpec(name="stranger-tiny", build=build, citation="Nobody, never.", head="head", parameters=23_761)]


@hookimpl
def register_metrics() -> list[MetricSpec]:
    """A metric without power sums: resampled slowly, and just as right."""
    from ra_bench_stranger.metric import within_15

    return [
        MetricSpec(name="within-15", label="within 15", unit="", compute=within_15, best="high", interval="percentile")
    ]
