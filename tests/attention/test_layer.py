"""Which layer is explained, and what is said of models that have none."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ra_bench.attention.layer import find_layer
from ra_bench.errors import AttentionError
from ra_bench.plugins import load_plugins
from ra_bench.suite import BUILTINS

FILM = torch.zeros(1, 3, 64, 96)


def small() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, stride=8, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 1)
    )


class Tokens(nn.Module):
    """A transformer's ways: patches by a convolution, then a row of tokens."""

    def __init__(self) -> None:
        super().__init__()
        self.patches, self.block, self.head = nn.Conv2d(3, 64, 16, stride=16), nn.LayerNorm(64), nn.Linear(64, 1)

    def forward(self, films: Tensor) -> Tensor:
        tokens = self.block(self.patches(films).flatten(2).transpose(1, 2))
        return self.head(tokens.mean(dim=1))  # type: ignore[no-any-return]  # a layer gives a tensor


class ChannelsLast(Tokens):
    """As some transformers: (batch, height, width, channels), which looks like a map and is none."""

    def forward(self, films: Tensor) -> Tensor:
        grid = self.block(self.patches(films).permute(0, 2, 3, 1))
        return self.head(grid.mean(dim=(1, 2)))  # type: ignore[no-any-return]  # a layer gives a tensor


class Shared(nn.Module):
    """One activation called twice, last of all before pooling."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.act = nn.Conv2d(3, 4, 8, stride=8), nn.Conv2d(4, 4, 1), nn.ReLU()
        self.head = nn.Linear(4, 1)

    def forward(self, films: Tensor) -> Tensor:
        maps = self.act(self.second(self.act(self.first(films))))
        return self.head(maps.mean(dim=(2, 3)))  # type: ignore[no-any-return]  # a layer gives a tensor


def test_the_last_map_before_pooling_is_taken() -> None:
    found = find_layer(small(), FILM, "small")
    assert (found.name, found.shape) == ("1", (1, 4, 8, 12))


@pytest.mark.parametrize(
    ("model", "layer"),
    [("resnet50", "norm"), ("resnet50-dsc", "activate"), ("resnet-dwise50", "activate"), ("mobilenetv2", "features")],
)
def test_first_party_networks_are_explained_at_their_last_map(model: str, layer: str) -> None:
    network = load_plugins(BUILTINS).get("model", model).build().eval()
    found = find_layer(network, FILM, model)
    assert (found.name, found.shape[2:]) == (layer, (2, 3))


def test_a_layer_that_is_called_twice_is_not_taken() -> None:
    assert find_layer(Shared(), FILM, "shared").name == "second"


def test_hooks_are_gone_afterwards() -> None:
    model = small()
    find_layer(model, FILM, "small")
    assert not any(layer._forward_hooks for layer in model.modules())


@pytest.mark.parametrize("build", [Tokens, ChannelsLast])
def test_a_transformer_is_told_of_with_the_way_out(build: Any) -> None:
    with pytest.raises(AttentionError, match=r"does not end in a feature map: after 'patches' comes 'block'.*--layer"):
        find_layer(build(), FILM, "tokens")
    assert find_layer(build(), FILM, "tokens", "patches").shape == (1, 64, 4, 6)


def test_a_model_without_any_map_is_told_of() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(3 * 64 * 96, 1))
    with pytest.raises(AttentionError, match="'flat' has no feature map"):
        find_layer(model, FILM, "flat")


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("7", "which is not among the layers that a film goes through"),
        ("4", r"which gives \(1, 1\) and not a map"),
        ("2", r"which gives \(1, 4, 1, 1\) and not a map"),
    ],
)
def test_a_layer_that_does_not_fit_is_refused_with_those_that_do(wanted: str, said: str) -> None:
    with pytest.raises(AttentionError, match=rf"{said}.*: 0 \(8 x 12\), 1 \(8 x 12\)\."):
        find_layer(small(), FILM, "small", wanted)


def test_a_layer_that_is_called_twice_cannot_be_named() -> None:
    with pytest.raises(AttentionError, match="which a film goes through 2 times"):
        find_layer(Shared(), FILM, "shared", "act")
