import json
import logging
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from ra_bench.errors import NonFiniteLossError, TrainingError
from ra_bench.training.about import about_weights
from ra_bench.training.loop import fit
from ra_bench.training.pretrain import pretrain
from ra_bench.training.protocol import with_overrides


@pytest.fixture
def given(tmp_path, protocol, model, make_films):
    """What pretraining takes: films that are bright (finding 0) or not dark (finding 1)."""
    films, scores = make_films(32, protocol, name="p", seed=4)
    validation, validation_scores = make_films(12, protocol, name="q", seed=5)
    return {
        "model": model,
        "protocol": protocol,
        "films": films,
        "findings": np.column_stack([scores > 50, scores > 20]).astype(float),
        "validation": validation,
        "validation_findings": np.column_stack([validation_scores > 50, validation_scores > 20]).astype(float),
        "seed": 0,
        "device": "cpu",
        "file": tmp_path / "body.safetensors",
    }


def test_a_body_learns_to_tell_findings(given, drain, caplog):
    caplog.set_level(logging.INFO)
    given["protocol"] = with_overrides(given["protocol"], {"pretraining.epochs": 10})
    reports, _ = drain(pretrain(**given))
    assert reports[-1].train_loss < 0.5 * reports[0].train_loss
    assert min(report.validation_rmse for report in reports) < 0.35
    assert "pretraining epoch 10: mean AUROC 0.9" in caplog.text or "mean AUROC 1.0" in caplog.text


def test_reports_are_of_the_stage_pretraining(given, drain):
    reports, _ = drain(pretrain(**given))
    assert [(r.stage, r.epoch, r.epochs, r.films) for r in reports] == [("pretraining", n, 2, 32) for n in (1, 2)]


def test_the_file_holds_a_body_that_the_trainer_takes(given, make_task, drain, caplog):
    caplog.set_level(logging.INFO)
    drain(pretrain(**given))
    _, fitted = drain(fit(make_task(pretrained=given["file"])))
    assert "pretrained body: 8 of 8 tensors loaded" in caplog.text
    assert np.isfinite(fitted.test).all()


def test_the_file_says_what_it_was_told_and_how_well_findings_are_told(given, drain):
    given["protocol"] = with_overrides(given["protocol"], {"pretraining.epochs": 10, "keep": "last"})
    drain(pretrain(**given, about={"model": "tiny"}))
    about = about_weights(given["file"])
    assert (about["model"], about["epoch"]) == ("tiny", "10")
    truth = given["validation_findings"]
    areas = json.loads(about["auroc"])
    assert [counts for _, *counts in areas] == [[int(sum(side)), int(sum(1 - side))] for side in truth.T]
    assert min(area for area, *_ in areas if area is not None) > 0.9


def test_a_finding_that_every_validation_film_has_gets_no_area(given, drain):
    given["validation_findings"][:, 1] = 1
    drain(pretrain(**given))
    assert json.loads(about_weights(given["file"])["auroc"])[1] == [None, 12, 0]


def test_the_same_seed_gives_the_same_body(given, drain):
    bodies = []
    for _ in range(2):
        drain(pretrain(**given))
        bodies.append(load_file(given["file"]))
    assert all(torch.equal(bodies[0][name], bodies[1][name]) for name in bodies[0])


def test_the_last_epoch_is_kept_without_validation_films(given, make_films, drain):
    none, _ = make_films(0, given["protocol"], name="q", seed=0)
    reports, _ = drain(pretrain(**given | {"validation": none, "validation_findings": np.empty((0, 2))}))
    assert all(np.isnan(report.validation_rmse) for report in reports)
    assert given["file"].exists()


def test_a_pretraining_that_is_broken_off_leaves_no_file(given):
    training = pretrain(**given)
    next(training)
    training.close()
    assert not given["file"].exists()


def test_a_model_without_a_head_is_refused(given, drain):
    with pytest.raises(TrainingError, match="names no head, so its body cannot be pretrained"):
        drain(pretrain(**given | {"model": replace(given["model"], head=None)}))


def test_findings_that_do_not_fit_the_films_are_refused(given, drain):
    with pytest.raises(TrainingError, match=r"32 and 12 films have findings of shapes \(31, 2\) and \(12, 2\)"):
        drain(pretrain(**given | {"findings": given["findings"][1:]}))


def test_a_single_film_is_refused(given, make_films, drain):
    one, _ = make_films(1, given["protocol"], name="p", seed=0)
    with pytest.raises(TrainingError, match=r"There are 1 films with 2 findings; pretraining needs at least 2 and 1"):
        drain(pretrain(**given | {"films": one, "findings": given["findings"][:1]}))


def test_films_of_another_size_are_refused(given, drain):
    larger = with_overrides(given["protocol"], {"height": 64})
    with pytest.raises(TrainingError, match=r"The pretraining films are of shape \(32, 32, 32\)"):
        drain(pretrain(**given | {"protocol": larger}))


def test_a_body_that_gives_no_number_for_the_validation_films_is_not_kept(given, drain):
    class OnlyInTraining(nn.Module):
        def __init__(self, net: nn.Module) -> None:
            super().__init__()
            self.net = net

        def forward(self, films: torch.Tensor) -> torch.Tensor:
            return self.net(films) * (1.0 if self.training else float("nan"))

    build = given["model"].build
    broken = replace(given["model"], build=lambda: OnlyInTraining(build()), head="net.head")
    with pytest.raises(NonFiniteLossError, match=r"no finite output .* Lower pretraining\.optimiser\.learning_rate"):
        drain(pretrain(**given | {"model": broken}))
    assert not given["file"].exists()
