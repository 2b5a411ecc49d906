"""Models that begin, say so, and wait for a gate to open: for tests that kill something in the meantime.

$GATE is a folder. A job that began has a file in it; when it holds a file `open`, all go on.
"""

from __future__ import annotations

import os
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ra_bench import EpochReport, Fitted, ModelSpec, TrainerSpec, hookimpl

if TYPE_CHECKING:
    from collections.abc import Generator

    from ra_bench import FitTask

MODELS = {"gated-one": 1.0, "gated-two": 2.0, "free-one": 3.0, "free-two": 4.0}


@hookimpl
def register_trainers() -> list[TrainerSpec]:
    return [TrainerSpec(name="gated", fit=fit)]


@hookimpl
def register_models() -> list[ModelSpec]:
    return [
        ModelSpec(name=name, build=partial(float, slope), citation="Nobody.", trainer="gated", in_all=False)
        for name, slope in MODELS.items()
    ]


def fit(task: FitTask) -> Generator[EpochReport, None, Fitted]:
    """Predict a multiple of a film's mean grey, after one epoch."""
    gate = Path(os.environ["GATE"])
    if task.model.name.startswith("gated"):
        (gate / f"{task.model.name}-{os.getpid()}").touch()
    yield EpochReport(
        stage="training",
        epoch=1,
        epochs=1,
        train_loss=1.0,
        validation_rmse=30.0,
        learning_rate=0.1,
        seconds=0.05,
        films=12,
    )
    while task.model.name.startswith("gated") and not (gate / "open").exists():
        time.sleep(0.05)
    slope = task.model.build()

    def predicted(films: np.ndarray) -> np.ndarray:
        return np.array([slope * film.mean() - 100 for film in films])

    return Fitted(validation=predicted(task.validation.films), test=predicted(task.test.films))
