"""The solids that a hand is made of.

A bone is an outer surface less an inner one (the marrow). Only the difference of the two absorbs strongly, which gives
bright cortical edges, a darker shaft and white subchondral lines without drawing any of them.

Coordinates: film millimetres, x to the right, y down. A `Frame` adds a bone's own axes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Point = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A bone's own axes on the film: `axis` points away from the wrist, `lateral` to the thumb's side. Unit vectors."""

    origin: Point
    axis: Point
    lateral: Point

    def at(self, u: float, s: float) -> Point:
        """Film position (x, y) in mm of the point `u` mm along the axis and `s` mm to the thumb's side."""
        return (
            self.origin[0] + u * self.axis[0] + s * self.lateral[0],
            self.origin[1] + u * self.axis[1] + s * self.lateral[1],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Bite:
    """A marginal defect: three discs whose union is star-shaped, so that a larger radius always removes more."""

    centre: Point  # film mm
    radius: float  # mm
    lobes: tuple[Point, Point]  # unit vectors towards the two smaller discs
    depth: float  # share of the bone that is gone: a defect keeps a little bone in front of and behind it


@dataclass(frozen=True, slots=True, kw_only=True)
class Tube:
    """A tubular bone. Lengths in mm; `table` has a row each for half-width, half-depth, cortex, centre line, sponge."""

    frame: Frame
    length: float
    table: Array
    base: tuple[float, float, float, float]  # base surface at s: base[0] + base[1] s + base[2] s^2 + base[3] s^4
    head: tuple[float, float, float, float]  # head surface at s: length - the same polynomial
    rounding: tuple[float, float]  # base, head
    plate: float  # thickness of the subchondral plate
    density: float  # of the trabecular bone, 1 is normal
    bites: tuple[Bite, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slab:
    """A bone given by its outline: carpals, radius and ulna. Lengths in mm."""

    frame: Frame
    outline: NDArray[np.float64]  # (corners, 2) film mm
    depth: float  # half-depth
    rounding: float  # how far from the edge the bone reaches its full depth
    plate: float
    density: float
    rim: float  # how far the far side's edge lies inside the near side's
    towards: Point  # film direction in which it does
    shaft: float  # thickness of the cortex where the bone runs off the film, 0 for a bone without a shaft
    bites: tuple[Bite, ...]
