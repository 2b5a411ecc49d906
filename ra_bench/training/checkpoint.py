"""Weights on disk: checkpoints of whole models, and bodies without a head."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from ra_bench.errors import NonFiniteLossError, TrainingError, WeightsError
from ra_bench.files import replacing
from ra_bench.training.weights import fit_weights, read_weights, write_weights

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


log = logging.getLogger(__name__)


def snapshot(model: nn.Module) -> dict[str, Tensor]:
    """A copy of all weights and statistics, in main memory."""
    return {name: value.detach().to("cpu", copy=True) for name, value in model.state_dict().items()}


class Best:
    """The weights that are kept: those of the last epoch, or of the one with the least error so far."""

    def __init__(self, *, last: int | None) -> None:
        self._last = last
        #: The epoch whose weights these are; 0 as long as there are none.
        self.epoch = 0
        self.error = float("inf")
        self.weights: dict[str, Tensor] = {}

    def offer(self, model: nn.Module, *, epoch: int, error: float) -> None:
        """Take a copy of the weights, if they are to be kept."""
        if epoch == self._last if self._last is not None else error < self.error:
            self.epoch, self.error, self.weights = epoch, error, snapshot(model)

    def put_back(self, model: nn.Module, *, otherwise: str) -> None:
        """Give the network the weights that are kept.

        Raises
        ------
        NonFiniteLossError
            There are none, since no error was finite; `otherwise` is what it says.
        """
        if not self.epoch:
            raise NonFiniteLossError(otherwise)
        model.load_state_dict(self.weights)

    def state_dict(self) -> dict[str, Any]:
        """Epoch, error and weights."""
        return {"epoch": self.epoch, "error": self.error, "weights": self.weights}

    def load_state_dict(self, state_dict: dict[str, Any], /) -> None:
        """Be as when that state was taken."""
        self.epoch, self.error, self.weights = (state_dict[name] for name in ("epoch", "error", "weights"))


def save(content: dict[str, Any], file: Path) -> None:
    """Write tensors, numbers and texts, whole or not at all."""
    with replacing(file) as temporary, temporary.open("wb") as opened:  # torch's own writer hides a full disk
        torch.save(content, opened)


def save_body(model: nn.Module, head: str, file: Path, about: Mapping[str, str] | None = None) -> None:
    """Write the weights of all but the layer named `head`, with what is known of them, as safetensors."""
    body = {name: value for name, value in snapshot(model).items() if not name.startswith(f"{head}.")}
    write_weights(body, about or {}, file)


def load_body(model: nn.Module, head: str | None, file: Path) -> None:
    """Load a body's weights into a model, whose head stays as it is. What did not load goes to the log.

    Raises
    ------
    TrainingError
        The file cannot be read, the model names no head, or not one weight fits.
    """
    if head is None:
        raise TrainingError(
            "The model is to start from a pretrained body, but names no head. "
            "Give ModelSpec.head, the dotted name of its last layer, such as 'fc'."
        )
    try:
        fit = fit_weights(read_weights(file), model, head)
    except WeightsError as error:
        raise TrainingError(f"Cannot load the pretrained body {file}. Delete it and start the run again.") from error
    if not any(name in fit.tensors for name, _ in model.named_parameters()):
        raise TrainingError(
            f"Not one weight of the pretrained body {file} fits the model: the body belongs to another network. "
            "Delete it and start the run again."
        )
    model.load_state_dict(fit.tensors, strict=False)
    of = sum(not name.startswith(f"{head}.") for name in model.state_dict())
    log.info("pretrained body: %d of %d tensors loaded from %s", len(fit.tensors), of, file)
    if missing := sorted((*fit.missing, *fit.other_shape)):
        log.warning("not in the pretrained body, or of another shape: %s", ", ".join(missing))
    if fit.unexpected:
        log.warning("in the pretrained body, but not in the model: %s", ", ".join(fit.unexpected))
