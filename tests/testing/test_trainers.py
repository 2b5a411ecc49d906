"""Every promise of a trainer: kept by the suite's own, and broken by one that breaks just this."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace

import numpy as np
import pytest
import torch

from ra_bench import EpochReport, Fitted, TrainerSpec
from ra_bench.builtin import register_trainers
from ra_bench.errors import RaBenchError
from ra_bench.testing import of_trainers
from ra_bench.testing.tiny import TINY_NET

(STANDARD,) = register_trainers()
COUNTER = itertools.count()


def report(epoch=1, epochs=1, **facts):
    said = {"train_loss": 1.0, "validation_rmse": 30.0, "learning_rate": 0.1, "seconds": 0.1, "films": 24}
    return EpochReport(**{"stage": "training", "epoch": epoch, "epochs": epochs, **said, **facts})


def greys(films):
    return np.array([film.mean() for film in films.films])


def trainer(predict=greys, reports=None, do=lambda: None):
    def fit(task):
        do()
        yield from reports or [report()]
        return Fitted(validation=greys(task.validation), test=predict(task.test))

    return TrainerSpec(name="mine", fit=fit)


class Part:
    """Says nothing of what it has come to."""

    def state_dict(self):
        return {}

    def load_state_dict(self, state):
        pass


def keeping(restores, first=lambda done: done + 1):
    """Two epochs; what it predicts hangs on how many it did in this try."""

    def fit(task):
        done = task.progress.restore({"part": Part()})
        did = 0
        for epoch in range(first(done), 3):
            did += 1
            task.progress.keep(report(epoch, 2), {"part": Part()})
            yield report(epoch, 2)
        return Fitted(validation=greys(task.validation), test=greys(task.test) + (0 if restores else did))

    return TrainerSpec(name="mine", fit=fit)


BROKEN = [
    ("fitting", trainer(reports=["an epoch"]), "A trainer's fit yielded str. It yields EpochReport."),
    ("fitting", trainer(reports=[report(0, 1)]), "Report 1 of the trainer 'mine' says epoch 0 of 1, and there were 1"),
    ("fitting", trainer(reports=[report(train_loss=float("nan"))]), "reports train_loss=nan and validation_rmse=30 in"),
    ("fitting", trainer(reports=[report(seconds=-1.0)]), "reports -1 seconds and 24 films in epoch 1. Time with"),
    ("fitting", trainer(lambda films: greys(films)[1:]), "gave test predictions of shape (4,) for 5 films"),
    ("fitting", trainer(lambda films: greys(films) * np.nan), "predicts no finite number for test film 'e0'"),
    ("films_in_order", trainer(lambda films: np.arange(5.0)), "when the test films come in another order"),
    (
        "same_seed",
        trainer(lambda films: greys(films) + next(COUNTER)),
        "predicts otherwise the second time, by 1, from",
    ),
    ("going_on", keeping(restores=False), "predicts otherwise, by 1, after it was stopped and went on"),
    ("going_on", keeping(restores=True, first=lambda done: 1), "after the first of 2 epochs and then reports 2 more"),
    ("settings", trainer(do=lambda: torch.use_deterministic_algorithms(True)), "leaves torch.use_deterministic_algori"),
]


@pytest.mark.parametrize(("name", "broken", "said"), BROKEN, ids=[f"{name}-{said[:20]}" for name, _, said in BROKEN])
def test_a_trainer_that_breaks_one_promise_is_told_what_and_how_to_mend_it(name, broken, said):
    with pytest.raises(RaBenchError, match=re.escape(said)):
        getattr(of_trainers, name)(broken, TINY_NET)


def test_every_promise_is_broken_by_something_here():
    assert {name for name, _, _ in BROKEN} == {promise.__name__ for promise in of_trainers.TRAINER}


@pytest.mark.parametrize("promise", of_trainers.TRAINER, ids=lambda promise: promise.__name__)
def test_the_standard_trainer_keeps(promise):
    promise(STANDARD, TINY_NET)


def test_the_standard_trainer_goes_on_and_does_not_start_anew():
    assert of_trainers.going_on(STANDARD, TINY_NET) == ""


def test_one_that_starts_anew_is_told_so_and_not_refused():
    assert of_trainers.going_on(trainer(), TINY_NET) == (
        "it starts anew after a stop, since it leaves `task.progress` alone"
    )


def test_a_model_that_says_the_same_of_every_film_does_not_train():
    constant = trainer(lambda films: np.full(len(films.ids), 40.0))

    def fit(task):
        fitted = yield from constant.fit(task)
        return replace(fitted, validation=np.full(len(task.validation.ids), 40.0))

    with pytest.raises(RaBenchError, match="its output does not depend on its input"):
        of_trainers.fitting(TrainerSpec(name="blind", fit=fit), TINY_NET)
