"""A model's own attention is taken where it has one, checked, and enlarged as Grad-CAM's is."""

from __future__ import annotations

import sys
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from ra_bench import ModelSpec
from ra_bench.attention.way import find_way
from ra_bench.errors import AttentionError
from ra_bench.plugins import load_plugins
from ra_bench.suite import BUILTINS

FILM = torch.arange(96, dtype=torch.float32).reshape(1, 1, 8, 12).expand(1, 3, 8, 12)


class Halves(nn.Module):
    """Its attention is what its first layer gives: the mean of each four pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.cells, self.pool = nn.AvgPool2d(2), nn.AdaptiveAvgPool2d(1)

    def forward(self, films: Tensor) -> Tensor:
        return self.pool(self.cells(films)[:, :1]).flatten(1)  # type: ignore[no-any-return]  # a layer gives a tensor


def spec(attention: Any) -> ModelSpec:
    return ModelSpec(name="halves", build=Halves, citation="-", attention=attention)


def cells(model: Any, films: Tensor) -> Tensor:
    return model.cells(films)[:, 0]  # type: ignore[no-any-return]  # a layer gives a tensor


def test_its_own_attention_is_taken_and_enlarged_to_the_film() -> None:
    way = find_way(spec(cells), Halves(), FILM)
    expected = torch.nn.functional.interpolate(cells(Halves(), FILM)[None], (8, 12), mode="bilinear")[0]
    assert (way.layer, way.map_size) == (None, (4, 6))
    np.testing.assert_allclose(way.maps(FILM), expected.numpy())


def test_a_layer_that_is_named_is_explained_by_grad_cam_all_the_same() -> None:
    way = find_way(spec(cells), Halves(), FILM.clone().requires_grad_(), "cells")
    assert (way.layer, way.map_size) == ("cells", (4, 6))
    assert way.maps(FILM.clone().requires_grad_()).shape == (1, 8, 12)


def test_without_one_it_is_grad_cam_of_the_last_map() -> None:
    assert find_way(spec(None), Halves(), FILM).layer == "cells"


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (None, "a NoneType"),
        (torch.ones(1, 3, 4, 6), r"a tensor of shape \(1, 3, 4, 6\)"),
        (torch.ones(2, 4, 6), r"a tensor of shape \(2, 4, 6\)"),
        (torch.ones(1, 0, 6), r"a tensor of shape \(1, 0, 6\)"),
        (torch.tensor([[[0.5, -0.5]]]), "what is below 0 or no number"),
        (torch.tensor([[[0.5, torch.nan]]]), "what is below 0 or no number"),
    ],
)
def test_what_is_no_attention_is_refused_and_grad_cam_offered(given: Any, found: str) -> None:
    with pytest.raises(AttentionError, match=rf"`attention` of the model 'halves' gives {found} .* --layer"):
        find_way(spec(lambda _model, _films: given), Halves(), FILM)


def broken(model: Any, films: Tensor) -> Tensor:
    return model.patches(films)  # type: ignore[no-any-return]  # there is no such layer


def leaves(model: Any, films: Tensor) -> Tensor:
    sys.exit(0)


@pytest.mark.parametrize(
    ("attention", "reason"),
    [
        (broken, "AttributeError: 'Halves' object has no attribute 'patches'"),
        (partial(broken), "AttributeError: 'Halves' object has no attribute 'patches'"),
        (leaves, "SystemExit: 0"),
    ],
)
def test_one_that_fails_is_an_error_that_names_model_plugin_and_line(attention: Any, reason: str) -> None:
    with pytest.raises(AttentionError) as raised:
        find_way(spec(attention), Halves(), FILM, plugin="ra-bench-halves")
    assert str(raised.value).startswith(
        f"`attention` of the model 'halves' (ra-bench-halves) failed: {reason}. Correct it, or name a layer for "
        f"Grad-CAM with --layer.\nSee {__file__}:"
    )


@pytest.mark.parametrize(("layer", "looked"), [(None, (None, (24, 32))), ("patches", ("patches", (24, 32)))])
def test_attention_mil_says_itself_where_it_looks_and_can_be_explained_too(layer: str | None, looked: Any) -> None:
    model = load_plugins(BUILTINS).get("model", "attention-mil")
    film = torch.randn(2, 3, 96, 128)
    way = find_way(model, model.build().eval(), film[:1], layer)
    maps = way.maps(film)
    assert (way.layer, way.map_size, maps.shape) == (*looked, (2, 96, 128))
    assert (maps >= 0).all()
    assert maps.any()
