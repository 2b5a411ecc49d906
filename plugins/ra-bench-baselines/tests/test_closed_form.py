"""The trainer "closed-form" from a task to predictions."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from ra_bench import EpochReport, FilmSet, FitTask, Fitted, ModelSpec, Protocol, TrainingError
from ra_bench_baselines.plugin import register_models
from ra_bench_baselines.trainer import fit

MODELS = {spec.name: spec for spec in register_models()}


def side(name: str, *, films: int, seed: int) -> tuple[FilmSet, NDArray[np.float64]]:
    """Noise whose left half gets brighter with the score."""
    random = np.random.default_rng(seed)
    scores = random.uniform(0, 200, films)
    pixels = random.integers(0, 50, (films, 48, 64))
    pixels[:, :, :32] += scores.astype(int)[:, np.newaxis, np.newaxis]
    ids = tuple(f"{name}-{n}" for n in range(films))
    return FilmSet(ids=ids, films=pixels.astype(np.uint8), sizes=np.tile([480, 640], (films, 1))), scores


@pytest.fixture
def task(tmp_path: Path) -> FitTask:
    train, train_scores = side("train", films=60, seed=0)
    validation, validation_scores = side("validation", films=20, seed=1)
    test, _ = side("test", films=10, seed=2)
    return FitTask(
        model=MODELS["mean"],
        protocol=cast("Protocol", None),  # nothing in closed form reads it
        seed=0,
        device="cpu",
        folder=tmp_path,
        pretrained=None,
        train=train,
        train_scores=train_scores,
        validation=validation,
        validation_scores=validation_scores,
        test=test,
    )


def run(task: FitTask) -> tuple[list[EpochReport], Fitted]:
    reports = []
    epochs = fit(task)
    while True:
        try:
            reports.append(next(epochs))
        except StopIteration as end:
            return reports, end.value


def empty(films: FilmSet) -> FilmSet:
    return FilmSet(ids=(), films=films.films[:0], sizes=films.sizes[:0])


@dataclass
class Fixed:
    """Predicts whatever it is told to."""

    predicted: Any

    def fit(self, task: FitTask) -> int:
        return 0

    def predict(self, films: FilmSet) -> Any:
        return self.predicted


def guest(build: Any) -> ModelSpec:
    return ModelSpec(name="guest", build=build, citation="none", trainer="closed-form")


def test_mean_predicts_the_mean_of_the_training_scores(task: FitTask) -> None:
    _, fitted = run(replace(task, model=MODELS["mean"]))

    assert fitted.test.tolist() == pytest.approx([task.train_scores.mean()] * 10)


def test_median_predicts_the_median_of_the_training_scores(task: FitTask) -> None:
    _, fitted = run(replace(task, model=MODELS["median"]))

    assert fitted.test.tolist() == pytest.approx([np.median(task.train_scores)] * 10)


@pytest.mark.parametrize("name", ["film-statistics", "thumbnail"])
def test_a_ridge_finds_a_score_that_shows_in_grey_values(name: str, task: FitTask) -> None:
    _, reference = side("test", films=10, seed=2)
    _, fitted = run(replace(task, model=MODELS[name]))

    assert np.corrcoef(fitted.test, reference)[0, 1] > 0.95


@pytest.mark.parametrize("spec", MODELS.values(), ids=MODELS)
def test_it_reports_one_epoch_with_the_training_error_in_score_units(spec: ModelSpec, task: FitTask) -> None:
    reports, fitted = run(replace(task, model=spec))
    (report,) = reports

    assert (report.stage, report.epoch, report.epochs, report.films) == ("training", 1, 1, 60)
    assert report.validation_rmse == pytest.approx(np.sqrt(np.mean((fitted.validation - task.validation_scores) ** 2)))
    assert report.seconds > 0


def test_the_training_error_of_the_mean_is_the_standard_deviation(task: FitTask) -> None:
    reports, _ = run(task)

    assert reports[0].train_loss == pytest.approx(task.train_scores.std())


@pytest.mark.parametrize("spec", MODELS.values(), ids=MODELS)
def test_it_fits_as_many_coefficients_as_the_model_declares(spec: ModelSpec, task: FitTask) -> None:
    _, fitted = run(replace(task, model=spec))

    assert (fitted.parameters, fitted.madds) == (spec.parameters, None)


@pytest.mark.parametrize("spec", MODELS.values(), ids=MODELS)
def test_the_same_films_give_the_same_predictions_whatever_the_seed(spec: ModelSpec, task: FitTask) -> None:
    _, first = run(replace(task, model=spec, seed=0))
    _, second = run(replace(task, model=spec, seed=1))

    assert first.test.tobytes() == second.test.tobytes()


def test_the_strength_kept_is_the_best_on_the_validation_films(task: FitTask) -> None:
    unrelated = np.random.default_rng(9).permutation(task.validation_scores)
    _, related_fit = run(replace(task, model=MODELS["thumbnail"]))
    _, unrelated_fit = run(replace(task, model=MODELS["thumbnail"], validation_scores=unrelated))

    assert unrelated_fit.test.std() < related_fit.test.std() / 10  # all but shrunk to the mean


def test_films_that_all_look_the_same_get_the_mean(task: FitTask) -> None:
    dark = FilmSet(ids=task.train.ids, films=np.zeros_like(task.train.films), sizes=task.train.sizes)
    _, fitted = run(replace(task, model=MODELS["thumbnail"], train=dark))

    assert fitted.test.tolist() == pytest.approx([task.train_scores.mean()] * 10)


def test_one_film_a_side_is_enough(task: FitTask) -> None:
    train, train_scores = side("train", films=1, seed=0)
    validation, validation_scores = side("validation", films=1, seed=1)
    small = replace(
        task,
        model=MODELS["thumbnail"],
        train=train,
        train_scores=train_scores,
        validation=validation,
        validation_scores=validation_scores,
    )

    assert run(small)[1].test.tolist() == pytest.approx([train_scores[0]] * 10)


def test_no_test_films_give_no_predictions(task: FitTask) -> None:
    assert run(replace(task, model=MODELS["thumbnail"], test=empty(task.test)))[1].test.shape == (0,)


def test_no_training_films_are_refused(task: FitTask) -> None:
    without = replace(task, train=empty(task.train), train_scores=np.empty(0))

    with pytest.raises(TrainingError, match=r"There are no training films\. Give that side of the split at least one"):
        run(without)


def test_no_validation_films_are_refused(task: FitTask) -> None:
    without = replace(task, validation=empty(task.validation), validation_scores=np.empty(0))

    with pytest.raises(TrainingError, match=r"There are no validation films\."):
        run(without)


def test_a_score_that_is_no_number_is_refused_by_its_film(task: FitTask) -> None:
    scores = task.train_scores.copy()
    scores[3] = np.nan

    with pytest.raises(TrainingError, match=r"The score of training film 'train-3' is not a number\."):
        run(replace(task, train_scores=scores))


def test_a_model_that_cannot_be_fitted_in_closed_form_is_refused(task: FitTask) -> None:
    with pytest.raises(TrainingError, match=r"'guest' gives \(object\) lacks them\. Leave `trainer` out"):
        run(replace(task, model=guest(object)))


def test_predictions_of_another_shape_are_refused(task: FitTask) -> None:
    with pytest.raises(TrainingError, match=r"'guest' predicts an array of shape \(20, 1\) for 20 films"):
        run(replace(task, model=guest(lambda: Fixed(np.zeros((20, 1))))))


def test_a_prediction_that_is_not_finite_is_refused_by_its_film(task: FitTask) -> None:
    predicted = np.zeros(20)
    predicted[7] = np.inf

    with pytest.raises(TrainingError, match=r"'guest' predicts inf for film 'validation-7'"):
        run(replace(task, model=guest(lambda: Fixed(predicted))))
