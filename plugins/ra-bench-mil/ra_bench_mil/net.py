"""Attention multiple-instance learning over patches of a film.

Notable: a film is a bag of overlapping patches, and only the bag has a score. One small network looks at each patch by
itself; it slides over the film, so it is written as convolutions that never see more than the patch. A gate weighs each
patch against all others of its film (Ilse et al. 2018, eqs. 8 and 9), and the film's score is the sum of the patches'
scores by their weights. With a linear head that is their pooling exactly, in the order in which readers make a score:
first the places, then the sum. A weight says how much a place counts, so it can be shown.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

FEATURES, GATES = 128, 64


def step(inputs: int, outputs: int, window: int, stride: int = 1) -> nn.Module:
    """A convolution of the network that looks at patches, with its norm and ReLU."""
    convolution = nn.Conv2d(inputs, outputs, window, stride, padding=(window - 1) // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


class AttentionMIL(nn.Module):
    """Films (batch, 3, height, width) to scores (batch, 1); patches of 24 x 24 pixels, one every 4 pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Sequential(
            step(1, 32, window=4, stride=2),
            step(32, 64, window=3, stride=2),
            step(64, 64, window=3),
            step(64, 64, window=3),
            step(64, FEATURES, window=1),
        )
        self.what = nn.Conv2d(FEATURES, GATES, 1)
        self.gate = nn.Conv2d(FEATURES, GATES, 1)
        self.weight = nn.Conv2d(GATES, 1, 1, bias=False)  # a bias would cancel in the softmax
        self.score = nn.Conv2d(FEATURES, 1, 1)

    def forward(self, films: Tensor) -> Tensor:
        """Score the patches of each film and add them up by their weights."""
        patches = self.features(films)
        scores = self.score(patches)  # (batch, 1, height / 4, width / 4)
        film: Tensor = (self.attention(patches)[:, None] * scores).sum(dim=(2, 3))
        return film

    def features(self, films: Tensor) -> Tensor:
        """What is seen of each patch: (batch, 128, height / 4, width / 4). A film is grey: one channel holds it all."""
        found: Tensor = self.patches(films[:, :1])
        return found

    def attention(self, patches: Tensor) -> Tensor:
        """The weight of each patch among those of its film: (batch, height / 4, width / 4), above 0, of sum 1."""
        weights: Tensor = self.weight(torch.tanh(self.what(patches)) * torch.sigmoid(self.gate(patches)))[:, 0]
        return weights.flatten(1).softmax(dim=1).reshape(weights.shape)
