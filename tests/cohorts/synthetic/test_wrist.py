"""Bones of the wrist lie over each other where nobody scores, and never at a scored joint that is healthy."""

from __future__ import annotations

import numpy as np
import pytest

from ra_bench.cohorts.synthetic import carpus
from ra_bench.cohorts.synthetic.bones import Grid, add_slab
from ra_bench.cohorts.synthetic.layout import build_scene

NAMES = list(carpus.OUTLINES)
SCORED = [
    pytest.param(*sorted(pair), id=" and ".join(sorted(pair)))
    for pair, joint in carpus.JOINT_OF_PAIR.items()
    if joint not in carpus.UNSCORED
]


@pytest.fixture(scope="module")
def wrists():
    """Where each bone of the left wrist of twelve healthy people lies, shape (people, bones, rows, columns)."""
    return np.stack([_wrist(seed) for seed in range(12)])


def _wrist(seed):
    scene = build_scene(np.zeros((2, 31)), seed, 0.0)
    return np.stack([_shadow(scene, slab) for slab in scene.hands[0].slabs[: len(NAMES)]])


def _shadow(scene, slab):
    grid = Grid.empty(480, 640, scene.film[0] / 640, np.zeros((128, 128), dtype=np.float32))
    add_slab(grid, slab)
    return grid.cortex + grid.marrow > 1.0


def overlap(wrists, one, other):
    """Pixels that two bones share, for each person."""
    return (wrists[:, NAMES.index(one)] & wrists[:, NAMES.index(other)]).sum(axis=(1, 2))


@pytest.mark.parametrize(("one", "other"), SCORED)
def test_bones_at_a_healthy_scored_joint_do_not_overlap(wrists, one, other):
    assert overlap(wrists, one, other).max() <= 2  # a corner may touch


@pytest.mark.parametrize(("one", "other"), [("trapezium", "trapezoid"), ("pisiform", "triquetrum"), ("hook", "hamate")])
def test_bones_lie_over_each_other_as_on_a_real_film(wrists, one, other):
    assert overlap(wrists, one, other).min() > 10


def test_no_two_people_have_the_same_wrist(wrists):
    shared = overlap(wrists, "trapezium", "trapezoid")
    assert shared.std() > 0.15 * shared.mean()
