"""The optimiser that a protocol names, and its learning rate at every step."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import nn

from ra_bench.errors import TrainingError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ra_bench.values import Optimiser

#: One-cycle starts at this part of the highest rate, as torch's OneCycleLR does by default.
_ONE_CYCLE_START = 1 / 25


def make_optimiser(rule: Optimiser, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
    """SGD, or AdamW with `momentum` as its first beta. Weight decay is on all parameters.

    Raises
    ------
    TrainingError
        Nothing to train: no parameter wants a gradient.
    """
    trained = [parameter for parameter in parameters if parameter.requires_grad]
    if not trained:
        raise TrainingError(
            "The model has no parameter to train. Create its layers in __init__ and leave requires_grad on, "
            "or register a trainer of your own for a model that is not trained by gradients."
        )
    fused = trained[0].device.type in {"cpu", "cuda"}  # one kernel for all tensors; not everywhere available
    if rule.name == "sgd":
        return torch.optim.SGD(
            trained, lr=rule.learning_rate, momentum=rule.momentum, weight_decay=rule.weight_decay, fused=fused
        )
    return torch.optim.AdamW(
        trained, lr=rule.learning_rate, betas=(rule.momentum, 0.999), weight_decay=rule.weight_decay, fused=fused
    )


def learning_rate(rule: Optimiser, step: int, steps: int) -> float:
    """The rate of one step, counted from 0 over all epochs.

    `constant` stays. `cosine` falls from the rate towards 0. `one-cycle` rises along a cosine from a 25th of the rate
    over `warmup` of the steps, then falls along a cosine to 0 at the last one.

    Examples
    --------
    >>> from ra_bench.values import Optimiser
    >>> rule = Optimiser(name="sgd", learning_rate=0.1, schedule="cosine")
    >>> [round(learning_rate(rule, step, 4), 4) for step in range(4)]
    [0.1, 0.0854, 0.05, 0.0146]
    """
    if rule.schedule == "constant":
        return rule.learning_rate
    if rule.schedule == "cosine":
        return _between(rule.learning_rate, 0.0, step / steps)
    peak, last = rule.warmup * steps - 1, steps - 1
    if step < peak:
        return _between(rule.learning_rate * _ONE_CYCLE_START, rule.learning_rate, step / peak)
    start = max(peak, 0.0)
    return _between(rule.learning_rate, 0.0, (step - start) / (last - start) if last > start else 0.0)


def set_learning_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    """Set the rate of every parameter group."""
    for group in optimiser.param_groups:
        group["lr"] = rate


def _between(start: float, end: float, part: float) -> float:
    """Half a cosine from `start` (part 0) to `end` (part 1)."""
    return end + (start - end) * (1 + math.cos(math.pi * part)) / 2
