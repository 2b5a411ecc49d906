"""Details and noise of simulated films fall off as they do on real ones (docs/explanation/simulated-films.md)."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest

from ra_bench.cohorts.synthetic import render_film, simulate_readings

BENCHMARK = Path(__file__).parents[3] / "benchmarks" / "film_statistics.py"
# Slopes of three real two-hand films at this width, widened by half: -2.86 to -2.68, and -3.26 to -2.99.
DETAILS, NOISE = (-3.4, -2.2), (-3.8, -2.5)


@pytest.fixture(scope="module")
def slopes():
    """Median slope of four films in both bands of fine details."""
    statistics = runpy.run_path(str(BENCHMARK))["statistics"]
    damage = simulate_readings(4, seed=2).damage
    films = [statistics(render_film(damage[seed], seed=seed, width=1024)) for seed in range(4)]
    return [
        float(np.median([film[f"slope from {band} cycles a pixel"] for film in films]))
        for band in ("0.05 to 0.2", "0.2 to 0.45")
    ]


def test_details_of_five_to_twenty_pixels_are_as_many_as_on_real_films(slopes):
    assert DETAILS[0] < slopes[0] < DETAILS[1]


def test_noise_is_not_white(slopes):
    assert NOISE[0] < slopes[1] < NOISE[1]
