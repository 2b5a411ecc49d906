"""Spongy bone: a net that every film shows, longer along a bone than across it."""

from __future__ import annotations

import numpy as np
import pytest

from ra_bench.cohorts.synthetic.trabeculae import CELLS_PER_MM, as_coarse_as, trabeculae


@pytest.fixture(scope="module")
def tile():
    return trabeculae(np.random.default_rng(3))


def neighbours(tile, axis):
    """Correlation between cells two cells apart along an axis; the tile repeats at its edges."""
    return float(np.corrcoef(tile.ravel(), np.roll(tile, 2, axis=axis).ravel())[0, 1])


def test_the_pattern_neither_adds_nor_takes_bone(tile):
    assert float(tile.mean()) == pytest.approx(0, abs=1e-3)
    assert 0.2 < float(tile.std()) < 0.6


def test_struts_run_along_the_bone(tile):
    assert neighbours(tile, axis=1) > 0.5 > neighbours(tile, axis=0)


def test_struts_are_bright_and_narrow(tile):
    """A net is skewed towards bright; a mottle is as often dark as bright."""
    assert float(((tile / tile.std()) ** 3).mean()) > 0.4


def test_the_pattern_is_the_same_from_the_same_seed(tile):
    assert np.array_equal(tile, trabeculae(np.random.default_rng(3)))


def test_another_seed_gives_another_pattern(tile):
    assert not np.array_equal(tile, trabeculae(np.random.default_rng(4)))


@pytest.mark.parametrize(("mm", "side"), [(0.1, 128), (0.39, 128), (0.4, 64), (0.9, 32), (3.0, 16)])
def test_cells_are_the_largest_that_a_pixel_still_holds(tile, mm, side):
    coarse, cells = as_coarse_as(tile, mm)
    assert coarse.shape == (side, side)
    assert cells == CELLS_PER_MM * side / 128
    assert float(coarse.mean()) == pytest.approx(float(tile.mean()), abs=1e-5)


def test_large_pixels_average_struts_away(tile):
    assert as_coarse_as(tile, 3.0)[0].std() < 0.6 * tile.std()
