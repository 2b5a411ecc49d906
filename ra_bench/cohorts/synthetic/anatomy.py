"""One hand as solids: every bone with its damage, and where each scored joint is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ra_bench.cohorts.synthetic import carpus
from ra_bench.cohorts.synthetic.damage import (
    SITE_INDEX,
    Lesions,
    bites_at,
    collapse,
    draw_lesions,
    grade,
    space_left,
)
from ra_bench.cohorts.synthetic.pose import Person, Pose, direction
from ra_bench.cohorts.synthetic.readers import SITES
from ra_bench.cohorts.synthetic.skeleton import Placement, Segment, skeleton, wobble
from ra_bench.cohorts.synthetic.solids import Bite, Frame, Point, Slab, Tube
from ra_bench.cohorts.synthetic.tubes import profile, shape_of
from ra_bench.cohorts.synthetic.wrist import sesamoids, wrist_bone

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Hand:
    """The solids of one hand in film mm, and its scored joints, shape (31, 2)."""

    tubes: list[Tube]
    slabs: list[Slab]
    joints: NDArray[np.float64]


def build_hand(
    damage: NDArray[np.float64], person: Person, pose: Pose, placement: Placement, rng: np.random.Generator
) -> Hand:
    """All bones of one hand with the damage of its 31 sites, shape (31,), in SvH units."""
    lesions = draw_lesions(damage, rng)
    segments = skeleton(person, pose)
    tubes = [_tube(segment, lesions, person, pose, placement) for segment in segments]
    slabs = [wrist_bone(name, lesions, person, pose, placement) for name in carpus.OUTLINES]
    slabs += sesamoids(segments[0], person, placement)
    return Hand(tubes=tubes, slabs=slabs, joints=_joints(segments, pose, placement))


def end_sites(digit: int, rank: int) -> tuple[str | None, str | None]:
    """The scored joints at the base and head of a tubular bone."""
    number = digit + 1
    if rank == 0:
        return ("mc1_base" if digit == 0 else f"cmc{number}" if number >= 3 else None), f"mcp{number}"
    if rank == 1:
        return f"mcp{number}", (f"pip{number}" if digit else "ip1")
    return ((f"pip{number}" if rank == 2 else "ip1" if digit == 0 else None), None)


def _tube(segment: Segment, lesions: Lesions, person: Person, pose: Pose, placement: Placement) -> Tube:
    frame = Frame(
        origin=placement.point(*segment.start),
        axis=placement.vector(*direction(segment.angle)),
        lateral=placement.vector(*direction(segment.angle + 90.0)),
    )
    shape = shape_of(segment.digit, segment.rank)
    offsets = []
    bites: list[Bite] = []
    for end, site in enumerate(end_sites(segment.digit, segment.rank)):
        left = space_left(grade(lesions, "jsn", site))
        sunk = collapse(grade(lesions, "erosion", site), 3.4 if end else 1.6)
        offsets.append(segment.spaces[end] / 2 * left + sunk)
        if ("erosion", site) in SITE_INDEX:
            bites += _end_bites(segment, frame, end, str(site), lesions, person.girth)
    return Tube(
        frame=frame,
        length=segment.length,
        table=profile(segment.digit, segment.rank, person.girth, person.cortex),
        base=(offsets[0], *shape.base[1:]),
        head=(offsets[1], *shape.head[1:]),
        rounding=shape.rounding,
        plate=0.55 * person.cortex * pose.periarticular + 0.1,
        density=person.density * pose.periarticular,
        bites=tuple(bites),
    )


# End of the bone (0 base, 1 head), side (+1 thumb's), radius as a share of the end's half-width, damage at onset.
# The thumb's side of a head goes first; the base and the other side follow.
FINGER_BITES = ((1, 1, 0.86, 0.0), (0, 1, 0.60, 0.6), (1, -1, 0.66, 1.6), (0, -1, 0.52, 2.4))
BASE_BITES = ((0, 1, 0.85, 0.0), (0, -1, 0.62, 1.2))


def _end_bites(segment: Segment, frame: Frame, end: int, site: str, lesions: Lesions, girth: float) -> list[Bite]:
    shape = shape_of(segment.digit, segment.rank)
    half = (shape.head_half if end else shape.base_half) * girth
    # Just off the cartilage: bare bone lies a little back from the end.
    u = segment.length - 0.55 * half - 1.0 if end else 0.3 * half + 1.0
    found: list[Bite] = []
    for number, (where, side, largest, onset) in enumerate(BASE_BITES if site == "mc1_base" else FINGER_BITES):
        if where == end:
            found += bites_at(lesions, site, number, frame.at(u, side * 0.92 * half), largest * half, onset)
    return found


def _joints(segments: list[Segment], pose: Pose, placement: Placement) -> NDArray[np.float64]:
    starts = {(segment.digit, segment.rank): segment.start for segment in segments}
    places: dict[str, Point] = {"ip1": starts[0, 3], "mc1_base": starts[0, 0]}
    for digit in range(5):
        places[f"mcp{digit + 1}"] = starts[digit, 1]
        places[f"cmc{digit + 1}"] = starts[digit, 0]
        if digit:
            places[f"pip{digit + 1}"] = starts[digit, 2]
    places |= {name: wobble(centre, pose) for name, centre in carpus.SITE_CENTRES.items()}
    return np.array([placement.point(*places[site.name]) for site in SITES])
