"""Losses on z-scores. Each takes predicted and target, both (batch,), and gives one number."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional

if TYPE_CHECKING:
    from ra_bench.values import Loss

LossFunction = Callable[[Tensor, Tensor], Tensor]


def wang2022(predicted: Tensor, target: Tensor, *, a: float, b: float, c: float, epsilon: float) -> Tensor:
    """Root of the mean smoothed error (Wang et al. 2022, eqs. 9-10).

    L = sqrt(mean_i smooth(y_i - ŷ_i) + epsilon), smooth(x) = a x² where |x| < c, else |x| - b.

    Parameters
    ----------
    predicted, target : Tensor of shape (batch,)
        Z-scores.
    a, b, c : float
        As published 0.6, 0 and 1: the loss then jumps from 0.6 to 1 at |x| = 1. It is continuous where a c² = c - b.
    epsilon : float
        Ours: without it the gradient of the root grows without bound as the error goes to 0.
    """
    size = (target - predicted).abs()
    smooth = torch.where(size < c, a * size.square(), size - b)
    return (smooth.mean() + epsilon).sqrt()


def loss_function(loss: Loss) -> LossFunction:
    """The loss that a protocol names; all but `wang2022` are torch's.

    `mse` is mean x² and `l1` mean |x|. `huber` is the mean of x² / 2 where |x| is less than delta, else
    delta (|x| - delta / 2); delta counts in SDs of the training scores.
    """
    if loss.name == "wang2022":
        return partial(wang2022, a=loss.a, b=loss.b, c=loss.c, epsilon=loss.epsilon)
    known: dict[str, LossFunction] = {
        "mse": functional.mse_loss,
        "l1": functional.l1_loss,
        "huber": partial(functional.huber_loss, delta=loss.delta),
    }
    return known[loss.name]
