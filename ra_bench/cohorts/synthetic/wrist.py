"""The bones that are given by their outline: carpals, radius, ulna and the thumb's sesamoids."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ra_bench.cohorts.synthetic import carpus
from ra_bench.cohorts.synthetic.damage import Lesions, bites_at, grade, space_left
from ra_bench.cohorts.synthetic.outlines import cut_corners, moved_edges
from ra_bench.cohorts.synthetic.pose import Person, Pose, direction
from ra_bench.cohorts.synthetic.skeleton import Placement, Segment, end_of, wobble
from ra_bench.cohorts.synthetic.solids import Bite, Frame, Slab

if TYPE_CHECKING:
    from numpy.typing import NDArray

OVERLAP_SD, ANGLE_SD = 0.5, 0.9  # mm, of edges at joints that nobody scores: all alike, and from one end to the other


def wrist_bone(name: str, lesions: Lesions, person: Person, pose: Pose, placement: Placement) -> Slab:
    """One bone of `carpus.OUTLINES`, with the damage of the sites on it."""
    solid = carpus.SOLIDS[name]
    own = pose.carpals[list(carpus.OUTLINES).index(name)]
    x, y = (carpus.TILES[name] + solid.loose * own[:2]).T
    tile = np.stack(placement.point(*wobble((x, y), pose)), axis=1)
    outline = moved_edges(tile, _insets(name, lesions, person.spaces, own[4:]))
    forearm = name in {"radius", "ulna"}  # their outlines have corners enough
    return Slab(
        frame=Frame(
            origin=placement.point(0.0, 0.0), axis=placement.vector(0.0, 1.0), lateral=placement.vector(1.0, 0.0)
        ),
        outline=outline if forearm else cut_corners(outline),
        depth=solid.depth * person.girth,
        rounding=solid.rounding,
        plate=solid.plate * (0.4 + 0.6 * person.cortex * pose.periarticular),
        rim=solid.rim * float(np.clip(1 + 0.3 * own[2], 0.3, 1.7)),
        towards=placement.vector(*_turned(solid.towards, 25.0 * float(own[3]))),
        shaft=2.3 * (0.4 + 0.6 * person.cortex) if forearm else 0.0,
        density=person.density * (0.5 + 0.5 * pose.periarticular),
        bites=tuple(_bites(name, lesions, pose, placement)),
    )


def _turned(vector: tuple[float, float], angle: float) -> tuple[float, float]:
    c, s = float(np.cos(np.deg2rad(angle))), float(np.sin(np.deg2rad(angle)))
    return c * vector[0] - s * vector[1], s * vector[0] + c * vector[1]


def _bites(name: str, lesions: Lesions, pose: Pose, placement: Placement) -> list[Bite]:
    found: list[Bite] = []
    for site, defects in carpus.WRIST_BITES.items():
        for number, (bone, centre, largest, onset) in enumerate(defects):
            if bone == name:
                place = placement.point(*wobble(centre, pose))
                found += bites_at(lesions, site, number, place, largest, onset)
    return found


def _insets(name: str, lesions: Lesions, spaces: float, own: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far each edge of a bone lies inside the tiling, in mm, shape (edges,)."""
    found = np.array([_inset(joint, lesions, spaces) for joint in carpus.FACETS[name]])
    for edges, slope in carpus.LOOSE_EDGES[name]:
        # Neighbours lie over each other at an angle, so that their outlines cross.
        found[edges] += OVERLAP_SD * own[0] + ANGLE_SD * own[1] * slope
    return found


def _inset(joint: str | None, lesions: Lesions, spaces: float) -> float:
    if joint is None:
        return carpus.FREE_INSET
    return carpus.SPACES[joint] * spaces / 2 * space_left(grade(lesions, "jsn", joint))


# Sideways and back from the end of the thumb's metacarpal, and half-width, in mm.
SESAMOIDS = ((-4.8, 5.0, 2.5), (3.4, 4.2, 2.1))


def sesamoids(thumb: Segment, person: Person, placement: Placement) -> list[Slab]:
    """The two small round bones that lie in front of the thumb's knuckle."""
    return [_sesamoid(thumb, person, placement, *which) for which in SESAMOIDS]


def _sesamoid(thumb: Segment, person: Person, placement: Placement, aside: float, back: float, half: float) -> Slab:
    across, along = direction(thumb.angle + 90.0), direction(thumb.angle)
    x, y = end_of(thumb, 1.0 - back / thumb.length)
    frame = Frame(
        origin=placement.point(x + aside * across[0], y + aside * across[1]),
        axis=placement.vector(*along),
        lateral=placement.vector(*across),
    )
    turns = np.deg2rad(np.arange(0, 360, 60))
    return Slab(
        frame=frame,
        outline=np.array([frame.at(half * 1.3 * float(np.cos(a)), half * float(np.sin(a))) for a in turns]),
        depth=half * 0.9,
        rounding=half,
        plate=0.5,
        density=person.density,
        rim=0.0,
        towards=(1.0, 0.0),
        shaft=0.0,
        bites=(),
    )
