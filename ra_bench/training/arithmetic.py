"""How a step is computed: half precision, TF32, compilation, and the step that follows a gradient."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

import torch
from torch import nn

from ra_bench.errors import TrainingError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from ra_bench.values import Compute

_HALF = {"bf16": torch.bfloat16, "fp16": torch.float16}


def cast(compute: Compute, device: torch.device) -> AbstractContextManager[object]:
    """Where a network is run: torch's autocast to half precision, or nothing."""
    if compute.precision == "fp32":
        return nullcontext()
    return torch.autocast(device.type, dtype=_HALF[compute.precision])


def loss_scaler(compute: Compute, device: torch.device) -> torch.amp.GradScaler:
    """Multiplies the loss under `fp16`, so that small gradients are not lost, and leaves out steps that overflow.

    Under the other precisions it does nothing.
    """
    return torch.amp.GradScaler(device.type, enabled=compute.precision == "fp16")


@contextmanager
def tensor_cores(*, tf32: bool) -> Iterator[None]:
    """Whether a GPU may use TF32 for convolutions and matrix products of single precision, until it is left."""
    convolutions, products = torch.backends.cudnn, torch.backends.cuda.matmul
    before = convolutions.allow_tf32, products.allow_tf32
    convolutions.allow_tf32 = products.allow_tf32 = tf32
    try:
        yield
    finally:
        convolutions.allow_tf32, products.allow_tf32 = before


def compiled(model: nn.Module, compute: Compute, device: torch.device) -> nn.Module:
    """The network, to be compiled when it is first called if the protocol says so. Its weights keep their names.

    Raises
    ------
    TrainingError
        There is no C++ compiler, which torch needs on a CPU.
    """
    if compute.compile:
        compiler = os.environ.get("CXX", "g++")
        if device.type == "cpu" and shutil.which(compiler) is None:
            raise TrainingError(
                f"--compile needs a C++ compiler on a CPU, and there is no '{compiler}'. "
                "Install one, name it in the environment variable CXX, or leave --compile out."
            )
        model.compile()
    return model


def take_step(optimiser: torch.optim.Optimizer, scaler: torch.amp.GradScaler, clip: float | None) -> None:
    """Change the weights by their gradients, cut to the norm `clip` if there is one."""
    if clip is not None:
        scaler.unscale_(optimiser)
        weights = [weight for group in optimiser.param_groups for weight in group["params"]]
        nn.utils.clip_grad_norm_(weights, clip)
    scaler.step(optimiser)
    scaler.update()
