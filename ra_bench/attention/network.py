"""A finished job's network, as it was when its predictions were made."""

from __future__ import annotations

from pickle import UnpicklingError
from typing import TYPE_CHECKING

import torch
from torch import nn

from ra_bench.attention.guest import called, code_of
from ra_bench.errors import AttentionError
from ra_bench.training.progress_file import CHECKPOINT
from ra_bench.training.standard import Spread

if TYPE_CHECKING:
    from pathlib import Path

    from ra_bench.specs import ModelSpec


def trained_network(spec: ModelSpec, folder: Path, *, plugin: str = "") -> tuple[nn.Module, Spread]:
    """The network with the weights that its job kept, in evaluation mode, and the grey values that normalise films.

    Parameters
    ----------
    spec : ModelSpec
    folder : Path
        Of the job's record.
    plugin : str
        The distribution or file that the model is from, for errors.

    Raises
    ------
    AttentionError
        The model cannot be built, has no network, or its job kept no weights that fit it.
    """
    with code_of(called(spec.name, plugin), spec.build, name="build"):
        model = spec.build()
    if not isinstance(model, nn.Module):
        raise AttentionError(
            f"'{spec.name}' has no network: `build` gives a {type(model).__name__} for the trainer '{spec.trainer}'. "
            "Grad-CAM looks into networks only; choose a model that is one."
        )
    file = folder / CHECKPOINT
    if not file.is_file():
        raise AttentionError(
            f"{folder} holds no {CHECKPOINT}: the trainer '{spec.trainer}' kept no weights, or they were deleted. "
            "Train it again with --afresh; a trainer of your own keeps them as ra_bench/training/loop.py does."
        )
    try:
        content = torch.load(file, map_location="cpu", weights_only=True)
        greys = Spread(**content["greys"])
        model.load_state_dict(content["weights"])
    except (OSError, EOFError, UnpicklingError, RuntimeError, KeyError, TypeError) as error:
        raise AttentionError(
            f"{file} does not hold what the trainer 'standard' keeps, or belongs to another network: "
            f"{_first_line(error)}. Train it again with --afresh."
        ) from error
    return model.eval(), greys


def _first_line(error: Exception) -> str:
    """What an error says first; its name where it says nothing, as that of an empty file."""
    lines = str(error).splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
