"""Contenders and files that the tests of comparisons make up, under the fixture `made_up`."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from ra_bench.reports.sources import Contender
from ra_bench.values import Predictions

FILMS = 80


def reference(films=FILMS):
    return np.round(np.random.default_rng(5).gamma(1.2, 40.0, films), 1)


def predictions(error, seed=0, films=FILMS, films_a_patient=1, shift=0.0):
    """Predictions with normal errors of so many units around one reference."""
    scores = reference(films)
    given = scores + shift + np.random.default_rng([seed, 1]).normal(0.0, error, films)
    return Predictions(
        ids=tuple(f"film{row:03d}" for row in range(films)),
        patients=tuple(f"patient{row // films_a_patient:03d}" for row in range(films)),
        readings={"mean": tuple(scores.tolist())},
        predicted=tuple(given.tolist()),
    )


def contender(name, *seeds, **facts):
    return Contender(name=name, source=f"{name}.csv", predictions=seeds, seeds=tuple(range(len(seeds))), **facts)


def csv_of(given):
    lines = ["id,patient,reference,predicted"]
    rows = zip(given.ids, given.patients, given.readings["mean"], given.predicted, strict=True)
    return "\n".join([*lines, *(f"{film},{who},{score},{said}" for film, who, score, said in rows)]) + "\n"


@pytest.fixture
def made_up():
    return SimpleNamespace(
        FILMS=FILMS, reference=reference, predictions=predictions, contender=contender, csv_of=csv_of
    )
