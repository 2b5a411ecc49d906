"""What is said of a simulated film is what it shows."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from ra_bench.cohorts.synthetic import SITES, joint_positions, simulate_readings
from ra_bench.cohorts.synthetic.cohort import generator_sources, simulate_hands
from ra_bench.cohorts.synthetic.film import render_film
from ra_bench.cohorts.synthetic.sites import RADIUS, drawn_film


def test_sites_are_the_joints_of_the_film_with_their_damage() -> None:
    damage = simulate_readings(3, 1).damage[1]
    drawn = drawn_film(damage, seed=5, width=128)
    places = np.array([(site.x, site.y) for site in drawn.sites]).reshape(2, 31, 2)
    np.testing.assert_allclose(places, joint_positions(seed=5, damage=damage, width=128))
    np.testing.assert_array_equal([site.damage for site in drawn.sites], damage.ravel())
    assert drawn.sites[31].name == f"right {SITES[0].name} (erosion)"


def test_damage_changes_the_film_within_its_site() -> None:
    healthy, damaged = np.zeros((2, 31)), np.zeros((2, 31))
    damaged[0, 1] = 4.0  # erosion of the second knuckle
    before, after = (
        render_film(damage, seed=5, width=256, severity=0.1).astype(float) for damage in (healthy, damaged)
    )
    drawn = drawn_film(damaged, seed=5, width=256)
    y, x = np.mgrid[:192, :256] + 0.5
    middle = joint_positions(seed=5, damage=damaged, width=256, severity=0.1)[0, 1]
    within = np.hypot(x - middle[0], y - middle[1]) <= drawn.sites[1].radius
    change = np.abs(after - before)
    assert change[within].sum() > 0.8 * change.sum()
    assert within.mean() < 0.02


def test_hands_are_where_the_film_is_not_air() -> None:
    damage = np.zeros((2, 31))
    film, drawn = render_film(damage, seed=5, width=128), drawn_film(damage, seed=5, width=128)
    assert drawn.hands.shape == film.shape
    assert 0.2 < drawn.hands.mean() < 0.6
    assert film[drawn.hands].mean() > 3 * film[~drawn.hands].mean()


def test_the_radius_is_in_millimetres_of_the_film() -> None:
    damage = np.zeros((2, 31))
    small, large = (drawn_film(damage, seed=5, width=width).sites[0].radius for width in (64, 128))
    assert large == pytest.approx(2 * small)
    assert RADIUS / 3 < large < RADIUS  # films are 130 to 390 mm wide


def test_a_sample_knows_what_its_film_shows_and_can_be_sent_to_another_process() -> None:
    sample = simulate_hands(2, 64, 3).samples[1]
    assert sample.drawn is not None
    sent = pickle.loads(pickle.dumps(sample.drawn))
    assert sent().sites == sample.drawn().sites


def test_what_is_said_of_films_is_no_part_of_the_cohort_version() -> None:
    names = {Path(source).name for source in generator_sources()}
    assert "film.py" in names
    assert "sites.py" not in names
