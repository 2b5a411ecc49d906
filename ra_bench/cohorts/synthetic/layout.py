"""Putting two posed hands on one film, so that every scored joint lies inside it with a margin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ra_bench.cohorts.synthetic.anatomy import Hand, build_hand
from ra_bench.cohorts.synthetic.pose import Person, draw_person, draw_pose
from ra_bench.cohorts.synthetic.skeleton import Placement, skeleton
from ra_bench.cohorts.synthetic.soft_tissue import Capsule, capsules, place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

ASPECT = 4 / 3
WRIST_BELOW = 27.0  # mm from the origin down to where the last scored joints end
LOWER = 16.0  # mm by which a hand may lie lower than the film allows; nobody lays both hands down alike


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Two hands on a film of `film` = (width, height) mm: left hand first, which lies on the left, thumbs inwards."""

    film: tuple[float, float]
    person: Person
    hands: tuple[Hand, Hand]
    flesh: tuple[list[Capsule], list[Capsule]]


def build_scene(damage: NDArray[np.float64], seed: int, severity: float) -> Scene:
    """Pose, fit and build both hands. Lengths are mm of an average hand."""
    rng = np.random.default_rng([seed, 1])
    person = draw_person(rng, severity)
    poses = [draw_pose(rng, person) for _ in range(2)]
    soft = [capsules(skeleton(person, pose), person, pose) for pose in poses]
    sides = (1, -1)
    boxes = []
    for pose, side, flesh in zip(poses, sides, soft, strict=True):
        boxes.append(_extent(place(flesh, Placement(origin=(0.0, 0.0), turn=pose.turn, side=side))))
    film, origins = _fit(rng, boxes)
    placements = [
        Placement(origin=origin, turn=pose.turn, side=side)
        for origin, pose, side in zip(origins, poses, sides, strict=True)
    ]
    hands = [
        build_hand(damage[i], person, poses[i], placements[i], np.random.default_rng([seed, 2, i])) for i in range(2)
    ]
    return Scene(
        film=film,
        person=person,
        hands=(hands[0], hands[1]),
        flesh=(place(soft[0], placements[0]), place(soft[1], placements[1])),
    )


def _extent(flesh: Sequence[Capsule]) -> tuple[float, float, float]:
    """Left, right and top of a hand in mm; the forearm, which may run off the film, does not count."""
    ends = [(x, y, r) for c in flesh for (x, y), r in zip((c.start, c.end), c.radii, strict=True) if y < WRIST_BELOW]
    return min(x - r for x, _, r in ends), max(x + r for x, _, r in ends), min(y - r for _, y, r in ends)


Point = tuple[float, float]


def _fit(rng: np.random.Generator, boxes: Sequence[tuple[float, float, float]]) -> tuple[Point, tuple[Point, Point]]:
    left, right = boxes
    gap = rng.uniform(3.0, 16.0)
    side, top, forearm = rng.uniform(3.0, 8.0), rng.uniform(3.0, 7.0), rng.uniform(10.0, 46.0)
    across = (left[1] - left[0]) + gap + (right[1] - right[0]) + 2 * side
    reach = max(-left[2], -right[2])
    down = top + reach + LOWER + WRIST_BELOW + forearm
    zoom = rng.uniform(1.0, 1.1)
    width = max(across, down * ASPECT) * zoom
    height = width / ASPECT
    spare_x, spare_y = width - across, height - down
    shift_x = side + spare_x * rng.uniform(0.1, 0.9)
    split = spare_x * rng.uniform(0.0, 0.2)
    y = top + reach + spare_y * rng.uniform(0.0, 0.8)
    low, high = (y + down_by for down_by in rng.uniform(0.0, LOWER, 2))
    x_left = shift_x - left[0] - split / 2
    x_right = shift_x + (left[1] - left[0]) + gap - right[0] + split / 2
    return (float(width), float(height)), ((float(x_left), float(low)), (float(x_right), float(high)))
