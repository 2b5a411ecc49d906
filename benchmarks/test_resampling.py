"""Resampling for a board against scipy.stats.bootstrap, at the sizes of the paper.

Run with ``OMP_NUM_THREADS=1 pytest benchmarks/test_resampling.py -s``. scipy is timed on two smaller numbers of
resamples and drawn out in a straight line, so that its jackknife, which does not grow with them, counts once.
"""

from __future__ import annotations

import time
import tracemalloc
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pytest
from scipy import stats

from ra_bench.metrics import (
    INTERVAL_METHODS,
    bias_from_sums,
    ccc_from_sums,
    draw_patients,
    interval,
    mae_from_sums,
    pearson_from_sums,
    resample_metric,
    resample_sums,
    rmse_from_sums,
)

if TYPE_CHECKING:
    from collections.abc import Callable

FROM_SUMS = {
    "rho": pearson_from_sums,
    "mae": mae_from_sums,
    "rmse": rmse_from_sums,
    "ccc": ccc_from_sums,
    "bias": bias_from_sums,
}
RESAMPLES = 9999
FEWER = (500, 1500)


def scores(films: int, models: int) -> tuple[np.ndarray, list[np.ndarray]]:
    generator = np.random.default_rng(0)
    reference = generator.gamma(1.228, 39, films)
    return reference, [reference + generator.normal(0, 15, films) for _ in range(models)]


def board(reference: np.ndarray, predictions: list[np.ndarray]) -> list[tuple[float, float]]:
    sums = resample_sums(draw_patients(np.arange(reference.size), resamples=RESAMPLES), reference, predictions)
    return [
        interval(resample_metric(from_sums, one), INTERVAL_METHODS[name]).ends
        for one in sums
        for name, from_sums in FROM_SUMS.items()
    ]


def by_scipy(reference: np.ndarray, predicted: np.ndarray, resamples: int) -> None:
    """Five metrics of one model, vectorized and in batches, as scipy is fastest."""

    def ccc(y: np.ndarray, p: np.ndarray, axis: int) -> Any:
        bias = (p - y).mean(axis)
        return 2 * covariance(y, p, axis) / (y.var(axis) + p.var(axis) + bias**2)

    def covariance(y: np.ndarray, p: np.ndarray, axis: int) -> Any:
        return ((y - y.mean(axis, keepdims=True)) * (p - p.mean(axis, keepdims=True))).mean(axis)

    metrics: dict[str, Any] = {
        "rho": lambda y, p, axis: covariance(y, p, axis) / (y.std(axis) * p.std(axis)),
        "mae": lambda y, p, axis: np.abs(p - y).mean(axis),
        "rmse": lambda y, p, axis: np.sqrt(np.square(p - y).mean(axis)),
        "ccc": ccc,
        "bias": lambda y, p, axis: (p - y).mean(axis),
    }
    for name, metric in metrics.items():
        # The bias gets its t interval from one mean; a percentile interval is the least scipy can be asked for.
        method: Literal["bca", "percentile"] = "bca" if INTERVAL_METHODS[name] == "bca" else "percentile"
        stats.bootstrap(
            (reference, predicted), metric, paired=True, n_resamples=resamples, batch=100, method=method, rng=0
        )


@pytest.mark.parametrize(("films", "models"), [(158, 1), (158, 10), (3818, 1), (3818, 10)])
def test_a_board_is_resampled_within_two_seconds(benchmark: Any, films: int, models: int) -> None:
    data = scores(films, models)

    found = benchmark.pedantic(board, args=data, rounds=3, warmup_rounds=1)

    assert len(found) == 5 * models
    # With --benchmark-disable there are no times to look at.
    assert benchmark.stats is None or benchmark.stats.stats.min < 2


def test_ten_models_at_3818_films_stay_within_100_mib() -> None:
    data = scores(3818, 10)
    tracemalloc.start()
    board(*data)
    peak = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    print(f"\npeak {peak:.0f} MiB for ten models, 3,818 films, {RESAMPLES:,} resamples, five metrics")

    assert peak < 100


def seconds(work: Callable[..., object], *arguments: object) -> float:
    start = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - start


@pytest.mark.slow
@pytest.mark.parametrize("models", [1, 10])
def test_a_board_of_3818_films_is_faster_than_scipy(models: int) -> None:
    reference, predictions = scores(3818, models)
    ours = seconds(board, reference, predictions)
    few, more = (seconds(by_scipy, reference, predictions[0], resamples) for resamples in FEWER)
    slope = (more - few) / (FEWER[1] - FEWER[0])
    theirs = models * (few + slope * (RESAMPLES - FEWER[0]))
    print(
        f"\nfive metrics, {models} models, 3,818 films, {RESAMPLES:,} resamples: {ours:.2f} s; scipy one "
        f"model {few:.2f} s for {FEWER[0]} and {more:.2f} s for {FEWER[1]}, which makes {theirs:.1f} s for all: "
        f"{theirs / ours:.0f} times as long"
    )

    assert theirs > ours
