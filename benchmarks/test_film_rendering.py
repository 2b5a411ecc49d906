"""How many simulated films one core renders in a second."""

from __future__ import annotations

from itertools import count, cycle
from typing import TYPE_CHECKING

import pytest

from ra_bench.cohorts.synthetic import render_film, simulate_readings
from ra_bench.cohorts.synthetic.chest_film import draw_chest

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture


@pytest.mark.parametrize("width", [256, 1024])
def test_films_a_second(benchmark: BenchmarkFixture, width: int) -> None:
    damage = simulate_readings(16, seed=1).damage
    seeds = cycle(range(16))

    def one_film() -> None:
        seed = next(seeds)
        render_film(damage[seed], seed=seed, width=width)

    benchmark(one_film)
    benchmark.extra_info["films_a_second"] = 1 / benchmark.stats.stats.mean


def test_chest_films_a_second(benchmark: BenchmarkFixture) -> None:
    films = count()

    def one_film() -> None:
        draw_chest({"Edema", "Pleural Effusion"}, view="Frontal", patient=1, film=next(films), seed=0)

    benchmark(one_film)
    benchmark.extra_info["films_a_second"] = 1 / benchmark.stats.stats.mean
