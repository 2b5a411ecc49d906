"""How much cortex and marrow a ray crosses at every pixel: the solids of a hand summed on a grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ra_bench.cohorts.synthetic.outlines import edge_distance
from ra_bench.cohorts.synthetic.solids import Array, Bite, Frame, Point, Slab, Tube
from ra_bench.cohorts.synthetic.trabeculae import as_coarse_as

if TYPE_CHECKING:
    from collections.abc import Sequence

TABLE_ENTRIES = 320  # of a bone's profile table
TABLE_MARGIN = 0.1  # share of a bone's length that the table covers before the base and beyond the head
NEAR_SHARE = 0.66  # of a wrist bone's thickness that has the full outline
SHAFT_START, SHAFT_LENGTH = 30.0, 26.0  # mm from the middle of the wrist to the forearm's shafts; mm of transition
COVERED = 0.35  # pixels by which a bone reaches beyond its edge: a pixel that it covers in part gets its share
UNEVEN = 0.15  # by which the shell of a wrist bone varies, per unit of the trabecular pattern
SQUEEZE = 2.4  # of the pattern along the axis of a bone whose trabeculae have no direction
RAGGED = 0.5  # mm by which the edge of a large defect strays, per unit of the trabecular pattern


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """The pixel grid on which bones are summed, square pixels of `mm` millimetres."""

    height: int
    width: int
    mm: float
    cortex: Array  # (height, width) mm of cortical bone along the ray
    marrow: Array  # (height, width) mm of trabecular bone along the ray
    x: Array  # (1, width) film mm of the pixels' middles
    y: Array  # (height, 1)
    texture: Array  # (side, side) trabecular pattern, mean 0, fine across its first axis; the side is a power of 2
    cells: float  # of the pattern, per mm

    @classmethod
    def empty(cls, height: int, width: int, mm: float, texture: Array) -> Grid:
        """A grid without any bone."""
        zero = np.zeros((2, height, width), dtype=np.float32)
        x = ((np.arange(width) + 0.5) * mm).astype(np.float32)[None, :]
        y = ((np.arange(height) + 0.5) * mm).astype(np.float32)[:, None]
        tile, cells = as_coarse_as(texture, mm)
        return cls(
            height=height, width=width, mm=mm, cortex=zero[0], marrow=zero[1], x=x, y=y, texture=tile, cells=cells
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The part of a grid that a bone can touch."""

    rows: slice
    cols: slice
    x: Array  # (1, columns) film mm
    y: Array  # (rows, 1) film mm


def window(grid: Grid, points: Sequence[Point], pad: float) -> Window | None:
    """The pixels within `pad` mm of the points' bounding box; None if none is on the film."""
    xs, ys = zip(*points, strict=True)
    left, right = max(int((min(xs) - pad) / grid.mm), 0), min(int((max(xs) + pad) / grid.mm) + 2, grid.width)
    top, bottom = max(int((min(ys) - pad) / grid.mm), 0), min(int((max(ys) + pad) / grid.mm) + 2, grid.height)
    if left >= right or top >= bottom:
        return None
    rows, cols = slice(top, bottom), slice(left, right)
    return Window(rows=rows, cols=cols, x=grid.x[:, cols], y=grid.y[rows])


def local(frame: Frame, view: Window) -> tuple[Array, Array]:
    """Coordinates (u, s) in mm of every pixel of a window in a bone's frame."""
    dx, dy = view.x - np.float32(frame.origin[0]), view.y - np.float32(frame.origin[1])
    u = dx * np.float32(frame.axis[0]) + dy * np.float32(frame.axis[1])
    s = dx * np.float32(frame.lateral[0]) + dy * np.float32(frame.lateral[1])
    return u, s


def add_tube(grid: Grid, bone: Tube) -> None:
    """Add a tubular bone to the grid."""
    reach = float(bone.table[0].max()) + 2.0
    ends = [bone.frame.at(u, s) for u in (-3.0, bone.length + 3.0) for s in (-reach, reach)]
    view = window(grid, ends, grid.mm)
    if view is None:
        return
    u, s = local(bone.frame, view)
    step = (TABLE_ENTRIES - 1) / (1 + 2 * TABLE_MARGIN)
    index = (u * np.float32(step / bone.length) + np.float32(TABLE_MARGIN * step + 0.5)).astype(np.int32)
    np.minimum(np.maximum(index, 0, out=index), bone.table.shape[1] - 1, out=index)
    half, depth, cortex, centre, sponge = (row[index] for row in bone.table)
    end_base = u - _surface(bone.base, s)
    end_head = np.float32(bone.length) - _surface(bone.head, s) - u
    r_base, r_head = np.float32(bone.rounding[0]), np.float32(bone.rounding[1])
    shell = np.float32(bone.plate)
    s -= centre

    outer = _half_depth(s, half, depth, np.minimum(end_base / r_base, end_head / r_head))
    inner = _half_depth(
        s,
        np.maximum(half - cortex, np.float32(0.2)),
        np.maximum(depth - cortex * np.float32(0.75), np.float32(0)),  # the sides of a shaft have the thicker cortex
        np.minimum((end_base - shell) / r_base, (end_head - shell) / r_head),
    )
    _deposit(grid, view, bone, outer, inner, u, s, sponge)


def _surface(curve: tuple[float, float, float, float], s: Array) -> Array:
    c0, c1, c2, c4 = (np.float32(c) for c in curve)
    q = s * s
    return c0 + c1 * s + (c2 + c4 * q) * q


def _half_depth(s: Array, half: Array, depth: Array, end: Array) -> Array:
    """Half the chord of an elliptic tube; `end` is the distance to the nearer end in units of its rounding."""
    across = s / half
    cap = np.maximum(np.float32(1) - end, np.float32(0))
    room = np.float32(1) - across * across - cap * cap
    np.maximum(room, np.float32(0), out=room)
    return np.asarray(depth * np.sqrt(room), dtype=np.float32)


def add_slab(grid: Grid, bone: Slab) -> None:
    """Add a bone given by its outline to the grid."""
    view = window(grid, bone.outline.tolist(), grid.mm)
    if view is None:
        return
    edge = edge_distance(bone.outline, view.x, view.y)
    edge += np.float32(COVERED * grid.mm)
    u, s = local(bone.frame, view)
    plate: Array | np.float32 = np.float32(bone.plate)
    sponge = None
    if bone.shaft:
        share = _unit((u + np.float32(SHAFT_START)) * np.float32(-1 / SHAFT_LENGTH))
        plate = plate + share * np.float32(bone.shaft - bone.plate)
        sponge = np.float32(1) - share * np.float32(0.6)
    # Two half-solids, one behind the other: their edges coincide on one side of the bone and part on the other.
    tilt = _lean(bone, view)
    near, far = NEAR_SHARE * bone.depth, (1 - NEAR_SHARE) * bone.depth
    outer = _dome(edge, near, bone.rounding, grid.mm)
    inner = _dome(edge - plate, near - bone.plate / 2, bone.rounding, grid.mm)
    edge -= tilt
    outer += _dome(edge, far, bone.rounding / 2, grid.mm)
    edge -= plate
    inner += _dome(edge, far - bone.plate / 2, bone.rounding / 2, grid.mm)
    _deposit(grid, view, bone, outer, inner, u, s, sponge)


def _lean(bone: Slab, view: Window) -> Array:
    """How far the far side's edge lies inside the near side's, in mm, over a window."""
    low, high = bone.outline.min(axis=0), bone.outline.max(axis=0)
    middle = (low + high) / 2 if not bone.shaft else np.array(bone.frame.at(-24.0, 5.0))
    half = float(np.hypot(*(high - low))) / 2 if not bone.shaft else 12.0
    along = (view.x - np.float32(middle[0])) * np.float32(bone.towards[0]) + (
        view.y - np.float32(middle[1])
    ) * np.float32(bone.towards[1])
    return _unit(along * np.float32(1 / half) + np.float32(0.25)) * np.float32(bone.rim)


def _unit(values: Array) -> Array:
    """Clip to 0 to 1, in place."""
    np.maximum(values, np.float32(0), out=values)
    return np.minimum(values, np.float32(1), out=values)


def _dome(edge: Array, depth: float, rounding: float, mm: float) -> Array:
    """Half-depth at a distance from the edge: a quarter circle, whose steep foot is spread over half a pixel."""
    rise = _unit(edge * np.float32(1 / rounding))
    square = rise * (np.float32(2) - rise)
    foot = square + np.float32(mm / rounding)
    np.sqrt(foot, out=foot)
    square *= np.float32(depth)
    return np.divide(square, foot, out=square)


def _deposit(
    grid: Grid, view: Window, bone: Tube | Slab, outer: Array, inner: Array, u: Array, s: Array, sponge: Array | None
) -> None:
    """Turn half-depths into path lengths, take the bites out and add the rest to the grid."""
    np.minimum(inner, outer, out=inner)
    shell = (outer - inner) * np.float32(2)
    marrow = inner * np.float32(2 * bone.density)
    pattern = _pattern(grid, bone, u, s)
    # A thick bone has many layers, which even each other out.
    marrow *= np.float32(1) + np.float32(1.0 if isinstance(bone, Tube) else 0.75) * pattern
    if isinstance(bone, Slab) and not bone.shaft:
        shell *= np.float32(1) + np.float32(UNEVEN) * pattern
    if sponge is not None:
        marrow *= sponge
    for bite in bone.bites:
        _take_out(grid.mm, view, bite, shell, marrow, pattern)
    grid.cortex[view.rows, view.cols] += shell
    grid.marrow[view.rows, view.cols] += marrow


def _pattern(grid: Grid, bone: Tube | Slab, u: Array, s: Array) -> Array:
    """Trabeculae along the bone's own axis; they repeat every few bones, where nobody can see it."""
    side = grid.texture.shape[0] - 1
    across = (s * np.float32(grid.cells)).astype(np.int32) & side
    # A short bone's trabeculae have no direction, so its pattern is squeezed along the axis.
    along = (u * np.float32(grid.cells * (1.0 if isinstance(bone, Tube) or bone.shaft else SQUEEZE))).astype(
        np.int32
    ) & side
    return np.asarray(grid.texture[across, along], dtype=np.float32)


def _take_out(mm: float, view: Window, bite: Bite, shell: Array, marrow: Array, pattern: Array) -> None:
    reach = 1.25 * bite.radius + 2 * mm + 1.0
    cx, cy = bite.centre
    left, right = np.searchsorted(view.x[0], (cx - reach, cx + reach))
    top, bottom = np.searchsorted(view.y[:, 0], (cy - reach, cy + reach))
    if left >= right or top >= bottom:
        return
    dx, dy = view.x[:, left:right] - np.float32(cx), view.y[top:bottom] - np.float32(cy)
    r = bite.radius
    rim = np.sqrt(dx * dx + dy * dy) - np.float32(r)
    for lx, ly in bite.lobes:
        ox, oy = dx - np.float32(0.6 * r * lx), dy - np.float32(0.6 * r * ly)
        np.minimum(rim, np.sqrt(ox * ox + oy * oy) - np.float32(0.62 * r), out=rim)
    rim += pattern[top:bottom, left:right] * np.float32(RAGGED * min(1.0, r / 3))
    soft = max(0.6, mm)  # a pixel at least, so that a small bite dims a pixel instead of vanishing between two
    keep = rim * np.float32(1 / soft) + np.float32(0.5)
    np.minimum(np.maximum(keep, np.float32(1 - bite.depth), out=keep), np.float32(1), out=keep)
    piece, core = shell[top:bottom, left:right], marrow[top:bottom, left:right]
    ring = np.exp(-np.square((rim - np.float32(0.5)) * np.float32(2.2)))
    sclerosis = np.minimum(core, np.float32(2)) * ring * np.float32(0.16 * min(1.0, r / 2))
    piece += sclerosis
    piece *= keep
    core *= keep
