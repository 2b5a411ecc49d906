"""ResNet-Dwise50: a pre-activated ResNet-50 whose 3x3 convolutions work on each channel by itself.

Notable: the text, Table 1 and the parameter counts of Wang et al. 2022 cannot all be met, so the network comes in
two readings. Reading A1 runs each stage at C channels and doubles them in its last block, which gives the outputs
that Table 1 prints (128, 256, 512, 1024) and counts near the paper's. Reading V takes the rows of Table 1 word for
word. Both have 50 layers: the stem, 16 blocks of three convolutions, the head. Convolutions have no bias.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import nn

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import Tensor

#: Blocks and channels C of each stage.
STAGES = ((3, 64), (4, 128), (6, 256), (3, 512))


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockShape:
    """Channels in, between and out of one block, and the stride of its depthwise convolution."""

    inputs: int
    hidden: int
    outputs: int
    stride: int


def reading_a1(*, hidden: int | None) -> list[BlockShape]:
    """C channels throughout a stage, 2C out of its last block; `hidden` channels between, or as many as come in."""
    return [
        BlockShape(
            inputs=channels,
            hidden=hidden or channels,
            outputs=2 * channels if block == blocks - 1 else channels,
            stride=2 if stage > 0 and block == 0 else 1,
        )
        for stage, (blocks, channels) in enumerate(STAGES)
        for block in range(blocks)
    ]


def reading_v() -> list[BlockShape]:
    """1x1 to C, 3x3 depthwise, 1x1 to 2C in every block of a stage."""
    return [
        BlockShape(
            inputs=channels if block == 0 else 2 * channels,
            hidden=channels,
            outputs=2 * channels,
            stride=2 if stage > 0 and block == 0 else 1,
        )
        for stage, (blocks, channels) in enumerate(STAGES)
        for block in range(blocks)
    ]


class Block(nn.Module):
    """BN-ReLU, 1x1, BN-ReLU, 3x3 depthwise, BN-ReLU, 1x1, and a shortcut around them."""

    def __init__(self, shape: BlockShape) -> None:
        super().__init__()
        self.activate = bn_relu(shape.inputs)
        self.residual = nn.Sequential(
            nn.Conv2d(shape.inputs, shape.hidden, 1, bias=False),
            bn_relu(shape.hidden),
            nn.Conv2d(shape.hidden, shape.hidden, 3, shape.stride, padding=1, groups=shape.hidden, bias=False),
            bn_relu(shape.hidden),
            nn.Conv2d(shape.hidden, shape.outputs, 1, bias=False),
        )
        changes = shape.stride > 1 or shape.inputs != shape.outputs
        self.shortcut = projection(shape) if changes else None

    def forward(self, x: Tensor) -> Tensor:
        """(batch, inputs, height, width) to (batch, outputs, height / stride, width / stride), rounded up."""
        activated = self.activate(x)
        # An identity carries x itself; a projection sees what the residual sees (He et al. 2016, section 4.2).
        carried = x if self.shortcut is None else self.shortcut(activated)
        summed: Tensor = carried + self.residual(activated)
        return summed


def bn_relu(channels: int) -> nn.Sequential:
    """Batch normalisation and ReLU."""
    return nn.Sequential(nn.BatchNorm2d(channels), nn.ReLU(inplace=True))


def projection(shape: BlockShape) -> nn.Sequential:
    """1x1 convolution, after a 2x2 average where strided: no pixel is skipped, and odd sizes round up as in 3x3."""
    convolution = nn.Conv2d(shape.inputs, shape.outputs, 1, bias=False)
    if shape.stride == 1:
        return nn.Sequential(convolution)
    return nn.Sequential(nn.AvgPool2d(2, 2, ceil_mode=True, count_include_pad=False), convolution)


class ResNetDwise50(nn.Module):
    """Stem, blocks of the given shapes, BN-ReLU, global average and one output."""

    def __init__(self, shapes: Iterable[BlockShape]) -> None:
        super().__init__()
        shapes = list(shapes)
        self.stem = nn.Sequential(
            nn.Conv2d(3, shapes[0].inputs, 7, stride=2, padding=3, bias=False), nn.MaxPool2d(3, stride=2, padding=1)
        )
        self.blocks = nn.Sequential(*map(Block, shapes))
        self.activate = bn_relu(shapes[-1].outputs)
        self.head = nn.Linear(shapes[-1].outputs, 1)
        self.apply(kaiming)

    def forward(self, film: Tensor) -> Tensor:
        """Films (batch, 3, height, width) to scores (batch, 1)."""
        x = self.stem(film)  # (batch, 64, height / 4, width / 4)
        x = self.blocks(x)  # (batch, 1024, height / 32, width / 32)
        x = self.activate(x).mean(dim=(2, 3))  # (batch, 1024)
        score: Tensor = self.head(x)  # (batch, 1)
        return score


def kaiming(module: nn.Module) -> None:
    """Kaiming normal over fan_in: torch's fan_out ignores groups and is wrong for depthwise weights."""
    if isinstance(module, nn.Conv2d | nn.Linear):
        nn.init.kaiming_normal_(module.weight, mode="fan_in", nonlinearity="relu")
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def resnet_dwise50() -> ResNetDwise50:
    """Depthwise convolutions in inverted residuals: reading A1, 6 x 64 hidden channels in every block."""
    return ResNetDwise50(reading_a1(hidden=384))


def resnet50_dsc() -> ResNetDwise50:
    """Depthwise convolutions only, the paper's ablation: reading A1, as many hidden channels as come in."""
    return ResNetDwise50(reading_a1(hidden=None))


def resnet_dwise50_table1() -> ResNetDwise50:
    """Table 1 word for word: reading V."""
    return ResNetDwise50(reading_v())
