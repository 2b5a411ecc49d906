"""More damage is more bone lost and less joint space, at every site and at every step."""

from __future__ import annotations

import numpy as np
import pytest

from ra_bench.cohorts.synthetic.damage import bite_radius, collapse, space_left
from ra_bench.cohorts.synthetic.film import bone_maps
from ra_bench.cohorts.synthetic.layout import build_scene
from ra_bench.cohorts.synthetic.readers import SITES

HEIGHT, WIDTH = 384, 512
EROSIONS = [pytest.param(i, id=site.name) for i, site in enumerate(SITES) if site.kind == "erosion"]
NARROWINGS = [pytest.param(i, id=site.name) for i, site in enumerate(SITES) if site.kind == "jsn"]


def bone(site, grade):
    """Bone along every ray in mm when one site of the left hand has this damage."""
    damage = np.zeros((2, 31))
    damage[0, site] = grade
    grid = bone_maps(build_scene(damage, 17, 0.2), HEIGHT, WIDTH, np.zeros((128, 128), dtype=np.float32))
    return grid.cortex + grid.marrow


@pytest.mark.parametrize("site", EROSIONS)
def test_eroded_area_grows_with_every_half_point(site):
    healthy = bone(site, 0.0)
    areas = [int((bone(site, grade) < 0.5 * healthy).sum()) for grade in np.arange(0.0, 5.1, 0.5)]
    assert areas[0] == 0
    assert (np.diff(areas) >= 0).all()
    assert areas[2] > 0
    assert areas[-1] > 2.5 * areas[2]


@pytest.mark.parametrize("site", NARROWINGS)
def test_joint_space_fills_with_every_half_point(site):
    healthy = bone(site, 0.0)
    filled = [float((bone(site, grade) - healthy).sum()) for grade in np.arange(0.0, 4.1, 0.5)]
    assert filled[0] == 0
    assert (np.diff(filled) > 0).all()


def test_an_undamaged_joint_has_its_whole_space_and_a_fused_one_none():
    assert space_left(0.0) == 1
    assert space_left(4.0) < 0


def test_more_than_half_the_space_is_left_at_two_and_less_at_three():
    assert 0.5 < space_left(2.0) < 1
    assert 0 < space_left(3.0) < 0.5


def test_a_defect_grows_in_area_in_proportion_to_the_damage():
    assert bite_radius(4.0, 6.0) ** 2 == pytest.approx(2 * bite_radius(2.0, 6.0) ** 2)


def test_a_defect_with_a_late_onset_is_absent_before():
    assert bite_radius(1.5, 6.0, onset=1.5) == 0


def test_a_surface_sinks_only_from_three_on():
    assert collapse(3.0, 2.0) == 0
    assert collapse(5.0, 2.0) == 2
