"""The simulated film shows the damage at the joints, and only there."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from ra_bench.cohorts.synthetic.film import gross_severity, joint_positions, render_film
from ra_bench.cohorts.synthetic.readers import SITES

MAXIMA = np.array([site.maximum for site in SITES], dtype=float)
EVERY_SITE = [pytest.param(side, site, id=f"{'LR'[side]}-{SITES[site].kind}-{SITES[site].name}")
              for side in range(2) for site in range(31)]  # fmt: skip
# Wrist joints are larger than finger joints, and a defect of the largest grade spreads with them.
REACH = 0.085


def healthy():
    return np.zeros((2, 31))


def with_site(side, site, share):
    damage = healthy()
    damage[side, site] = share * MAXIMA[site]
    return damage


@pytest.mark.parametrize("width", [32, 100, 128, 256, 600])
def test_a_film_is_four_by_three_at_every_width(width):
    film = render_film(healthy(), seed=1, width=width)
    assert film.shape == (round(width * 3 / 4), width)
    assert film.dtype == np.uint8


def test_same_seed_gives_the_same_bytes():
    damage = np.tile(MAXIMA / 3, (2, 1))
    assert render_film(damage, seed=4, width=256).tobytes() == render_film(damage, seed=4, width=256).tobytes()


def test_another_seed_gives_another_film():
    assert not np.array_equal(render_film(healthy(), seed=4, width=128), render_film(healthy(), seed=5, width=128))


def test_rendering_can_be_sent_to_another_process():
    assert pickle.loads(pickle.dumps(render_film)) is render_film


@pytest.fixture(scope="module")
def undamaged():
    """Films of two patients without any damage, and where the first one's joints are."""
    large = render_film(healthy(), seed=11, width=256, severity=0.3).astype(int)
    small = render_film(healthy(), seed=12, width=128, severity=0.1).astype(int)
    return large, small, joint_positions(seed=11, damage=healthy(), width=256, severity=0.3)


@pytest.mark.parametrize(("side", "site"), EVERY_SITE)
def test_one_site_changes_pixels_only_around_itself(undamaged, side, site):
    before, _, joints = undamaged
    after = render_film(with_site(side, site, 1.0), seed=11, width=256, severity=0.3).astype(int)
    x, y = joints[side, site]
    rows, columns = np.nonzero(before != after)
    assert len(rows) > 0
    assert np.hypot(columns + 0.5 - x, rows + 0.5 - y).max() < REACH * 256


@pytest.mark.parametrize(("side", "site"), EVERY_SITE)
def test_one_point_at_one_site_is_visible_even_on_a_small_film(undamaged, side, site):
    damage = healthy()
    damage[side, site] = 1.0
    after = render_film(damage, seed=12, width=128, severity=0.1)
    assert np.abs(after - undamaged[1]).max() >= 2


@pytest.mark.parametrize("seed", range(60))
def test_every_scored_joint_lies_inside_the_film_with_a_margin(seed):
    rng = np.random.default_rng(seed)
    joints = joint_positions(seed=seed, damage=rng.random((2, 31)) * MAXIMA, width=400, severity=rng.random())
    assert joints.shape == (2, 31, 2)
    assert joints.min() > 10
    assert joints[..., 0].max() < 390
    assert joints[..., 1].max() < 290


def test_the_left_hand_lies_left_and_thumbs_point_inwards():
    joints = joint_positions(seed=2, damage=healthy(), width=400)
    thumb, little = 0, 4
    assert joints[0, little, 0] < joints[0, thumb, 0] < joints[1, thumb, 0] < joints[1, little, 0]


def test_joints_do_not_move_with_the_damage():
    mild, severe = (np.tile(MAXIMA * share, (2, 1)) for share in (0.0, 1.0))
    np.testing.assert_array_equal(
        joint_positions(seed=3, damage=mild, width=300, severity=0.5),
        joint_positions(seed=3, damage=severe, width=300, severity=0.5),
    )


def test_gross_severity_is_coarse():
    assert gross_severity(np.full((2, 31), 0.01), seed=8) == gross_severity(np.full((2, 31), 0.02), seed=8)


def test_gross_severity_is_loose():
    severe = [gross_severity(np.tile(MAXIMA * 0.8, (2, 1)), seed=seed) for seed in range(200)]
    none = [gross_severity(healthy(), seed=seed) for seed in range(200)]
    assert np.mean(none) < np.mean(severe)
    assert max(none) > np.mean(severe)


def test_damage_of_the_wrong_shape_is_an_error_that_says_so():
    with pytest.raises(ValueError, match=r"shape \(2, 31\)"):
        render_film(np.zeros((2, 30)), seed=1, width=128)


def test_damage_beyond_a_site_is_an_error_that_says_so():
    with pytest.raises(ValueError, match="erosion 5, JSN 4"):
        render_film(np.full((2, 31), 5.0), seed=1, width=128)


def test_a_film_too_narrow_is_an_error_that_says_so():
    with pytest.raises(ValueError, match="found width = 8"):
        render_film(healthy(), seed=1, width=8)
