"""Outlines of bones: edges move by what they are told, corners are cut, distances are those of geometry."""

from __future__ import annotations

import numpy as np
import pytest

from ra_bench.cohorts.synthetic.outlines import cut_corners, edge_distance, moved_edges

SQUARE = np.array([(0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0)])


def area(outline):
    x, y = outline.T
    return abs(float(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)))) / 2


@pytest.mark.parametrize("outline", [SQUARE, SQUARE[::-1]], ids=["one way round", "the other"])
@pytest.mark.parametrize("inset", [1.0, -1.0, 0.0])
def test_a_square_whose_edges_all_move_alike_stays_a_square(outline, inset):
    assert area(moved_edges(outline, np.full(4, inset))) == pytest.approx((10 - 2 * inset) ** 2)


def test_each_edge_moves_by_its_own_inset():
    moved = moved_edges(SQUARE, np.array([1.0, -2.0, 0.0, 0.5]))
    np.testing.assert_allclose(moved, [(0.5, 1.0), (12.0, 1.0), (12.0, 10.0), (0.5, 10.0)])


def test_a_corner_between_edges_in_line_goes_half_way():
    outline = np.array([(0.0, 0.0), (5.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0)])
    moved = moved_edges(outline, np.array([0.0, 2.0, 0.0, 0.0, 0.0]))
    np.testing.assert_allclose(moved[1], (5.0, 1.0), atol=0.05)


def test_cutting_the_corners_of_a_square_gives_eight_of_them_inside_it():
    cut = cut_corners(SQUARE)
    assert cut.shape == (8, 2)
    # Four triangles, each with two legs of 0.24 of an edge.
    assert area(cut) == pytest.approx(100 - 4 * 2.4**2 / 2)


def test_the_distance_to_a_square_is_that_of_geometry():
    x, y = np.array([[5.0, 9.0, 13.0]], dtype=np.float32), np.array([[5.0], [14.0]], dtype=np.float32)
    np.testing.assert_allclose(edge_distance(SQUARE, x, y), [[5, 1, -3], [-4, -4, -5]], rtol=1e-6)
