"""Three convolutions, each halving the film, a global average and one output."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

if TYPE_CHECKING:
    from torch import Tensor


class Tiny(nn.Module):
    """Films (batch, 3, height, width) to scores (batch, 1)."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(halve(3, 16), halve(16, 32), halve(32, 64))
        self.head = nn.Linear(64, 1)

    def forward(self, film: Tensor) -> Tensor:
        """Films (batch, 3, height, width) to scores (batch, 1)."""
        x = self.body(film)  # (batch, 64, height / 8, width / 8)
        score: Tensor = self.head(x.mean(dim=(2, 3)))  # (batch, 1)
        return score


def halve(inputs: int, outputs: int) -> nn.Sequential:
    """3x3 convolution of stride 2, BN-ReLU."""
    convolution = nn.Conv2d(inputs, outputs, 3, stride=2, padding=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))
