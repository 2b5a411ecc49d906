"""The trainer "weight-averaging", against means taken by hand of what the standard trainer passes through."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from ra_bench import (
    EpochReport,
    FilmSet,
    FitTask,
    Fitted,
    Loss,
    ModelSpec,
    Optimiser,
    Pretraining,
    Protocol,
    SplitRule,
    TrainingError,
    parts,
)
from ra_bench.builtin import register_trainers as standard_trainers
from ra_bench.testing import Check, plugin_checks
from ra_bench_weight_averaging.plugin import register_trainers
from ra_bench_weight_averaging.trainer import first_averaged

RULE = Optimiser(name="sgd", learning_rate=0.05, schedule="constant")
PROTOCOL = Protocol(
    name="averaging",
    summary="For tests.",
    height=32,
    width=32,
    split=SplitRule(train=60, validation=20, test=20),
    epochs=8,
    batch_size=12,
    loss=Loss(name="mse"),
    optimiser=RULE,
    pretraining=Pretraining(epochs=1, batch_size=8, optimiser=RULE),
    keep="last",
)
(AVERAGING,) = register_trainers()
(STANDARD,) = standard_trainers()


def net() -> nn.Module:
    body = nn.Sequential(nn.Conv2d(3, 4, 3, stride=4), nn.BatchNorm2d(4), nn.ReLU(), nn.AdaptiveAvgPool2d(1))
    return nn.Sequential(body, nn.Flatten(), nn.Linear(4, 1))


def films(count: int, *, seed: int) -> tuple[FilmSet, Any]:
    """Noise around a grey of 60 + score."""
    draw = np.random.default_rng(seed)
    scores = draw.uniform(0, 100, count)
    grey = draw.normal(60 + scores[:, None, None], 10, (count, 32, 32)).clip(0, 255).astype(np.uint8)
    ids = tuple(f"film{seed}-{number}" for number in range(count))
    return FilmSet(ids=ids, films=grey, sizes=np.tile([32, 32], (count, 1))), scores


@pytest.fixture
def task(tmp_path: Path) -> FitTask:
    """Twelve training films: a batch of twelve makes an epoch of one step."""
    torch.set_num_threads(1)
    (train, train_scores), (validation, validation_scores) = films(12, seed=1), films(8, seed=2)
    return FitTask(
        model=ModelSpec(name="net", build=net, citation="", head="2"),
        protocol=PROTOCOL,
        seed=0,
        device="cpu",
        folder=tmp_path,
        pretrained=None,
        train=train,
        train_scores=train_scores,
        validation=validation,
        validation_scores=validation_scores,
        test=films(5, seed=3)[0],
    )


def run(trainer: Any, task: FitTask, **changes: Any) -> tuple[list[EpochReport], Fitted, dict[str, torch.Tensor]]:
    """Reports, what is returned, and the weights that were kept."""
    reports = []
    epochs = trainer.fit(replace(task, protocol=replace(task.protocol, **changes)))
    while True:
        try:
            reports.append(next(epochs))
        except StopIteration as end:
            weights = torch.load(task.folder / parts.CHECKPOINT, weights_only=True)["weights"]
            return reports, end.value, weights


@pytest.mark.parametrize("check", plugin_checks("ra-bench-weight-averaging"), ids=str)
def test_it_keeps_the_contract(check: Check) -> None:
    check()


def test_it_answers_with_the_mean_of_the_weights_after_each_step_of_the_last_quarter(task: FitTask) -> None:
    # The rate is constant, so that k epochs of one step are the first k steps of eight.
    seventh, eighth = (run(STANDARD, task, epochs=epochs)[2]["0.0.weight"] for epochs in (7, 8))
    averaged = run(AVERAGING, task)[2]["0.0.weight"]

    assert not torch.equal(seventh, eighth)
    torch.testing.assert_close(averaged, (seventh + eighth) / 2)


def test_in_a_short_training_the_steps_of_the_last_epoch_are_averaged(task: FitTask) -> None:
    # 12 films in batches of 6: the second step's weights are those of a whole epoch, the first's those at half of it
    kept: list[torch.Tensor] = []

    def build() -> nn.Module:
        watched = net()
        watched.register_forward_pre_hook(
            lambda module, _: kept.append(module[0][0].weight.detach().clone()) if module.training else None
        )
        return watched

    run(STANDARD, replace(task, model=replace(task.model, build=build)), epochs=1, batch_size=6)
    end = run(STANDARD, task, epochs=1, batch_size=6)[2]["0.0.weight"]
    averaged = run(AVERAGING, task, epochs=1, batch_size=6)[2]["0.0.weight"]

    torch.testing.assert_close(averaged, (kept[1] + end) / 2)


def test_batch_normalisation_gets_the_statistics_of_the_training_films_under_the_averaged_weights(
    task: FitTask,
) -> None:
    weights = run(AVERAGING, task)[2]
    shown = parts.training_batch(
        task.train,
        range(12),
        protocol=PROTOCOL,
        greys=parts.spread_of_films(task.train.films),
        seed=0,
        epoch=8,
        device=torch.device("cpu"),
    )
    given = nn.functional.conv2d(shown, weights["0.0.weight"], weights["0.0.bias"], stride=4)

    torch.testing.assert_close(weights["0.1.running_mean"], given.mean(dim=(0, 2, 3)), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(weights["0.1.running_var"], given.var(dim=(0, 2, 3)), rtol=1e-4, atol=1e-5)


def test_until_the_last_quarter_it_is_the_standard_trainer(task: FitTask) -> None:
    standard, averaging = run(STANDARD, task)[0], run(AVERAGING, task)[0]

    assert [report.train_loss for report in averaging] == [report.train_loss for report in standard]
    same = [a.validation_rmse == s.validation_rmse for a, s in zip(averaging, standard, strict=True)]
    assert same == [True] * 6 + [False] * 2


def test_what_is_reported_last_is_what_predicts(task: FitTask) -> None:
    reports, fitted, _ = run(AVERAGING, task)

    assert reports[-1].validation_rmse == parts.rmse(task.validation_scores, fitted.validation)
    assert (fitted.test.shape, fitted.kept_epoch) == ((5,), 8)


def test_the_best_of_the_averaged_epochs_is_kept_where_the_protocol_asks_for_the_best(task: FitTask) -> None:
    reports, fitted, _ = run(AVERAGING, task, epochs=16, keep="best-validation-rmse")
    averaged = [report.validation_rmse for report in reports[12:]]

    assert fitted.kept_epoch == 13 + int(np.argmin(averaged))


def test_counts_are_those_of_one_network(task: FitTask) -> None:
    fitted = run(AVERAGING, task, epochs=1)[1]

    assert fitted.parameters == sum(parameter.numel() for parameter in net().parameters())
    assert (fitted.madds, fitted.uncounted) == (3 * 4 * 9 * 8 * 8 + 4, ())


def test_averages_that_predict_nothing_finite_are_refused(task: FitTask) -> None:
    def build() -> nn.Module:
        broken = net()
        broken.register_forward_hook(lambda module, _, scores: scores if module.training else scores * float("nan"))
        return broken

    with pytest.raises(TrainingError, match=r"The averaged weights of 'net' predicted no finite score .* Lower optimi"):
        run(AVERAGING, replace(task, model=replace(task.model, build=build)), keep="best-validation-rmse")


@pytest.mark.parametrize(("epochs", "first"), [(1, 1), (7, 7), (8, 7), (30, 24), (100, 76)])
def test_the_last_quarter_begins_at(epochs: int, first: int) -> None:
    assert first_averaged(epochs) == first


def test_it_registers_one_trainer_and_no_model() -> None:
    import ra_bench_weight_averaging.plugin as it

    assert (AVERAGING.name, AVERAGING.uses_parts) == ("weight-averaging", True)
    assert not hasattr(it, "register_models")
