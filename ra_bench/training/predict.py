"""Predictions: films through a model, one number each."""

from __future__ import annotations

from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from ra_bench.errors import TrainingError
from ra_bench.training.ahead import made_ahead
from ra_bench.training.arithmetic import cast
from ra_bench.training.augment import evaluation_batch
from ra_bench.training.distributed import ALONE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ra_bench.specs import FilmSet
    from ra_bench.training.distributed import Team
    from ra_bench.training.standard import Spread
    from ra_bench.values import Protocol


def outputs(model: nn.Module, films: Tensor, *, columns: int, name: str) -> Tensor:
    """What the model gives for films (batch, 3, height, width), checked to be of shape (batch, columns).

    Raises
    ------
    TrainingError
        The model gives something else.
    """
    given = model(films)
    if isinstance(given, Tensor) and given.shape == (len(films), columns):
        return given
    found = f"a tensor of shape {tuple(given.shape)}" if isinstance(given, Tensor) else f"a {type(given).__name__}"
    raise TrainingError(
        f"The model '{name}' gives {found} for films of shape {tuple(films.shape)}; it must give a tensor of shape "
        f"{(len(films), columns)}, one row a film.\n"
        "Let its last layer have one output (often `num_classes=1`), and let `forward` return that layer's result."
    )


def predict_all(
    model: nn.Module,
    films: FilmSet,
    *,
    columns: int,
    protocol: Protocol,
    greys: Spread,
    device: torch.device,
    name: str,
    team: Team = ALONE,
) -> NDArray[np.float64]:
    """The model's raw outputs for all films, shape (n, columns), in the order of the films, without augmentation.

    Each process of a team shows the model its share of the films, and all get all outputs.
    """
    model.eval()
    results = [np.empty((0, columns), dtype=np.float64)]
    own = team.films(films)
    size, count = team.largest_share(protocol.batch_size), len(own.ids)
    chosen = [range(start, min(start + size, count)) for start in range(0, count, size)]
    prepared = partial(evaluation_batch, own, protocol=protocol, greys=greys, device=device)
    with torch.inference_mode(), closing(made_ahead(prepared, chosen, device)) as batches:
        for batch in batches:
            with cast(protocol.compute, device):
                given = outputs(model, batch, columns=columns, name=name)
            results.append(given.float().cpu().double().numpy())
    return team.gather(films.ids, own.ids, np.concatenate(results))


def predict(
    model: nn.Module,
    films: FilmSet,
    *,
    protocol: Protocol,
    greys: Spread,
    scores: Spread,
    device: torch.device,
    name: str,
    team: Team = ALONE,
) -> NDArray[np.float64]:
    """One score a film, shape (n,), mapped back to the cohort's scale. Not clipped to the scale's ends."""
    z = predict_all(model, films, columns=1, protocol=protocol, greys=greys, device=device, name=name, team=team)[:, 0]
    return z * scores.sd + scores.mean


def rmse(reference: NDArray[np.float64], predicted: NDArray[np.float64]) -> float:
    """Root mean squared error over all values; nan where there are none."""
    if not reference.size:
        return float("nan")
    with np.errstate(over="ignore", invalid="ignore"):  # a diverged model may predict infinity: inf or nan, no warning
        return float(np.sqrt(np.mean((predicted - reference) ** 2)))
