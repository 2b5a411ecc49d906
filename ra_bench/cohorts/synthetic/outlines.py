"""Outlines of bones: edges moved inwards or outwards, corners cut, and how far from an outline a pixel lies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ra_bench.cohorts.synthetic.solids import Array

CUT = 0.24  # share of an edge that each of its corners loses
STIFFNESS = 0.04  # keeps the corner between two edges that are almost in line from running away


def moved_edges(outline: NDArray[np.float64], inset: NDArray[np.float64]) -> NDArray[np.float64]:
    """Move each edge of an outline inwards.

    Parameters
    ----------
    outline : array of shape (corners, 2), in mm, in either direction
    inset : array of shape (corners,), in mm
        Of the edge from this corner to the next; below 0 the edge moves outwards.

    Returns
    -------
    array of shape (corners, 2)
        Each corner goes to where its two moved edges meet, or half-way between them where they are almost in line.
    """
    step = _next(outline) - outline
    signed_area = float((outline[:, 0] * step[:, 1] - outline[:, 1] * step[:, 0]).sum())
    inward = np.stack([-step[:, 1], step[:, 0]]) * (np.sign(signed_area) / np.hypot(step[:, 0], step[:, 1]))
    (ax, ay), (bx, by) = np.concatenate([inward[:, -1:], inward[:, :-1]], axis=1), inward
    a, b = np.concatenate([inset[-1:], inset[:-1]]), inset
    # Least squares with a small penalty on the move v: (N'N + stiffness) v = N'm, normals in N and insets in m.
    xx, xy, yy = ax * ax + bx * bx + STIFFNESS, ax * ay + bx * by, ay * ay + by * by + STIFFNESS
    x, y = ax * a + bx * b, ay * a + by * b
    move = np.stack([yy * x - xy * y, xx * y - xy * x], axis=1) / (xx * yy - xy * xy)[:, None]
    return np.asarray(outline + (1 + STIFFNESS) * move)


def _next(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.concatenate([corners[1:], corners[:1]])


def cut_corners(outline: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each corner becomes an edge: twice as many corners, and rounder (Chaikin 1974)."""
    after = _next(outline)
    return np.stack([outline + CUT * (after - outline), after + CUT * (outline - after)], axis=1).reshape(-1, 2)


def edge_distance(outline: NDArray[np.float64], x: Array, y: Array) -> Array:
    """Distance from each point of a grid to an outline, positive inside.

    Parameters
    ----------
    outline : array of shape (corners, 2), in mm
    x, y : arrays of shape (1, columns) and (rows, 1), in mm

    Returns
    -------
    array of shape (rows, columns), in mm
    """
    step = _next(outline) - outline
    columns = np.stack([*outline.T, *step.T, *(step / (step**2).sum(axis=1, keepdims=True)).T])
    ax, ay, ex, ey, tx, ty = columns.astype(np.float32)[:, :, None, None]
    px, py = x[None] - ax, y[None] - ay  # (edges, 1, columns) and (edges, rows, 1)
    t = px * tx + py * ty
    np.minimum(np.maximum(t, np.float32(0), out=t), np.float32(1), out=t)
    dx, dy = px - t * ex, py - t * ey
    dx *= dx
    dy *= dy
    distance = np.sqrt(np.add(dx, dy, out=dx).min(axis=0))
    safe = np.where(ey == 0, np.float32(1e-6), ey)
    crossed = ((py < 0) != (py < ey)) & (px < py * (ex / safe))
    inside = np.logical_xor.reduce(crossed, axis=0)
    return np.asarray(np.where(inside, distance, -distance), dtype=np.float32)
