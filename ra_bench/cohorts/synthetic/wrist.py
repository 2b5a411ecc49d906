"""The bones that are given by their outline: carpals, radius, ulna and the thumb's sesamoids."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ra_bench.cohorts.synthetic import carpus
from ra_bench.cohorts.synthetic.damage import Lesions, bites_at, grade, space_left
from ra_bench.cohorts.synthetic.pose import Person, Pose, direction
from ra_bench.cohorts.synthetic.skeleton import Placement, Segment, end_of, wobble
from ra_bench.cohorts.synthetic.solids import Bite, Frame, Slab

if TYPE_CHECKING:
    from numpy.typing import NDArray

CUT = 0.24  # share of an edge that each of its corners loses


def wrist_bone(name: str, lesions: Lesions, person: Person, pose: Pose, placement: Placement) -> Slab:
    """One bone of `carpus.OUTLINES`, with the damage of the sites on it."""
    solid = carpus.SOLIDS[name]
    own = pose.carpals[list(carpus.OUTLINES).index(name)]
    aside, up = solid.loose * own[:2]
    places = [carpus.CORNERS[corner] for corner in carpus.OUTLINES[name]]
    outline = [placement.point(*wobble((x + aside, y + up), pose)) for x, y in places]
    insets = [_inset(joint, lesions, person.spaces) for joint in carpus.FACETS[name]]
    corners, edges = _cut_corners(np.array(outline), np.array(insets))
    return Slab(
        frame=Frame(
            origin=placement.point(0.0, 0.0), axis=placement.vector(0.0, 1.0), lateral=placement.vector(1.0, 0.0)
        ),
        outline=corners,
        inset=edges,
        depth=solid.depth * person.girth,
        rounding=solid.rounding,
        plate=solid.plate * (0.4 + 0.6 * person.cortex * pose.periarticular),
        rim=solid.rim * float(np.clip(1 + 0.3 * own[2], 0.3, 1.7)),
        towards=placement.vector(*_turned(solid.towards, 25.0 * float(own[3]))),
        shaft=2.3 * (0.4 + 0.6 * person.cortex) if name in {"radius", "ulna"} else 0.0,
        density=person.density * (0.5 + 0.5 * pose.periarticular),
        bites=tuple(_bites(name, lesions, pose, placement)),
    )


def _cut_corners(
    outline: NDArray[np.float64], inset: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Each corner becomes an edge, whose inset lies between those of its neighbours (Chaikin's cut, once)."""
    after = np.roll(outline, -1, axis=0)
    first, last = outline + CUT * (after - outline), after + CUT * (outline - after)
    corners = np.stack([first, last], axis=1).reshape(-1, 2)
    edges = np.stack([inset, (inset + np.roll(inset, -1)) / 2], axis=1).ravel()
    return corners, edges


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
        inset=np.zeros(6),
        depth=half * 0.9,
        rounding=half,
        plate=0.5,
        density=person.density,
        rim=0.0,
        towards=(1.0, 0.0),
        shaft=0.0,
        bites=(),
    )
