"""The trainer "closed-form": one epoch, no gradient, no torch."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Protocol

import numpy as np

from ra_bench import EpochReport, Fitted, TrainingError

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

    from ra_bench import FilmSet, FitTask


class ClosedForm(Protocol):
    """What `build` gives for a model of this trainer."""

    def fit(self, task: FitTask) -> int:
        """Fit the training films, with choices made on the validation films; gives the number of coefficients."""

    def predict(self, films: FilmSet) -> NDArray[np.float64]:
        """Give one score a film on the scale of the training scores, shape (n,)."""


def fit(task: FitTask) -> Generator[EpochReport, None, Fitted]:
    """Fit, predict, report once."""
    started = perf_counter()
    check_films("training", task.train, task.train_scores)
    check_films("validation", task.validation, task.validation_scores)
    model = build(task)
    coefficients = model.fit(task)
    validation = predict(task, model, task.validation)
    yield EpochReport(
        stage="training",
        epoch=1,
        epochs=1,
        train_loss=rmse(task.train_scores, predict(task, model, task.train)),
        validation_rmse=rmse(task.validation_scores, validation),
        learning_rate=0.0,
        seconds=perf_counter() - started,
        films=len(task.train.ids),
    )
    return Fitted(validation=validation, test=predict(task, model, task.test), parameters=coefficients, kept_epoch=1)


def check_films(side: str, films: FilmSet, scores: NDArray[np.float64]) -> None:
    """Refuse a side of the split that is empty or has a score that is no number."""
    if not films.ids:
        raise TrainingError(f"There are no {side} films. Give that side of the split at least one film.")
    if not np.isfinite(scores).all():
        bad = films.ids[int(np.argmin(np.isfinite(scores)))]
        raise TrainingError(f"The score of {side} film '{bad}' is not a number. Correct it in the cohort's table.")


def build(task: FitTask) -> ClosedForm:
    """Build the model, and refuse one that cannot be fitted here."""
    model = task.model.build()
    if not (hasattr(model, "fit") and hasattr(model, "predict")):
        raise TrainingError(
            f"The trainer 'closed-form' needs `fit` and `predict`, but what `build` of model '{task.model.name}' gives "
            f"({type(model).__name__}) lacks them. Leave `trainer` out of the ModelSpec of an nn.Module."
        )
    closed_form: ClosedForm = model
    return closed_form


def predict(task: FitTask, model: ClosedForm, films: FilmSet) -> NDArray[np.float64]:
    """Predict, and refuse anything but one finite score a film."""
    predicted = np.asarray(model.predict(films), dtype=np.float64)
    if predicted.shape != (len(films.ids),):
        raise TrainingError(
            f"Model '{task.model.name}' predicts an array of shape {predicted.shape} for {len(films.ids)} films. "
            "Let its `predict` give one score a film."
        )
    if not np.isfinite(predicted).all():
        bad = films.ids[int(np.argmin(np.isfinite(predicted)))]
        raise TrainingError(
            f"Model '{task.model.name}' predicts {predicted[films.ids.index(bad)]} for film '{bad}'. "
            "Let its `predict` give finite scores."
        )
    return predicted


def rmse(scores: NDArray[np.float64], predicted: NDArray[np.float64]) -> float:
    """Root mean squared error, on the scale of the scores."""
    return float(np.sqrt(np.mean((predicted - scores) ** 2)))
