"""Skin and flesh: a smooth union of tapered capsules, computed coarsely and enlarged, since skin has no fine detail."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from ra_bench.cohorts.synthetic.skeleton import Placement, Segment, end_of, wobble
from ra_bench.cohorts.synthetic.solids import Point

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ra_bench.cohorts.synthetic.pose import Person, Pose
    from ra_bench.cohorts.synthetic.solids import Array

COARSE_WIDTH = 192  # pixels across the film
SHARPNESS = 0.65  # per mm: how closely the smooth union follows its capsules
RELEVANT = 10.0  # mm beyond the skin, where a capsule stops to matter
FAR = 60.0  # mm, the distance given to pixels that no capsule reaches


@dataclass(frozen=True, slots=True, kw_only=True)
class Capsule:
    """A tapered capsule; positions and radii in mm, `depth` is the half-thickness of the flesh there."""

    start: Point
    end: Point
    radii: tuple[float, float]
    depth: float


KNUCKLE = (11.0, 10.8, 10.8, 10.0, 9.0)
MIDDLE = (10.2, 9.4, 9.6, 9.0, 8.0)
LAST = (9.8, 8.2, 8.4, 8.0, 7.2)
TIP = (8.0, 6.6, 6.9, 6.5, 5.8)


Bones = dict[tuple[int, int], Segment]
Piece = tuple[Point, Point, float, float, float]  # start, end, radius at either, half-thickness; mm at flesh 1


def capsules(segments: Sequence[Segment], person: Person, pose: Pose) -> list[Capsule]:
    """The flesh of one hand, in hand mm."""
    bones = {(segment.digit, segment.rank): segment for segment in segments}
    f = person.flesh
    return [
        Capsule(start=start, end=end, radii=(first * f, last * f), depth=depth * f)
        for start, end, first, last, depth in (*_fingers(bones), *_palm(bones), *_thumb(bones), *_forearm(pose))
    ]


def _fingers(bones: Bones) -> Iterator[Piece]:
    for digit in range(5):
        proximal, distal = bones[digit, 1], bones[digit, 3]
        yield proximal.start, end_of(proximal), KNUCKLE[digit] * 0.9, MIDDLE[digit], 9.2
        if digit:
            yield bones[digit, 2].start, end_of(bones[digit, 2]), MIDDLE[digit], LAST[digit], 8.0
        yield distal.start, end_of(distal, 1.0 + 1.2 / distal.length), LAST[digit], TIP[digit], 7.0


def _palm(bones: Bones) -> Iterator[Piece]:
    for digit in range(1, 5):
        yield bones[digit, 0].start, end_of(bones[digit, 0]), 13.0, 11.0, 13.0
    for digit in range(1, 4):
        # Webs reach to nearly half of the proximal phalanx.
        low, high = (_between(bones[digit, rank], bones[digit + 1, rank], at) for rank, at in ((0, 0.7), (1, 0.2)))
        yield low, high, 12.0, 5.5, 11.5
        yield end_of(bones[digit, 1], 0.1), end_of(bones[digit + 1, 1], 0.14), 6.0, 6.0, 8.5
    # The hollow of the hand is as thick as its edge.
    yield (0.0, 8.0), end_of(bones[2, 0], 0.66), 25.0, 22.0, 13.5
    yield (-8.0, 6.0), end_of(bones[3, 0], 0.66), 22.0, 20.0, 13.5
    yield (8.0, 12.0), end_of(bones[1, 0], 0.7), 20.0, 17.0, 13.5
    yield (-19.0, -4.0), end_of(bones[4, 0], 0.7), 13.0, 11.5, 14.5


def _between(first: Segment, second: Segment, share: float) -> Point:
    (ax, ay), (bx, by) = end_of(first, share), end_of(second, share)
    return (ax + bx) / 2, (ay + by) / 2


def _thumb(bones: Bones) -> Iterator[Piece]:
    thumb, index = bones[0, 0], bones[1, 0]
    yield thumb.start, end_of(thumb), 14.0, 11.5, 14.0
    yield (12.0, 12.0), end_of(thumb, 0.7), 16.0, 11.5, 17.0
    yield (14.0, 16.0), _between(thumb, index, 0.62), 18.0, 11.0, 13.0
    yield end_of(thumb, 0.55), end_of(index, 0.45), 12.0, 14.0, 12.0
    yield end_of(thumb, 0.85), end_of(index, 0.75), 7.5, 9.0, 9.0


def _forearm(pose: Pose) -> Iterator[Piece]:
    for x, radius, width in ((9.0, 18.0, 19.0), (-10.0, 18.0, 17.5)):
        yield (x * 0.9, 6.0), wobble((x, -20.0), pose), radius, radius - 1.0, 18.5
        yield wobble((x, -20.0), pose), wobble((x, -60.0), pose), radius - 1.0, width, 22.0
        yield wobble((x, -60.0), pose), wobble((x, -125.0), pose), width, width + 7.0, 27.0
        yield wobble((x, -125.0), pose), wobble((x, -205.0), pose), width + 7.0, width + 12.0, 30.0


def place(found: Sequence[Capsule], placement: Placement) -> list[Capsule]:
    """Capsules in film mm."""
    return [
        Capsule(start=placement.point(*c.start), end=placement.point(*c.end), radii=c.radii, depth=c.depth)
        for c in found
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flesh:
    """Coarse maps of shape (height, width): distance inside the skin and half-thickness, in mm."""

    inside: Array
    depth: Array
    mm: float


def flesh_map(hands: Sequence[Sequence[Capsule]], film: tuple[float, float], rng: np.random.Generator) -> Flesh:
    """Distance to the skin and half-thickness over a film of `film` = (width, height) mm."""
    mm = film[0] / COARSE_WIDTH
    height = round(film[1] / mm)
    weight = np.full((height, COARSE_WIDTH), np.exp(-SHARPNESS * FAR), dtype=np.float32)
    depth = np.zeros_like(weight)
    for capsule in (c for hand in hands for c in hand):
        _add_capsule(capsule, mm, weight, depth)
    depth *= _unevenness(depth.shape, mm, rng) / weight
    return Flesh(inside=np.asarray(np.log(weight) / SHARPNESS, dtype=np.float32), depth=depth, mm=mm)


def _unevenness(shape: tuple[int, ...], mm: float, rng: np.random.Generator) -> Array:
    """Muscle and fat are not even: bellies a centimetre wide, strands of a few millimetres. Mean 1."""
    rows, cols = np.fft.fftfreq(shape[0], mm)[:, None], np.fft.rfftfreq(shape[1], mm)[None, :]
    square = (2 * np.pi) ** 2 * (rows**2 + cols**2)
    power = sum((s * r / mm) ** 2 * 4 * np.pi * np.exp(-square * r**2) for r, s in ((9.0, 0.035), (3.0, 0.025)))
    noise = np.fft.rfft2(rng.standard_normal(shape, dtype=np.float32))
    return (1 + np.fft.irfft2(noise * np.sqrt(power), s=shape)).astype(np.float32)


def _add_capsule(capsule: Capsule, mm: float, weight: Array, depth: Array) -> None:
    (ax, ay), (bx, by) = capsule.start, capsule.end
    r0, r1 = capsule.radii
    reach = max(r0, r1) + RELEVANT
    top, bottom = max(int((min(ay, by) - reach) / mm), 0), min(int((max(ay, by) + reach) / mm) + 1, weight.shape[0])
    left, right = max(int((min(ax, bx) - reach) / mm), 0), min(int((max(ax, bx) + reach) / mm) + 1, weight.shape[1])
    if top >= bottom or left >= right:
        return
    x = ((np.arange(left, right, dtype=np.float32) + np.float32(0.5)) * np.float32(mm))[None, :] - np.float32(ax)
    y = ((np.arange(top, bottom, dtype=np.float32) + np.float32(0.5)) * np.float32(mm))[:, None] - np.float32(ay)
    ex, ey = bx - ax, by - ay
    norm = max(ex * ex + ey * ey, 1e-6)
    t = x * np.float32(ex / norm) + y * np.float32(ey / norm)
    np.minimum(np.maximum(t, np.float32(0), out=t), np.float32(1), out=t)
    dx, dy = x - t * np.float32(ex), y - t * np.float32(ey)
    inside = np.float32(r0) + t * np.float32(r1 - r0) - np.sqrt(dx * dx + dy * dy)
    np.maximum(inside, np.float32(-RELEVANT), out=inside)
    w = np.exp(inside * np.float32(SHARPNESS)) - np.float32(np.exp(-RELEVANT * SHARPNESS))
    weight[top:bottom, left:right] += w
    depth[top:bottom, left:right] += w * np.float32(capsule.depth)


def thickness(flesh: Flesh, height: int, width: int) -> Array:
    """Path length through the flesh in mm on a (height, width) grid."""
    inside, depth = enlarge(flesh.inside, height, width), enlarge(flesh.depth, height, width)
    radius = np.maximum(depth, np.float32(1.0))
    rise = np.clip(inside / radius, np.float32(0), np.float32(1))
    return np.float32(2) * depth * np.sqrt(rise * (np.float32(2) - rise))


def enlarge(coarse: Array, height: int, width: int) -> Array:
    """Cubic (Catmull-Rom) enlargement, one axis after the other."""
    if coarse.shape == (height, width):
        return coarse
    rows = _weights(coarse.shape[0], height) @ coarse
    return np.ascontiguousarray((_weights(coarse.shape[1], width) @ np.ascontiguousarray(rows.T)).T)


@lru_cache(maxsize=16)
def _weights(small: int, large: int) -> sparse.csr_array:
    """Catmull-Rom weights, shape (large, small), four to a row."""
    position = (np.arange(large) + 0.5) * small / large - 0.5
    first = np.floor(position).astype(int)
    f = position - first
    taps = (-f + 2 * f**2 - f**3, 2 - 5 * f**2 + 3 * f**3, f + 4 * f**2 - 3 * f**3, f**3 - f**2)
    columns = np.clip(first[:, None] + np.arange(-1, 3), 0, small - 1)
    values = (np.stack(taps, axis=1) / 2).astype(np.float32)
    rows = np.repeat(np.arange(large), 4)
    return sparse.csr_array((values.ravel(), (rows, columns.ravel())), shape=(large, small))
