"""Which films make which batch, and what the losses of an epoch were."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch

from ra_bench.errors import NonFiniteLossError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ra_bench.specs import FilmSet

#: Asking a GPU for a loss makes it wait, so its losses are looked at this seldom.
_GPU_LOOKS_EVERY = 32


def epoch_batches(count: int, batch_size: int, *, seed: int, epoch: int) -> list[NDArray[np.intp]]:
    """Places 0 to count - 1 in an order drawn from seed and epoch, cut into batches.

    A last batch of one film is left out of this epoch: batch normalisation has no variance over a single film.
    """
    order = np.random.default_rng((seed, epoch)).permutation(count)
    batches = [order[start : start + batch_size] for start in range(0, count, batch_size)]
    return [batch for batch in batches if len(batch) > 1]


def steps_per_epoch(count: int, batch_size: int) -> int:
    """Number of batches that `epoch_batches` gives."""
    whole, rest = divmod(count, batch_size)
    return whole + (rest > 1)


class Losses:
    """The losses of one epoch, in order; stops the training at the first that is not finite."""

    def __init__(self, *, epoch: int, epochs: int, films: FilmSet, batches: Sequence[NDArray[np.intp]]) -> None:
        self._where = f"epoch {epoch} of {epochs}"
        self._films = films
        self._batches = batches
        self._waiting: list[torch.Tensor] = []
        self._seen: list[float] = []

    def add(self, loss: torch.Tensor) -> None:
        """Take the next batch's loss, of shape ()."""
        self._waiting.append(loss.detach())
        if loss.device.type == "cpu" or len(self._waiting) == _GPU_LOOKS_EVERY:
            self._look()

    def mean(self) -> float:
        """Mean over the films of the epoch."""
        self._look()
        weights = [len(batch) for batch in self._batches[: len(self._seen)]]
        return float(np.average(self._seen, weights=weights))

    def _look(self) -> None:
        if not self._waiting:
            return
        for value in torch.stack(self._waiting).tolist():
            if not math.isfinite(value):
                batch = len(self._seen)
                ids = ", ".join(self._films.ids[place] for place in self._batches[batch])
                raise NonFiniteLossError(
                    f"The loss became {value} in {self._where}, batch {batch + 1} of {len(self._batches)}, "
                    f"films {ids}.\nLower optimiser.learning_rate in the protocol or in the model's overrides; "
                    "if it happens in the first batch, look at the model and at these films."
                )
            self._seen.append(value)
        self._waiting.clear()
