"""What this distribution registers: `mobilenetv2` and `mobilenetv2-transfer`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ra_bench import ImageNetWeights, ModelSpec, hookimpl

if TYPE_CHECKING:
    from torch import Tensor, nn

CITATION = (
    "Sandler M, Howard A, Zhu M, Zhmoginov A, Chen LC. MobileNetV2: inverted residuals and linear bottlenecks. "
    "CVPR 2018, arXiv:1801.04381; on hand films: Wang Z, Liu J, Gu Z, Li C. Complexity 2022, 5485606."
)


def build() -> nn.Module:
    """MobileNetV2 with one output."""
    from ra_bench_mobilenetv2.net import mobilenetv2

    return mobilenetv2()


def imagenet() -> dict[str, Tensor]:
    """What torchvision's MobileNetV2 learnt, second recipe; the body is the same network."""
    from torchvision.models import MobileNet_V2_Weights

    weights: dict[str, Tensor] = MobileNet_V2_Weights.IMAGENET1K_V2.get_state_dict(check_hash=True)
    return weights


IMAGENET = ImageNetWeights(
    load=imagenet,
    source="torchvision's MobileNet_V2_Weights.IMAGENET1K_V2: "
    "https://download.pytorch.org/models/mobilenet_v2-7ebf99e0.pth",
)


@hookimpl
def register_models() -> list[ModelSpec]:
    """MobileNetV2 from scratch, and with its body trained on chest films first."""
    return [
        _mobilenetv2("mobilenetv2", imagenet=IMAGENET),
        _mobilenetv2("mobilenetv2-transfer", pretraining="synthetic-chest"),
    ]


def _mobilenetv2(name: str, *, pretraining: str | None = None, imagenet: ImageNetWeights | None = None) -> ModelSpec:
    return ModelSpec(
        name=name,
        build=build,
        citation=CITATION,
        pretraining=pretraining,
        head="classifier.1",
        # The norm that ends the branch, in the ten of its seventeen blocks that have a shortcut.
        residual_ends=tuple(f"features.{block}.conv.3" for block in (3, 5, 6, 8, 9, 10, 12, 13, 15, 16)),
        parameters=2_225_153,
        imagenet=imagenet,
    )
