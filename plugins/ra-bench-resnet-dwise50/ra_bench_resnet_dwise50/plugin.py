"""What this distribution registers: `resnet-dwise50` (also `-transfer` and `-table1`) and `resnet50-dsc`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ra_bench import ModelSpec, hookimpl

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

CITATION = (
    "Wang Z, Liu J, Gu Z, Li C. An efficient CNN for hand X-ray overall scoring of rheumatoid arthritis. "
    "Complexity 2022, 5485606."
)


def build_resnet_dwise50() -> nn.Module:
    """Reading A1 with 384 hidden channels."""
    from ra_bench_resnet_dwise50.net import resnet_dwise50

    return resnet_dwise50()


def build_resnet50_dsc() -> nn.Module:
    """Reading A1 without inverted residuals."""
    from ra_bench_resnet_dwise50.net import resnet50_dsc

    return resnet50_dsc()


def build_resnet_dwise50_table1() -> nn.Module:
    """Reading V."""
    from ra_bench_resnet_dwise50.net import resnet_dwise50_table1

    return resnet_dwise50_table1()


@hookimpl
def register_models() -> list[ModelSpec]:
    """ResNet-Dwise50, with and without transfer, the paper's ablation, and Table 1 word for word."""
    return [
        _model("resnet-dwise50", build_resnet_dwise50, parameters=4_408_897),
        _model("resnet-dwise50-transfer", build_resnet_dwise50, parameters=4_408_897, pretraining="synthetic-chest"),
        _model("resnet50-dsc", build_resnet50_dsc, parameters=3_972_609),
        _model("resnet-dwise50-table1", build_resnet_dwise50_table1, parameters=5_452_801, in_all=False),
    ]


def _model(
    name: str,
    build: Callable[[], nn.Module],
    *,
    parameters: int,
    pretraining: str | None = None,
    in_all: bool = True,
) -> ModelSpec:
    return ModelSpec(
        name=name,
        build=build,
        citation=CITATION,
        pretraining=pretraining,
        head="head",
        residual_ends=("blocks.*.residual.4",),
        parameters=parameters,
        in_all=in_all,
    )
