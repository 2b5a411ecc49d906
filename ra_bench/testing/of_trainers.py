"""What a trainer promises, asked with tiny films: reports, predictions by film, the same again, and going on."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from ra_bench.errors import PluginError
from ra_bench.runs.work import all_epochs, check_fitted, check_that_films_matter
from ra_bench.testing.tiny import tiny_task
from ra_bench.training.progress import FileProgress, Stopwatch
from ra_bench.training.progress_file import RESUME, has_progress
from ra_bench.values import EpochReport, Split

if TYPE_CHECKING:
    from ra_bench.specs import FilmSet, FitTask, Fitted, ModelSpec, TrainerSpec
    from ra_bench.testing.check import Promise

#: Of predictions that should be one but for the order of sums, the share of their largest by which they may differ.
_ROUNDING = 1e-3


def fitting(trainer: TrainerSpec, model: ModelSpec) -> str:
    """It yields a report for each epoch and returns one finite prediction for each film."""
    with TemporaryDirectory() as folder:
        reports, _ = fitted(trainer, tiny_task(Path(folder), model))
    for place, report in enumerate(reports, start=1):
        if (report.epoch, report.epochs) != (place, len(reports)):
            raise PluginError(
                f"Report {place} of the trainer '{trainer.name}' says epoch {report.epoch} of {report.epochs}, and "
                f"there were {len(reports)}. Count epochs from 1, and yield a report after each: the terminal and the "
                "history live on them."
            )
        if not np.isfinite([report.train_loss, report.validation_rmse]).all():
            raise PluginError(
                f"The trainer '{trainer.name}' reports train_loss={report.train_loss:g} and "
                f"validation_rmse={report.validation_rmse:g} in epoch {report.epoch}. Report numbers: the loss of the "
                "epoch, and the RMSE over the validation films on the cohort's scale."
            )
        if report.seconds < 0 or report.films < 0:
            raise PluginError(
                f"The trainer '{trainer.name}' reports {report.seconds:g} seconds and {report.films} films in epoch "
                f"{report.epoch}. Time with time.perf_counter(), and count the films that were shown."
            )
    return f"{len(reports)} epoch" + "s" * (len(reports) != 1)


def films_in_order(trainer: TrainerSpec, model: ModelSpec) -> None:
    """A prediction belongs to its film: test films in another order get the same predictions in that order."""
    with TemporaryDirectory() as folder:
        task = tiny_task(Path(folder), model)
        _, straight = fitted(trainer, task)
        _, turned = fitted(trainer, replace(task, test=_turned(task.test)))
    far = np.abs(straight.test - turned.test[::-1]).max()
    if not far <= _ROUNDING * np.abs(straight.test).max():
        raise PluginError(
            f"The trainer '{trainer.name}' gives a film another prediction, by {far:.3g}, when the test films come in "
            "another order. Return predictions in the order of `task.test.ids`, and compute each from its film alone."
        )


def same_seed(trainer: TrainerSpec, model: ModelSpec) -> None:
    """The same task gives the same predictions, to the bit."""
    with TemporaryDirectory() as one, TemporaryDirectory() as two:
        first, second = (fitted(trainer, tiny_task(Path(folder), model))[1] for folder in (one, two))
    if first.test.tobytes() != second.test.tobytes():
        far = np.abs(first.test - second.test).max()
        raise PluginError(
            f"The trainer '{trainer.name}' predicts otherwise the second time, by {far:.3g}, from the same films and "
            "seed. Draw from `task.seed` alone: np.random.default_rng(task.seed), or `with "
            "parts.reproducible(task.seed, device)` around everything that torch does."
        )


def going_on(trainer: TrainerSpec, model: ModelSpec) -> str:
    """A fit that is stopped after its first epoch and called again comes to the same predictions."""
    with TemporaryDirectory() as folder, TemporaryDirectory() as other:
        reports, whole = fitted(trainer, tiny_task(Path(other), model))
        task = partial(tiny_task, Path(folder), model)
        stopped = trainer.fit(task(progress=_progress(folder)))
        next(stopped)
        stopped.close()
        kept = has_progress(Path(folder) / RESUME)
        rest, resumed = fitted(trainer, task(progress=_progress(folder)))
    if kept and len(rest) != len(reports) - 1:
        raise PluginError(
            f"The trainer '{trainer.name}' kept its progress after the first of {len(reports)} epochs and then reports "
            f"{len(rest)} more. Begin after the epoch that `task.progress.restore(parts)` gives: "
            "`for epoch in range(done + 1, epochs + 1)`."
        )
    if whole.test.tobytes() != resumed.test.tobytes():
        far = np.abs(whole.test - resumed.test).max()
        raise PluginError(
            f"The trainer '{trainer.name}' predicts otherwise, by {far:.3g}, after it was stopped and went on. Give "
            "`task.progress` all that decides what comes next: network, optimiser, scaler, kept weights; and let "
            "learning rate and order of films follow from seed and epoch."
        )
    return "" if kept else "it starts anew after a stop, since it leaves `task.progress` alone"


def settings(trainer: TrainerSpec, model: ModelSpec) -> None:
    """It leaves torch set as it found it."""
    from ra_bench.testing.global_state import switches  # imports torch

    before = switches()
    with TemporaryDirectory() as folder:
        fitted(trainer, tiny_task(Path(folder), model))
    after = switches()
    if changed := [name for name, value in before.items() if after[name] != value]:
        raise PluginError(
            f"The trainer '{trainer.name}' leaves {changed[0]} at {after[changed[0]]}, where it was "
            f"{before[changed[0]]}. Set it in a `with` that sets it back, such as parts.reproducible."
        )


TRAINER: tuple[Promise, ...] = (fitting, films_in_order, same_seed, going_on, settings)


def fitted(trainer: TrainerSpec, task: FitTask) -> tuple[list[EpochReport], Fitted]:
    """Reports and result of a whole fit, checked as `ra-bench run` checks them.

    Raises
    ------
    TrainingError
        It yields or returns something else, or predictions that are no finite numbers, one a film.
    """
    reports, result = all_epochs(trainer.fit(task), lambda _: None)
    split = Split(train=task.train.ids, validation=task.validation.ids, test=task.test.ids, origin="tiny")
    check_fitted(result, split, task.model.name)
    if not task.model.baseline:
        check_that_films_matter(result, task.model.name)
    return reports, result


def _turned(films: FilmSet) -> FilmSet:
    """The same films, the last one first."""
    turned: Any = films.films[::-1].copy()
    turned.setflags(write=False)
    return replace(films, ids=films.ids[::-1], films=turned, sizes=films.sizes[::-1])


def _progress(folder: str) -> FileProgress:
    return FileProgress(Path(folder) / RESUME, job="tiny", watch=Stopwatch())
