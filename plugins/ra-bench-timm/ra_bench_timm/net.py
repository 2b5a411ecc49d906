"""A network of timm with one output, for films of any size where timm can.

Notable: nothing is changed in it. Most convolutional networks take films of any size. Vision transformers resample
their positions and pad the last patch, Swin transformers mask their windows anew (`dynamic_img_size`). What timm makes
for one size only is left at it, and says so when a film has another.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import timm

from ra_bench import TrainingError

if TYPE_CHECKING:
    from torch import Tensor, nn

#: How timm's networks of fixed size are asked to take others; the first that a network knows counts.
_OPENED: tuple[dict[str, Any], ...] = (
    {"dynamic_img_size": True, "dynamic_img_pad": True},
    {"dynamic_img_size": True},
)


def build(name: str, *, pretrained: bool = False) -> nn.Module:
    """Films (batch, 3, height, width) to scores (batch, 1)."""
    facts: Any = timm.get_pretrained_cfg(name, allow_unregistered=False)
    network: nn.Module
    for opened in _OPENED if facts.fixed_input_size else ():
        with suppress(TypeError):  # no such argument
            network = timm.create_model(name, pretrained=pretrained, in_chans=3, num_classes=1, **opened)
            return network
    network = timm.create_model(name, pretrained=pretrained, in_chans=3, num_classes=1)
    if facts.fixed_input_size:
        network.register_forward_pre_hook(partial(_check_size, name, tuple(facts.input_size[1:])))
    return network


def trained(name: str) -> dict[str, Tensor]:
    """What a network of timm has learnt, from its cache or fetched; its head is new."""
    weights: dict[str, Tensor] = build(name, pretrained=True).state_dict()
    return weights


def _check_size(name: str, size: tuple[int, int], _: nn.Module, films: tuple[Tensor]) -> None:
    """Refuse films of another size than the one that the network is made for.

    Raises
    ------
    TrainingError
        Another size.
    """
    found = tuple(films[0].shape[2:])
    if found != size:
        (height, width), (found_height, found_width) = size, found
        raise TrainingError(
            f"'timm/{name}' takes films of {height} x {width} pixels and no others; the protocol's are "
            f"{found_height} x {found_width}. Take another model, or a protocol of your own with height = {height} and "
            f"width = {width}."
        )
