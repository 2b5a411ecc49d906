"""From a model's spec to a network with its first weights."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from torch import nn

from ra_bench.errors import TrainingError
from ra_bench.training.initialise import kaiming_normal_fan_in, open_convolutions, zero

if TYPE_CHECKING:
    from ra_bench.specs import ModelSpec
    from ra_bench.values import Protocol


def build_model(spec: ModelSpec, protocol: Protocol) -> nn.Module:
    """Build a network and draw its weights as the protocol says.

    A model that brings trained weights with `build` overrides `initialisation` with "model". One without
    `residual_ends` gets no zeros.

    Raises
    ------
    TrainingError
        `build` gives no nn.Module, or the spec names a residual end that does not exist.
    """
    model = spec.build()
    if not isinstance(model, nn.Module):
        raise TrainingError(
            f"`build` of the model '{spec.name}' gives a {type(model).__name__}; the trainer '{spec.trainer}' trains "
            "torch.nn.Module. Return the network itself, or name a trainer of your own in ModelSpec.trainer."
        )
    if protocol.initialisation != "model":
        kaiming_normal_fan_in(model)
    if protocol.initialisation == "kaiming-open":
        open_convolutions(model)
    if protocol.initialisation in {"kaiming-zero-residual", "kaiming-open"}:
        for layer in residual_ends(model, spec):
            zero(layer)
    return model


def residual_ends(model: nn.Module, spec: ModelSpec) -> list[nn.Module]:
    """Find the last layer of each residual branch, as the spec names them.

    Raises
    ------
    TrainingError
        A name that fits no layer with weights.
    """
    layers = {name: layer for name, layer in model.named_modules() if getattr(layer, "weight", None) is not None}
    found = []
    for pattern in spec.residual_ends:
        fitting = [layer for name, layer in layers.items() if fnmatchcase(name, pattern)]
        if not fitting:
            raise TrainingError(
                f"The model '{spec.name}' names '{pattern}' as the end of a residual branch, but no layer with weights "
                f"is called so. Correct ModelSpec.residual_ends; the last layers are: {', '.join(list(layers)[-3:])}."
            )
        found += fitting
    return found


def replace_head(model: nn.Module, spec: ModelSpec, outputs: int) -> str:
    """Put a fresh layer with `outputs` outputs in the place of the head, and give the head's name.

    Raises
    ------
    TrainingError
        The spec names no head, a layer that does not exist, or one that is neither Linear nor a 1x1 Conv2d.
    """
    names = [name for name, _ in model.named_modules() if name]
    if spec.head is None or spec.head not in names:
        said = "names no head" if spec.head is None else f"names '{spec.head}' as its head, which does not exist"
        raise TrainingError(
            f"The model '{spec.name}' {said}, so its body cannot be pretrained. Give ModelSpec.head, the dotted name "
            f"of its last layer; the last layers are: {', '.join(names[-3:])}."
        )
    old = model.get_submodule(spec.head)
    new: nn.Module
    if isinstance(old, nn.Linear):
        new = nn.Linear(old.in_features, outputs)
    elif isinstance(old, nn.Conv2d) and old.kernel_size == (1, 1) and old.groups == 1:
        new = nn.Conv2d(old.in_channels, outputs, kernel_size=1)
    else:
        raise TrainingError(
            f"The head '{spec.head}' of the model '{spec.name}' is {old}; it can be replaced for pretraining only if "
            "it is a Linear or a 1x1 Conv2d without groups. Name such a layer in ModelSpec.head."
        )
    kaiming_normal_fan_in(new)
    parent, _, last = spec.head.rpartition(".")
    setattr(model.get_submodule(parent), last, new)
    return spec.head
