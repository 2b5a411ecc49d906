"""A batch in parts: how it is cut, and how many parts it takes to fit in memory."""

from __future__ import annotations

import logging
from itertools import pairwise
from typing import TYPE_CHECKING

import torch

from ra_bench.errors import TrainingError
from ra_bench.training.arithmetic import cast
from ra_bench.training.device import random_states, set_random_states
from ra_bench.training.out_of_memory import is_out_of_gpu_memory, is_out_of_memory

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

    from ra_bench.values import Protocol

log = logging.getLogger(__name__)

#: Films in a part at least: batch normalisation has no variance over a single one.
FEWEST = 2


def cut(films: int, parts: int) -> list[slice]:
    """A batch in parts of nearly one size, of two films at least.

    Examples
    --------
    >>> cut(7, 3)
    [slice(0, 3, None), slice(3, 5, None), slice(5, 7, None)]
    """
    parts = max(1, min(parts, films // FEWEST))
    size, larger = divmod(films, parts)
    ends = [number * size + min(number, larger) for number in range(parts + 1)]
    return [slice(start, end) for start, end in pairwise(ends)]


def parts_that_fit(
    model: nn.Module,
    protocol: Protocol,
    batch_size: int,
    device: torch.device,
    forward: Callable[[torch.Tensor], torch.Tensor],
) -> int:
    """The parts of a batch: as many as the protocol says, and with `fit_batch` twice as many until memory is enough.

    The network is run forth and back over one part of black films, with as much memory set aside as an optimiser
    takes. It, and the random states, are left as they were.

    Parameters
    ----------
    forward
        What the trainer does with films (n, 3, height, width) before the loss.

    Raises
    ------
    TrainingError
        Two films at a time are still too many.
    """
    parts = protocol.compute.parts
    if not protocol.compute.fit_batch:
        return parts
    while not _fits(model, protocol, cut(batch_size, parts)[0].stop, device, forward):
        if len(cut(batch_size, 2 * parts)) == len(cut(batch_size, parts)):
            raise TrainingError(
                f"Films of {protocol.height} x {protocol.width} pixels do not fit in the memory of {device}, even two "
                "at a time. Make height and width smaller in the protocol, or use a device with more memory."
            )
        parts = len(cut(batch_size, 2 * parts))
        log.warning("a batch of %d films does not fit in memory: cut into %d parts", batch_size, parts)
    return parts


def scale_gradients(model: nn.Module, factor: torch.Tensor) -> None:
    """Multiply the gradient of every weight."""
    gradients = [weight.grad for weight in model.parameters() if weight.grad is not None]
    torch._foreach_mul_(gradients, factor)


def _fits(
    model: nn.Module,
    protocol: Protocol,
    films: int,
    device: torch.device,
    forward: Callable[[torch.Tensor], torch.Tensor],
) -> bool:
    random, buffers = random_states(), [buffer.clone() for buffer in model.buffers()]
    was_training = model.training
    model.train()
    try:
        held = [torch.zeros_like(weight) for weight in model.parameters() for _ in range(2)]  # the moments of AdamW
        black = torch.zeros((films, 3, protocol.height, protocol.width), device=device)
        with cast(protocol.compute, device):
            given = forward(black.contiguous(memory_format=torch.channels_last))
        given.float().sum().backward()  # type: ignore[no-untyped-call]
        del held
    except (MemoryError, RuntimeError) as error:
        if not (is_out_of_memory(error) or is_out_of_gpu_memory(error)):
            raise
        return False
    finally:
        model.zero_grad(set_to_none=True)
        model.train(was_training)
        for buffer, before in zip(model.buffers(), buffers, strict=True):
            buffer.copy_(before)
        set_random_states(random)
        if device.type == "cuda":
            torch.cuda.empty_cache()
    return True
