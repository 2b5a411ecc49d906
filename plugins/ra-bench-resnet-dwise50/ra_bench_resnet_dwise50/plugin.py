"""What this distribution registers: `resnet-dwise50` (also `-transfer` and `-table1`) and `resnet50-dsc`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ra_bench import ModelSpec, hookimpl

if TYPE_CHECKING:
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
        ModelSpec(
            name="resnet-dwise50", build=build_resnet_dwise50, citation=CITATION, head="head", parameters=4_408_897
        ),
        ModelSpec(
            name="resnet-dwise50-transfer",
            build=build_resnet_dwise50,
            citation=CITATION,
            pretraining="synthetic-chest",
            head="head",
            parameters=4_408_897,
        ),
        ModelSpec(name="resnet50-dsc", build=build_resnet50_dsc, citation=CITATION, head="head", parameters=3_972_609),
        ModelSpec(
            name="resnet-dwise50-table1",
            build=build_resnet_dwise50_table1,
            citation=CITATION,
            head="head",
            parameters=5_452_801,
            in_all=False,
        ),
    ]
