"""Records, jobs and metrics that the tests of the boards make up, under the fixture `made`."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from ra_bench.metrics import ccc, ccc_from_sums, mae, mae_from_sums, pearson, pearson_from_sums, rmse, rmse_from_sums
from ra_bench.specs import MetricSpec
from ra_bench.values import Failure, Fold, Job, Predictions, RunRecord

SVH = "SvH units"
RHO = MetricSpec(
    name="rho", label="rho", unit="", compute=pearson, best="high", from_sums=pearson_from_sums, interval="percentile"
)
MAE = MetricSpec(name="mae", label="MAE", unit=SVH, compute=mae, best="low", from_sums=mae_from_sums, interval="bca")
RMSE = MetricSpec(name="rmse", label="RMSE", unit=SVH, compute=rmse, best="low", from_sums=rmse_from_sums)
CCC = MetricSpec(
    name="ccc", label="CCC", unit="", compute=ccc, best="high", from_sums=ccc_from_sums, interval="percentile"
)
METRICS = (RHO, MAE, RMSE, CCC)

FILMS = 60


def readings(films: int = FILMS, seed: int = 5) -> dict[str, tuple[float, ...]]:
    """Two readers of one cohort: skewed scores, errors that grow with the score."""
    generator = np.random.default_rng(seed)
    truth = generator.gamma(1.2, 40.0, films)
    noise = generator.normal(0.0, 4.0 + 0.1 * truth, (2, films))
    first, second = np.clip(np.round(truth + noise), 0, 280)
    return {"reader1": tuple(first.tolist()), "reader2": tuple(second.tolist())}


def predictions(error: float, seed: int, films: int = FILMS, films_a_patient: int = 1) -> Predictions:
    """Predictions with normal errors of so many units around the mean of the two readers."""
    scores = readings(films)
    reference = (np.array(scores["reader1"]) + np.array(scores["reader2"])) / 2
    noise = np.random.default_rng(seed).normal(0.0, error, films)
    return Predictions(
        ids=tuple(f"film{row:03d}" for row in range(films)),
        patients=tuple(f"patient{row // films_a_patient:03d}" for row in range(films)),
        readings=scores,
        predicted=tuple((reference + noise).tolist()),
    )


def job(model: str, seed: int = 0) -> Job:
    return Job(
        key=f"{model}-{seed}",
        board="made-up",
        model=model,
        seed=seed,
        dataset="made-up",
        cohort="cohort1",
        split="split1",
        protocol="quick",
        protocol_hash="protocol1",
        plugin=f"ra-bench-{model}",
        plugin_version="0.1.0",
        plugin_source="source1",
        trainer="standard",
        trainer_source="source2",
    )


def record(model: str, given: Predictions, seed: int = 0) -> RunRecord:
    return RunRecord(
        job=job(model, seed),
        protocol={},
        predictions=given,
        history=(),
        parameters=23_502_401,
        madds=85_400_000_000,
        seconds=120.0,
        seconds_per_epoch=12.25,
        peak_memory=3 * 2**30,
        kept_epoch=3,
        pretrained_on=None,
        overrides={},
        device="cpu",
        finished="2022-03-01T12:00:00Z",
        environment={"python": "3.11.9", "torch": "2.4.0"},
    )


def in_folds(record, sites=("", "", "")):
    """The record cut into three folds, every third patient each."""
    given = record.predictions
    order = sorted(set(given.patients))
    place = np.array([order.index(patient) % len(sites) for patient in given.patients])
    parts = []
    for number, site in enumerate(sites):
        rows = np.flatnonzero(place == number)
        chosen = replace(
            given,
            ids=tuple(given.ids[row] for row in rows),
            patients=tuple(given.patients[row] for row in rows),
            readings={reader: tuple(scores[row] for row in rows) for reader, scores in given.readings.items()},
            predicted=tuple(given.predicted[row] for row in rows),
        )
        fold = Fold(number=number + 1, of=len(sites), site=site)
        parts.append(replace(record, job=replace(record.job, fold=fold), predictions=chosen))
    return parts


def constant(value: float, given: Predictions) -> Predictions:
    """The same films, one answer for all of them."""
    return replace(given, predicted=(value,) * len(given.ids))


def failure(model: str, reason: str, seed: int = 0) -> Failure:
    return Failure(job=job(model, seed), reason=reason, log="log.txt")


def board_records() -> list[RunRecord]:
    """Four models of clearly different quality but two, and two baselines."""
    mean = replace(record("mean", constant(38.8, predictions(1, 1))), parameters=None, madds=None)
    return [
        record("close-a", predictions(20, 1)),
        record("close-b", predictions(20.5, 2)),
        record("best", predictions(8, 3)),
        record("collapsed", constant(40.0, predictions(1, 1))),
        mean,
        record("statistics", predictions(40, 4)),
    ]


@pytest.fixture(scope="session")
def made() -> SimpleNamespace:
    return SimpleNamespace(
        board_records=board_records,
        constant=constant,
        failure=failure,
        films=FILMS,
        in_folds=in_folds,
        job=job,
        metrics=METRICS,
        predictions=predictions,
        readings=readings,
        record=record,
    )
