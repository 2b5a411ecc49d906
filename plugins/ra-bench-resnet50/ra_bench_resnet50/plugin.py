"""What this distribution registers: `resnet50` and `resnet50-transfer`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ra_bench import ImageNetWeights, ModelSpec, hookimpl

if TYPE_CHECKING:
    from torch import Tensor, nn

CITATION = (
    "He K, Zhang X, Ren S, Sun J. Identity mappings in deep residual networks. ECCV 2016, arXiv:1603.05027; "
    "shortcut: He T et al. Bag of tricks for image classification with CNNs. CVPR 2019, arXiv:1812.01187; "
    "on hand films: Wang Z, Liu J, Gu Z, Li C. Complexity 2022, 5485606."
)


def build() -> nn.Module:
    """ResNet-50 with one output."""
    from ra_bench_resnet50.net import resnet50

    return resnet50()


def imagenet() -> dict[str, Tensor]:
    """What timm's `resnetv2_50.a1h_in1k` learnt; its strided shortcuts skip pixels where ours average (see net.py)."""
    from timm import create_model

    weights: dict[str, Tensor] = create_model("resnetv2_50.a1h_in1k", pretrained=True).state_dict()
    return weights


IMAGENET = ImageNetWeights(
    load=imagenet,
    source="timm's resnetv2_50.a1h_in1k (Apache-2.0): "
    "https://huggingface.co/timm/resnetv2_50.a1h_in1k/resolve/main/model.safetensors",
)


@hookimpl
def register_models() -> list[ModelSpec]:
    """ResNet-50 from scratch, and with its body trained on chest films first."""
    return [
        _resnet50("resnet50", imagenet=IMAGENET),
        _resnet50("resnet50-transfer", pretraining="synthetic-chest"),
    ]


def _resnet50(name: str, *, pretraining: str | None = None, imagenet: ImageNetWeights | None = None) -> ModelSpec:
    return ModelSpec(
        name=name,
        build=build,
        citation=CITATION,
        pretraining=pretraining,
        head="head.fc",
        residual_ends=("stages.*.blocks.*.conv3",),
        parameters=23_502_401,
        imagenet=imagenet,
    )
