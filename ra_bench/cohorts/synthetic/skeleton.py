"""Where the bones of a hand lie, without any damage, and how a hand is put on the film.

Coordinates: hand millimetres (x to the thumb's side, y away from the elbow) become film millimetres (x right, y down)
through a `Placement`. Millimetres are those of an average hand; the film multiplies absorption by the patient's size.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from ra_bench.cohorts.synthetic import carpus
from ra_bench.cohorts.synthetic.pose import Person, Pose, direction

if TYPE_CHECKING:
    from ra_bench.cohorts.synthetic.solids import Point

Length = TypeVar("Length", float, NDArray[np.float64])  # one, or one for each of many points

MCP_SPACE, PIP_SPACE, DIP_SPACE, CMC_SPACE = 1.8, 1.3, 1.05, 1.5  # mm
# The unscored bases of thumb and index finger lie over the bones of the wrist on a film.
UNSCORED_CMC_SPACES = (0.4, -1.6)  # mm


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One tubular bone of a hand between two joint centres, in hand mm."""

    digit: int
    rank: int  # 0 metacarpal, 1 proximal, 2 middle, 3 distal
    start: Point
    angle: float
    length: float
    spaces: tuple[float, float]  # joint space at the base and at the head


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """From hand mm to film mm."""

    origin: Point
    turn: float  # degrees
    side: int  # +1 left hand (thumb to the right), -1 right hand

    def vector(self, x: Length, y: Length) -> tuple[Length, Length]:
        """A direction, turned, mirrored and with y down."""
        c, s = math.cos(math.radians(self.turn)), math.sin(math.radians(self.turn))
        return self.side * (c * x + s * y), -(c * y - s * x)

    def point(self, x: Length, y: Length) -> tuple[Length, Length]:
        """A position."""
        vx, vy = self.vector(x, y)
        return self.origin[0] + vx, self.origin[1] + vy


def skeleton(person: Person, pose: Pose) -> list[Segment]:
    """The nineteen tubular bones of a hand, in hand mm, without any damage."""
    segments = []
    for digit in range(5):
        spaces = [CMC_SPACE, MCP_SPACE, PIP_SPACE if digit else DIP_SPACE * 1.15, DIP_SPACE]
        ranks = [0, 1, 2, 3] if digit else [0, 1, 3]
        angle = float(pose.metacarpals[digit])
        start = wobble(carpus.METACARPAL_BASES[digit], pose)
        for place, rank in enumerate(ranks):
            if rank == 1:
                angle = float(pose.fingers[digit])
                side = direction(angle)
                slip = float(pose.slips[digit])
                start = (start[0] - slip * side[1], start[1] + slip * side[0])
            elif rank > 1:
                angle += float(pose.bends[digit, place - 2])
            near = spaces[place] * person.spaces
            far = spaces[place + 1] * person.spaces if place + 1 < len(ranks) else 0.0
            shrink = float(pose.foreshortening[digit, place - 1]) if rank else 1.0
            length = float(person.lengths[digit, rank]) * shrink + (near + far) / 2
            segment = Segment(digit=digit, rank=rank, start=start, angle=angle, length=length, spaces=(near, far))
            segments.append(segment)
            start = end_of(segment)
    return segments


def end_of(segment: Segment, share: float = 1.0) -> Point:
    """The point at a share of a segment's length, in hand mm."""
    x, y = direction(segment.angle)
    return segment.start[0] + share * segment.length * x, segment.start[1] + share * segment.length * y


def wobble(point: tuple[Length, Length], pose: Pose) -> tuple[Length, Length]:
    """Individual shape of the wrist: a smooth displacement of about a millimetre, and the forearm's direction."""
    x, y = point
    w = pose.wobble
    x, y = x * (1 + 0.03 * w[0][2]), y * (1 + 0.03 * w[0][3])
    dx = 0.6 * w[0][0] * np.sin(0.16 * x + w[0][1]) + 0.6 * w[1][0] * np.sin(0.18 * y + w[1][1])
    dy = 0.6 * w[2][0] * np.sin(0.17 * x + w[2][1]) + 0.6 * w[3][0] * np.sin(0.15 * y + w[3][1])
    lean = math.tan(math.radians(pose.forearm))
    return x + dx + lean * np.minimum(y + 26.0, 0.0), y + dy
