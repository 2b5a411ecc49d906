"""Losses on z-scores: an error a film, averaged over the batch, and for some the root of that."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Callable

    from ra_bench.values import Loss


@dataclass(frozen=True, slots=True, kw_only=True)
class LossFunction:
    """`errors` takes predicted and target, both (batch,), and gives as many; `of_mean` makes the loss of their mean.

    The two stand apart for batches of which no process and no pass sees all films: errors add up, roots do not.
    """

    errors: Callable[[Tensor, Tensor], Tensor]
    of_mean: Callable[[Tensor], Tensor]

    def __call__(self, predicted: Tensor, target: Tensor) -> Tensor:
        """The loss of a whole batch, of shape ()."""
        return self.of_mean(self.errors(predicted, target).mean())

    def slope(self, mean: Tensor) -> Tensor:
        """How fast the loss grows with the mean error, at this mean: what a gradient of the mean is multiplied by."""
        with torch.enable_grad():
            at = mean.detach().requires_grad_()
            return torch.autograd.grad(self.of_mean(at), at)[0]


def smoothed(predicted: Tensor, target: Tensor, *, a: float, b: float, c: float) -> Tensor:
    """Smoothed error of each film (Wang et al. 2022, eq. 10): a x² where |x| < c, else |x| - b, of x = y - ŷ."""
    size = (target - predicted).abs()
    return torch.where(size < c, a * size.square(), size - b)


def wang2022(*, a: float, b: float, c: float, epsilon: float) -> LossFunction:
    """Root of the mean smoothed error (Wang et al. 2022, eqs. 9-10).

    L = sqrt(mean_i smooth(y_i - ŷ_i) + epsilon), smooth(x) = a x² where |x| < c, else |x| - b.

    Parameters
    ----------
    a, b, c : float
        As published 0.6, 0 and 1: the loss then jumps from 0.6 to 1 at |x| = 1. It is continuous where a c² = c - b.
    epsilon : float
        Ours: without it the gradient of the root grows without bound as the error goes to 0.
    """
    return LossFunction(errors=partial(smoothed, a=a, b=b, c=c), of_mean=lambda mean: (mean + epsilon).sqrt())


def loss_function(loss: Loss) -> LossFunction:
    """The loss that a protocol names; all but `wang2022` are torch's.

    `mse` is mean x² and `l1` mean |x|. `huber` is the mean of x² / 2 where |x| is less than delta, else
    delta (|x| - delta / 2); delta counts in SDs of the training scores.
    """
    if loss.name == "wang2022":
        return wang2022(a=loss.a, b=loss.b, c=loss.c, epsilon=loss.epsilon)
    known: dict[str, Callable[..., Tensor]] = {
        "mse": functional.mse_loss,
        "l1": functional.l1_loss,
        "huber": partial(functional.huber_loss, delta=loss.delta),
    }
    return LossFunction(errors=partial(known[loss.name], reduction="none"), of_mean=lambda mean: mean)
