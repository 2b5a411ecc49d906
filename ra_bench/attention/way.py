"""How a model's attention is found: what the model itself gives for it, or Grad-CAM of a layer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ra_bench.attention.gradcam import grad_cam
from ra_bench.attention.guest import called, code_of
from ra_bench.attention.layer import find_layer
from ra_bench.errors import AttentionError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from ra_bench.specs import ModelSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """`maps` takes films (n, 3, height, width) and gives the attention of each, (n, height, width), 0 or more.

    `layer` is the one that Grad-CAM explains, None where the attention is the model's own; `map_size` are the rows and
    columns before they were enlarged to the film.
    """

    layer: str | None
    map_size: tuple[int, int]
    maps: Callable[[Tensor], NDArray[np.float64]]


def find_way(spec: ModelSpec, model: nn.Module, film: Tensor, layer: str | None = None, *, plugin: str = "") -> Way:
    """The model's own attention where it has one and no layer is named; Grad-CAM otherwise.

    Parameters
    ----------
    model : nn.Module
        In evaluation mode.
    film : Tensor of shape (1, 3, height, width)
    layer : str, optional
        Dotted name of a layer for Grad-CAM.
    plugin : str
        The distribution or file that the model is from, for errors.

    Raises
    ------
    AttentionError
        There is no such layer, no feature map, the model's own attention is none, or its code fails.
    """
    about = called(spec.name, plugin)
    if spec.attention is None or layer is not None:
        told = code_of(about, spec.build, name="forward")
        found = told(find_layer)(model, film, spec.name, layer)
        maps = told(partial(grad_cam, model, found.name, name=spec.name))
        return Way(layer=found.name, map_size=(found.shape[2], found.shape[3]), maps=maps)
    own = partial(_own, spec.attention, about, model)
    cells = own(film)
    return Way(layer=None, map_size=(cells.shape[1], cells.shape[2]), maps=lambda films: _enlarged(own(films), films))


def _own(attention: Callable[[Any, Any], Any], about: str, model: nn.Module, films: Tensor) -> Tensor:
    """What `ModelSpec.attention` gives, checked: (n, rows, columns), finite, 0 or more."""
    advice = "Correct it, or name a layer for Grad-CAM with --layer."
    with code_of(about, attention, name="attention", advice=advice), torch.no_grad():
        given = attention(model, films)
    if not isinstance(given, Tensor) or given.dim() != 3 or len(given) != len(films) or not given.numel():
        found = f"a tensor of shape {tuple(given.shape)}" if isinstance(given, Tensor) else f"a {type(given).__name__}"
    elif not (given.isfinite().all() and (given >= 0).all()):
        found = "what is below 0 or no number"
    else:
        return given.float()
    raise AttentionError(
        f"`attention` of {about} gives {found} for films of shape {tuple(films.shape)}; it must give a "
        f"tensor of shape (batch, rows, columns) of numbers that are 0 or more. {advice}"
    )


def _enlarged(cells: Tensor, films: Tensor) -> NDArray[np.float64]:
    """Cells (n, rows, columns) at the films' size, as `grad_cam` does it."""
    found = functional.interpolate(cells[:, None], films.shape[2:], mode="bilinear")
    return np.asarray(found[:, 0].cpu().double().numpy(), dtype=np.float64)
