from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from ra_bench.errors import NonFiniteLossError, TrainingError
from ra_bench.training.checkpoint import save_body
from ra_bench.training.loop import fit
from ra_bench.training.progress_file import CHECKPOINT


class Recording(nn.Module):
    """A network that keeps the films it is shown in training."""

    def __init__(self, net: nn.Module, seen: list[torch.Tensor]) -> None:
        super().__init__()
        self.net = net
        self.seen = seen

    def forward(self, films: torch.Tensor) -> torch.Tensor:
        if self.training:
            self.seen.append(films.clone())
        return self.net(films)


class Faulty(nn.Module):
    """Turns its output into nan from the given training step on."""

    def __init__(self, net: nn.Module, step: int) -> None:
        super().__init__()
        self.net = net
        self.left = step

    def forward(self, films: torch.Tensor) -> torch.Tensor:
        self.left -= self.training
        return self.net(films) * (float("nan") if self.left < 0 else 1.0)


def test_a_network_learns_the_brightness_of_films(make_task, drain):
    task = make_task(train=48, overrides={"epochs": 12})
    reports, fitted = drain(fit(task))
    spread = task.validation_scores.std()
    assert reports[-1].train_loss < 0.2 * reports[0].train_loss
    assert min(report.validation_rmse for report in reports) < 0.25 * spread
    assert np.corrcoef(fitted.validation, task.validation_scores)[0, 1] > 0.95


@pytest.mark.parametrize("loss", ["wang2022", "l1", "huber"])
def test_it_learns_with_every_loss(make_task, drain, loss):
    task = make_task(train=48, overrides={"epochs": 10, "loss.name": loss})
    reports, _ = drain(fit(task))
    assert min(report.validation_rmse for report in reports) < 0.5 * task.validation_scores.std()


def test_the_same_seed_gives_the_same_predictions_to_the_bit(make_task, drain):
    augmented = {"augmentation.smallest_scale": 0.8, "augmentation.flip": True, "augmentation.contrast": 0.2}
    (first, one), (second, two) = (drain(fit(make_task(overrides=augmented))) for _ in range(2))
    assert np.array_equal(one.test, two.test)
    assert [report.train_loss for report in first] == [report.train_loss for report in second]


def test_another_seed_gives_other_predictions(make_task, drain):
    (_, one), (_, two) = (drain(fit(make_task(seed=seed))) for seed in (0, 1))
    assert not np.array_equal(one.test, two.test)


def test_a_training_done_between_two_steps_of_another_does_not_change_it(make_task, drain, tmp_path):
    _, alone = drain(fit(make_task()))
    disturbed = fit(make_task())
    next(disturbed)
    drain(fit(make_task(seed=9, folder=tmp_path / "other")))
    _, fitted = drain(disturbed)
    assert np.array_equal(fitted.test, alone.test)


def test_reports_tell_what_each_epoch_did(make_task, drain):
    reports, fitted = drain(fit(make_task(train=25, overrides={"epochs": 3})))
    assert [(r.stage, r.epoch, r.epochs, r.films) for r in reports] == [("training", n, 3, 24) for n in (1, 2, 3)]
    assert reports[-1].learning_rate == 0
    assert all(report.seconds > 0 for report in reports)
    assert (fitted.validation.shape, fitted.test.shape) == ((8,), (5,))


def test_cost_is_counted_at_the_input_of_the_protocol(make_task, drain, model):
    _, fitted = drain(fit(make_task()))
    assert fitted.parameters == sum(parameter.numel() for parameter in model.build().parameters())
    assert fitted.madds == 15 * 15 * 27 * 8 + 7 * 7 * 9 * 8 + 8


def test_the_best_epoch_is_kept(make_task, drain):
    reports, fitted = drain(fit(make_task(overrides={"epochs": 6, "optimiser.learning_rate": 0.3})))
    errors = [report.validation_rmse for report in reports]
    assert fitted.kept_epoch == 1 + int(np.argmin(errors))


def test_predictions_are_those_of_the_best_epoch(make_task, drain):
    task = make_task(overrides={"epochs": 6, "optimiser.learning_rate": 0.3})
    reports, fitted = drain(fit(task))
    error = np.sqrt(np.mean((fitted.validation - task.validation_scores) ** 2))
    assert error == pytest.approx(min(report.validation_rmse for report in reports), rel=1e-12)


def test_the_last_epoch_is_kept_where_the_protocol_says_so(make_task, drain):
    task = make_task(overrides={"epochs": 6, "optimiser.learning_rate": 0.3, "keep": "last"})
    reports, fitted = drain(fit(task))
    assert fitted.kept_epoch == 6
    error = np.sqrt(np.mean((fitted.validation - task.validation_scores) ** 2))
    assert error == pytest.approx(reports[-1].validation_rmse, rel=1e-12)


def test_the_checkpoint_loads_safely_and_holds_the_kept_weights(make_task, drain, model):
    task = make_task()
    _, fitted = drain(fit(task))
    checkpoint = torch.load(task.folder / CHECKPOINT, weights_only=True)
    model.build().load_state_dict(checkpoint["weights"])
    assert (checkpoint["model"], checkpoint["epoch"]) == ("tiny-net", fitted.kept_epoch)
    assert checkpoint["scores"]["mean"] == pytest.approx(task.train_scores.mean())


def test_a_training_that_is_broken_off_leaves_no_checkpoint(make_task):
    task = make_task()
    training = fit(task)
    next(training)
    training.close()
    assert list(task.folder.iterdir()) == []
    assert not torch.are_deterministic_algorithms_enabled()


def test_every_epoch_shows_every_film_augmented_anew(make_task, drain, model):
    seen: list[torch.Tensor] = []
    recording = replace(model, build=lambda: Recording(model.build(), seen))
    drain(fit(make_task(train=16, model=recording, overrides={"augmentation.brightness": 0.5})))
    greys = torch.cat(seen).mean(dim=(1, 2, 3))
    assert len(set(greys.tolist())) == 2 * 16


@pytest.mark.parametrize("train", [2, 9, 17])
def test_any_number_of_films_from_two_can_be_trained_on(make_task, drain, train):
    _, fitted = drain(fit(make_task(train=train)))
    assert np.isfinite(fitted.test).all()


def test_a_nan_loss_names_epoch_batch_and_films(make_task, drain, model):
    faulty = replace(model, build=lambda: Faulty(model.build(), step=4))
    with pytest.raises(NonFiniteLossError, match=r"nan in epoch 2 of 2, batch 2 of 3, films (t\d+, ){7}t\d+\."):
        drain(fit(make_task(model=faulty)))


def test_a_network_that_predicts_no_number_for_the_validation_films_is_stopped(make_task, drain, model):
    class OnlyInTraining(Faulty):
        def forward(self, films: torch.Tensor) -> torch.Tensor:
            return self.net(films) * (1.0 if self.training else float("nan"))

    task = make_task(model=replace(model, build=lambda: OnlyInTraining(model.build(), step=0)))
    with pytest.raises(NonFiniteLossError, match=r"no finite score for the validation films in any of 2 epochs"):
        drain(fit(task))


def test_a_network_with_two_outputs_is_refused(make_task, drain, model):
    two = replace(model, build=lambda: nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 2)))
    with pytest.raises(TrainingError, match=r"'tiny-net' gives a tensor of shape \(8, 2\)"):
        drain(fit(make_task(model=two)))


def test_films_of_another_size_are_refused(make_task, drain):
    task = make_task()
    with pytest.raises(TrainingError, match=r"training films are of shape \(24, 32, 32\).* needs \(24, 40, 40\)"):
        drain(fit(replace(task, protocol=replace(task.protocol, height=40, width=40))))


def test_films_without_scores_are_refused(make_task, drain):
    with pytest.raises(TrainingError, match=r"8 validation films have scores of shape \(3,\); give one a film"):
        drain(fit(make_task(validation_scores=np.zeros(3))))


def test_a_single_training_film_is_refused(make_task, drain):
    with pytest.raises(TrainingError, match=r"There are 1 training and 8 validation films; .* at least 2 and 1"):
        drain(fit(make_task(train=1)))


def test_a_training_without_validation_films_is_refused(make_task, make_films, protocol, drain):
    none, scores = make_films(0, protocol, name="v", seed=0)
    with pytest.raises(TrainingError, match="There are 24 training and 0 validation films"):
        drain(fit(make_task(validation=none, validation_scores=scores)))


def test_a_pretrained_body_is_loaded_and_the_head_is_fresh(make_task, drain, model, tmp_path):
    torch.manual_seed(1)
    pretrained = model.build()
    save_body(pretrained, "head", tmp_path / "body.pt")
    frozen = {"optimiser.learning_rate": 1e-12, "epochs": 1}
    task = make_task(overrides=frozen, pretrained=tmp_path / "body.pt")
    drain(fit(task))
    kept = torch.load(task.folder / CHECKPOINT, weights_only=True)["weights"]
    assert torch.allclose(kept["stem.weight"], pretrained.stem.weight, atol=1e-6)
    assert not torch.allclose(kept["head.weight"], pretrained.head.weight, atol=1e-2)


def test_nothing_of_a_pretrained_body_is_frozen(make_task, drain, model, tmp_path):
    pretrained = model.build()
    save_body(pretrained, "head", tmp_path / "body.pt")
    task = make_task(pretrained=tmp_path / "body.pt")
    drain(fit(task))
    kept = torch.load(task.folder / CHECKPOINT, weights_only=True)["weights"]
    trained = dict(pretrained.named_parameters())
    assert not any(torch.equal(kept[name], trained[name]) for name in trained)


def test_a_memory_map_on_disk_trains_without_being_read_as_a_whole(make_task, drain, tmp_path):
    task = make_task()
    np.save(tmp_path / "films.npy", task.train.films)
    mapped = np.load(tmp_path / "films.npy", mmap_mode="r")
    _, fitted = drain(fit(replace(task, train=replace(task.train, films=mapped))))
    _, expected = drain(fit(task))
    assert np.array_equal(fitted.test, expected.test)


def test_films_of_sixteen_bits_train_as_the_same_films_of_eight(make_task, drain):
    task = make_task()
    sides = {
        side: replace(getattr(task, side), films=getattr(task, side).films.astype(np.uint16) * np.uint16(257))
        for side in ("train", "validation", "test")
    }
    eight, _ = drain(fit(task))
    sixteen, _ = drain(fit(replace(task, **sides)))
    assert [report.train_loss for report in sixteen] == pytest.approx([report.train_loss for report in eight], rel=0.02)
