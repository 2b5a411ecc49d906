"""The layer whose map Grad-CAM explains: the last feature map before pooling, or one that is named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from ra_bench.errors import AttentionError

if TYPE_CHECKING:
    from collections.abc import Callable

#: A map's cells may be so much longer than wide, for rounding at odd sizes.
_STRETCH = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """A layer as it was called: its name, the shape of what it gave, and how often it was called in one pass."""

    name: str
    shape: tuple[int, ...]
    times: int


def find_layer(model: nn.Module, film: Tensor, name: str, wanted: str | None = None) -> Called:
    """The last layer that gives a feature map, or the wanted one if it does.

    A feature map has the shape (batch, channels, height, width), more than one cell, and cells about as long as wide.
    What comes after the last one must have no places left, as after pooling: otherwise it is not where a model's
    features end, as in a transformer, whose only map is the one that cuts the film into patches.

    Parameters
    ----------
    model : nn.Module
        In evaluation mode.
    film : Tensor of shape (1, 3, height, width)
    name : str
        Of the model, for errors.
    wanted : str, optional
        Dotted name of a layer.

    Raises
    ------
    AttentionError
        There is no such map.
    """
    called = _calls(model, film)
    maps = [one for one in called if _is_map(one.shape, film) and one.times == 1]
    if wanted is not None:
        return _wanted(maps, called, wanted, name)
    if not maps:
        raise AttentionError(
            f"The model '{name}' has no feature map: no layer gives (batch, channels, height, width) with more than "
            "one cell. Grad-CAM needs one, so where this model looks cannot be shown."
        )
    last = maps[-1]
    after = [one for one in called[called.index(last) + 1 :] if not (_is_pooled(one.shape) or _is_map(one.shape, film))]
    if after:
        raise AttentionError(
            f"The model '{name}' does not end in a feature map: after '{last.name}' comes '{after[0].name}', which "
            f"gives {after[0].shape}. Grad-CAM needs (batch, channels, height, width) just before pooling, which "
            "transformers do not have. If a map further down says enough, name its layer with --layer."
        )
    return last


def _wanted(maps: list[Called], called: list[Called], wanted: str, name: str) -> Called:
    for one in maps:
        if one.name == wanted:
            return one
    there = next((one for one in called if one.name == wanted), None)
    if there is None:
        found = "which is not among the layers that a film goes through"
    elif there.times > 1:
        found = f"which a film goes through {there.times} times"
    else:
        found = f"which gives {there.shape} and not a map of (batch, channels, height, width)"
    known = ", ".join(f"{one.name} ({one.shape[2]} x {one.shape[3]})" for one in maps[-6:]) or "none"
    raise AttentionError(f"--layer names '{wanted}' of '{name}', {found}. The last that give a map: {known}.")


def _calls(model: nn.Module, film: Tensor) -> list[Called]:
    """What every layer gives for one film, in the order in which they finish; a layer that holds others comes last."""
    shapes: dict[str, tuple[int, ...]] = {}
    times: dict[str, int] = {}

    def heard(name: str) -> Callable[[nn.Module, object, object], None]:
        def hook(_: nn.Module, __: object, given: object) -> None:
            times[name] = times.get(name, 0) + 1
            shapes.pop(name, None)  # a layer that is called again stands where it was last
            shapes[name] = tuple(given.shape) if isinstance(given, Tensor) else ()

        return hook

    handles = [layer.register_forward_hook(heard(name)) for name, layer in model.named_modules() if name]
    try:
        with torch.no_grad():
            model(film)
    finally:
        for handle in handles:
            handle.remove()
    return [Called(name=name, shape=shape, times=times[name]) for name, shape in shapes.items()]


def _is_map(shape: tuple[int, ...], film: Tensor) -> bool:
    if len(shape) != 4 or shape[2] * shape[3] < 2:
        return False
    height, width = film.shape[2] / shape[2], film.shape[3] / shape[3]  # of a cell, in pixels
    return min(height, width) >= 1 and max(height, width) <= _STRETCH * min(height, width)


def _is_pooled(shape: tuple[int, ...]) -> bool:
    """Whether a layer gave one row of numbers a film, or something that is no tensor."""
    return len(shape) <= 2 or all(cells == 1 for cells in shape[2:])
