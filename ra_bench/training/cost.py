"""What a model costs: parameters and multiply-adds."""

from __future__ import annotations

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode


def count_parameters(model: nn.Module) -> int:
    """Number of weights and biases, trained or not; running statistics do not count."""
    return sum(parameter.numel() for parameter in model.parameters())


def count_madds(model: nn.Module, *, height: int, width: int) -> int:
    """Multiply-adds of one film of (3, height, width) through the model, by running it once.

    Convolutions and matrix products are counted, as in Wang et al. 2022, eqs. 4-8; norms, activations and pooling are
    not. Two floating-point operations are one multiply-add.
    """
    device = next(model.parameters()).device
    film = torch.zeros((1, 3, height, width), device=device).contiguous(memory_format=torch.channels_last)
    was_training = model.training
    model.eval()
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model(film)
    model.train(was_training)
    return int(counter.get_total_flops()) // 2
