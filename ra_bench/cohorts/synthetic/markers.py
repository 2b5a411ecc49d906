"""Side markers: lead letters on a thin plastic carrier, laid beside the hands."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ra_bench.cohorts.synthetic.solids import Array, Point

if TYPE_CHECKING:
    from ra_bench.cohorts.synthetic.soft_tissue import Flesh

Stroke = tuple[Point, ...]

# Letters as strokes in a box 0.7 wide and 1 high, y up.
GLYPHS: dict[str, tuple[Stroke, ...]] = {
    "L": (((0.05, 1.0), (0.05, 0.0), (0.6, 0.0)),),
    "R": (
        ((0.05, 0.0), (0.05, 1.0), (0.4, 1.0), (0.58, 0.9), (0.62, 0.75), (0.58, 0.6), (0.4, 0.5), (0.05, 0.5)),
        ((0.35, 0.5), (0.65, 0.0)),
    ),
    "C": (((0.62, 0.85), (0.45, 1.0), (0.25, 1.0), (0.06, 0.8), (0.06, 0.2), (0.25, 0.0), (0.45, 0.0), (0.62, 0.15)),),
    "E": (((0.6, 1.0), (0.05, 1.0), (0.05, 0.0), (0.6, 0.0)), ((0.05, 0.5), (0.5, 0.5))),
    "H": (((0.05, 0.0), (0.05, 1.0)), ((0.6, 0.0), (0.6, 1.0)), ((0.05, 0.5), (0.6, 0.5))),
    "J": (((0.5, 1.0), (0.5, 0.2), (0.38, 0.02), (0.2, 0.0), (0.06, 0.15)),),
    "K": (((0.05, 0.0), (0.05, 1.0)), ((0.6, 1.0), (0.05, 0.45)), ((0.22, 0.6), (0.62, 0.0))),
    "M": (((0.0, 0.0), (0.05, 1.0), (0.35, 0.3), (0.65, 1.0), (0.7, 0.0)),),
    "T": (((0.0, 1.0), (0.66, 1.0)), ((0.33, 1.0), (0.33, 0.0))),
    "W": (((0.0, 1.0), (0.16, 0.0), (0.35, 0.7), (0.54, 0.0), (0.7, 1.0)),),
}
INITIALS = "CEHJKMTW"


@dataclass(frozen=True, slots=True, kw_only=True)
class Marker:
    """A carrier with letters; position and size in film mm, angle in degrees."""

    centre: Point
    angle: float
    size: tuple[float, float]
    letters: tuple[tuple[str, Point, float], ...]  # letter, lower left corner from the carrier's centre, height
    hole: float  # 0: none, else its radius
    mirrored: bool
    lead: float
    plastic: float


def draw_markers(rng: np.random.Generator, flesh: Flesh, film: Point) -> list[Marker]:
    """One marker or two, where the film is free. Which, where and how does not depend on the patient's disease."""
    sides = (("L",), ("R",), ("L", "R"))[int(rng.choice(3, p=(0.3, 0.25, 0.45)))]
    height = float(rng.uniform(8.0, 12.0))
    initials = "".join(rng.choice(list(INITIALS), size=int(rng.integers(0, 4))))
    plastic, lead = float(rng.uniform(0.02, 0.12)), float(rng.uniform(1.6, 3.0))
    hole = float(rng.uniform(1.2, 2.2)) if rng.random() < 0.6 else 0.0
    mirrored = bool(rng.random() < 0.08)
    found = []
    for side in sides:
        width = height * 1.35
        small = height * 0.5
        tall = height * 1.5 + (small * 1.25 if initials else 0.0) + (2.2 * hole)
        letters = [(side, (-0.35 * height, tall / 2 - 2.2 * hole - 1.3 * height), height)]
        for number, letter in enumerate(initials):
            letters.append(
                (letter, ((number - len(initials) / 2) * small * 0.85, -tall / 2 + 0.18 * height), small * 0.8)
            )
        centre = _free_place(rng, flesh, film, np.hypot(width, tall) / 2, side)
        found.append(
            Marker(
                centre=centre,
                angle=float(rng.normal(0, 8) + (180 if rng.random() < 0.06 else 0)),
                size=(width, tall),
                letters=tuple(letters),
                hole=hole,
                mirrored=mirrored,
                lead=lead,
                plastic=plastic,
            )
        )
    return found


def _free_place(rng: np.random.Generator, flesh: Flesh, film: Point, radius: float, side: str) -> Point:
    """The first of many random places that no hand covers, else the freest."""
    low, high = (0.03, 0.4) if side == "L" else (0.6, 0.97)
    x = rng.uniform(low, high, 60) * film[0]
    y = rng.uniform(0.05, 0.93, 60) * film[1]
    inner = 0.75 * radius
    x, y = np.clip(x, inner, film[0] - inner), np.clip(y, inner, film[1] - inner)
    row = np.clip((y / flesh.mm).astype(int), 0, flesh.inside.shape[0] - 1)
    col = np.clip((x / flesh.mm).astype(int), 0, flesh.inside.shape[1] - 1)
    clearance = -flesh.inside[row, col]
    free = np.flatnonzero(clearance > radius)
    best = int(free[0]) if len(free) else int(np.argmax(clearance))
    return float(x[best]), float(y[best])


def add_marker(absorbed: Array, mm: float, marker: Marker) -> None:
    """Add a marker's absorption (natural log units) to a film of `mm` mm per pixel."""
    reach = float(np.hypot(*marker.size)) / 2 + 2 * mm
    left, right = (int(max((marker.centre[0] + d) / mm, 0)) for d in (-reach, reach))
    top, bottom = (int(max((marker.centre[1] + d) / mm, 0)) for d in (-reach, reach))
    patch = absorbed[top : bottom + 1, left : right + 1]
    if patch.size == 0:
        return
    dx = (np.arange(left, left + patch.shape[1]) + 0.5) * mm - marker.centre[0]
    dy = (np.arange(top, top + patch.shape[0]) + 0.5) * mm - marker.centre[1]
    c, s = np.cos(np.deg2rad(marker.angle)), np.sin(np.deg2rad(marker.angle))
    x = (c * dx[None, :] + s * dy[:, None]) * (-1 if marker.mirrored else 1)
    y = s * dx[None, :] - c * dy[:, None]
    patch += _carrier(marker, x, y, mm)
    lead = np.full(patch.shape, 1e3)
    for letter, (ox, oy), height in marker.letters:
        for stroke in GLYPHS[letter]:
            for (ax, ay), (bx, by) in itertools.pairwise(stroke):
                start, end = (ox + ax * height, oy + ay * height), (ox + bx * height, oy + by * height)
                np.minimum(lead, _segment(x, y, start, end) - 0.075 * height, out=lead)
    patch += (np.clip(0.5 - lead / max(0.25, mm), 0, 1) * marker.lead).astype(np.float32)


def _carrier(marker: Marker, x: np.ndarray, y: np.ndarray, mm: float) -> Array:
    w, h = marker.size[0] / 2, marker.size[1] / 2
    ox, oy = np.maximum(np.abs(x) - w + 2, 0), np.maximum(np.abs(y) - h + 2, 0)
    edge = np.sqrt(ox * ox + oy * oy) - 2
    if marker.hole:
        edge = np.maximum(edge, marker.hole - np.hypot(x, y - h + 1.8 * marker.hole))
    return np.asarray(np.clip(0.5 - edge / max(0.4, mm), 0, 1) * marker.plastic, dtype=np.float32)


def _segment(x: np.ndarray, y: np.ndarray, start: Point, end: Point) -> np.ndarray:
    ex, ey = end[0] - start[0], end[1] - start[1]
    t = np.clip(((x - start[0]) * ex + (y - start[1]) * ey) / max(ex * ex + ey * ey, 1e-9), 0, 1)
    return np.asarray(np.hypot(x - start[0] - t * ex, y - start[1] - t * ey))
