"""Two hands as solids: every bone with its damage, the soft tissue around it, and where each scored joint is.

Coordinates: hand millimetres (x to the thumb's side, y away from the elbow) become film millimetres (x right, y down)
through a `Placement`. Millimetres are those of an average hand; the film multiplies absorption by the patient's size.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ra_bench.cohorts.synthetic import carpus
from ra_bench.cohorts.synthetic.bones import Bite, Frame, Point, Slab, Tube
from ra_bench.cohorts.synthetic.damage import bite_radius, collapse, space_left
from ra_bench.cohorts.synthetic.pose import Person, Pose, direction
from ra_bench.cohorts.synthetic.readers import SITES
from ra_bench.cohorts.synthetic.tubes import Ends, profile, shape_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

SITE_INDEX: dict[tuple[str, str], int] = {(site.kind, site.name): i for i, site in enumerate(SITES)}
MCP_SPACE, PIP_SPACE, DIP_SPACE, CMC_SPACE = 1.8, 1.3, 1.05, 1.5  # mm


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

    def vector(self, x: float, y: float) -> Point:
        """A direction, turned, mirrored and with y down."""
        c, s = math.cos(math.radians(self.turn)), math.sin(math.radians(self.turn))
        return self.side * (c * x + s * y), -(c * y - s * x)

    def point(self, x: float, y: float) -> Point:
        """A position."""
        vx, vy = self.vector(x, y)
        return self.origin[0] + vx, self.origin[1] + vy


@dataclass(frozen=True, slots=True, kw_only=True)
class Hand:
    """The solids of one hand in film mm, and its scored joints, shape (31, 2)."""

    tubes: list[Tube]
    slabs: list[Slab]
    joints: NDArray[np.float64]


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


def wobble(point: Point, pose: Pose) -> Point:
    """Individual shape of the wrist: a smooth displacement of about a millimetre, and the forearm's direction."""
    x, y = point
    w = pose.wobble.tolist()
    x, y = x * (1 + 0.03 * w[0][2]), y * (1 + 0.03 * w[0][3])
    dx = 0.6 * w[0][0] * math.sin(0.16 * x + w[0][1]) + 0.6 * w[1][0] * math.sin(0.18 * y + w[1][1])
    dy = 0.6 * w[2][0] * math.sin(0.17 * x + w[2][1]) + 0.6 * w[3][0] * math.sin(0.15 * y + w[3][1])
    lean = math.tan(math.radians(pose.forearm))
    return x + dx + lean * min(y + 26.0, 0.0), y + dy


def build_hand(
    damage: NDArray[np.float64], person: Person, pose: Pose, placement: Placement, rng: np.random.Generator
) -> Hand:
    """All bones of one hand with the damage of its 31 sites.

    Every random number is drawn whether or not a defect needs it, so that one site's damage cannot move another's.
    """
    lobes = _lobes(rng.uniform(0, 2 * np.pi, (31, 6, 2)), rng.uniform(0.9, 1.0, (31, 6)))
    segments = skeleton(person, pose)
    tubes = [_tube(segment, damage, lobes, person, pose, placement) for segment in segments]
    slabs = [_slab(name, damage, lobes, person, pose, placement) for name in carpus.OUTLINES]
    slabs += _sesamoids(segments, person, placement)
    return Hand(tubes=tubes, slabs=slabs, joints=_joints(segments, pose, placement))


def _sesamoids(segments: list[Segment], person: Person, placement: Placement) -> list[Slab]:
    """The two small round bones that lie in front of the thumb's knuckle."""
    thumb = segments[0]
    across, along = direction(thumb.angle + 90.0), direction(thumb.angle)
    found = []
    for side, back, half in ((-4.8, 5.0, 2.5), (3.4, 4.2, 2.1)):
        x, y = end_of(thumb, 1.0 - back / thumb.length)
        x, y = x + side * across[0], y + side * across[1]
        turns = np.deg2rad(np.arange(0, 360, 60))
        outline = [
            placement.point(
                x + half * (1.3 * np.cos(a) * along[0] + np.sin(a) * across[0]),
                y + half * (1.3 * np.cos(a) * along[1] + np.sin(a) * across[1]),
            )
            for a in turns
        ]
        found.append(
            Slab(
                frame=Frame(
                    origin=placement.point(x, y), axis=placement.vector(*along), lateral=placement.vector(*across)
                ),
                outline=np.array(outline),
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
        )
    return found


def _lobes(angles: NDArray[np.float64], depths: NDArray[np.float64]) -> NDArray[np.float64]:
    """What is random about every defect, shape (31, 6, 5): two directions and the share of the bone that goes."""
    directions = np.stack([np.cos(angles), np.sin(angles)], axis=-1).reshape(31, 6, 4)
    return np.concatenate([directions, depths[..., None]], axis=-1)


def _bite(centre: Point, radius: float, lobes: NDArray[np.float64]) -> Bite:
    ax, ay, bx, by, depth = lobes.tolist()
    return Bite(centre=centre, radius=radius, lobes=((ax, ay), (bx, by)), depth=depth)


def end_sites(digit: int, rank: int) -> tuple[str | None, str | None]:
    """The scored joints at the base and head of a tubular bone."""
    number = digit + 1
    if rank == 0:
        return ("mc1_base" if digit == 0 else f"cmc{number}" if number >= 3 else None), f"mcp{number}"
    if rank == 1:
        return f"mcp{number}", (f"pip{number}" if digit else "ip1")
    return ((f"pip{number}" if rank == 2 else "ip1" if digit == 0 else None), None)


def _tube(
    segment: Segment,
    damage: NDArray[np.float64],
    lobes: NDArray[np.float64],
    person: Person,
    pose: Pose,
    placement: Placement,
) -> Tube:
    frame = Frame(
        origin=placement.point(*segment.start),
        axis=placement.vector(*direction(segment.angle)),
        lateral=placement.vector(*direction(segment.angle + 90.0)),
    )
    shape = shape_of(segment.digit, segment.rank)
    sites = end_sites(segment.digit, segment.rank)
    offsets = []
    bites: list[Bite] = []
    for end, site in enumerate(sites):
        eroded = _damage_of(damage, "erosion", site)
        left = space_left(_damage_of(damage, "jsn", site))
        offset = segment.spaces[end] / 2 * left + collapse(eroded, 3.4 if end else 1.6)
        offsets.append(offset)
        bites += _end_bites(segment, frame, shape, end, site, eroded, lobes, person.girth)
    base = (offsets[0], shape.base[1], shape.base[2], shape.base[3])
    head = (offsets[1], shape.head[1], shape.head[2], shape.head[3])
    return Tube(
        frame=frame,
        length=segment.length,
        table=profile(segment.digit, segment.rank, person.girth, person.cortex),
        base=base,
        head=head,
        rounding=shape.rounding,
        plate=0.55 * person.cortex * pose.periarticular + 0.1,
        density=person.density * pose.periarticular,
        bites=tuple(bites),
    )


def _damage_of(damage: NDArray[np.float64], kind: str, site: str | None) -> float:
    index = SITE_INDEX.get((kind, site or ""))
    return float(damage[index]) if index is not None else 0.0


# End of the bone (0 base, 1 head), side (+1 thumb's), radius as a share of the end's half-width, damage at onset.
# The thumb's side of a head goes first; the base and the other side follow.
FINGER_BITES = ((1, 1, 0.86, 0.0), (0, 1, 0.60, 0.6), (1, -1, 0.66, 1.6), (0, -1, 0.52, 2.4))
BASE_BITES = ((0, 1, 0.85, 0.0), (0, -1, 0.62, 1.2))


def _end_bites(
    segment: Segment,
    frame: Frame,
    shape: Ends,
    end: int,
    site: str | None,
    eroded: float,
    lobes: NDArray[np.float64],
    girth: float,
) -> list[Bite]:
    if eroded <= 0 or site is None:
        return []
    index = SITE_INDEX[("erosion", site)]
    half = (shape.head_half if end else shape.base_half) * girth
    found = []
    for number, (where, side, largest, onset) in enumerate(BASE_BITES if site == "mc1_base" else FINGER_BITES):
        radius = bite_radius(eroded, largest * half, onset)
        if where != end or radius <= 0:
            continue
        # Just off the cartilage: bare bone lies a little back from the end.
        u = segment.length - 0.55 * half - 1.0 if end else 0.3 * half + 1.0
        found.append(_bite(frame.at(u, side * 0.92 * half), radius, lobes[index, number]))
    return found


def _slab(
    name: str,
    damage: NDArray[np.float64],
    lobes: NDArray[np.float64],
    person: Person,
    pose: Pose,
    placement: Placement,
) -> Slab:
    solid = carpus.SOLIDS[name]
    outline = [placement.point(*wobble(carpus.CORNERS[corner], pose)) for corner in carpus.OUTLINES[name]]
    insets = [_inset(joint, damage, person.spaces) for joint in carpus.FACETS[name]]
    bites = []
    for site, defects in carpus.WRIST_BITES.items():
        index = SITE_INDEX[("erosion", site)]
        for number, (bone, centre, largest, onset) in enumerate(defects):
            radius = bite_radius(float(damage[index]), largest, onset)
            if bone == name and radius > 0:
                place = placement.point(*wobble(centre, pose))
                bites.append(_bite(place, radius, lobes[index, number]))
    return Slab(
        frame=Frame(
            origin=placement.point(0.0, 0.0), axis=placement.vector(0.0, 1.0), lateral=placement.vector(1.0, 0.0)
        ),
        outline=np.array(outline),
        inset=np.array(insets),
        depth=solid.depth * person.girth,
        rounding=solid.rounding,
        plate=solid.plate * (0.4 + 0.6 * person.cortex * pose.periarticular),
        rim=solid.rim,
        towards=placement.vector(*solid.towards),
        shaft=2.3 * (0.4 + 0.6 * person.cortex) if name in {"radius", "ulna"} else 0.0,
        density=person.density * (0.5 + 0.5 * pose.periarticular),
        bites=tuple(bites),
    )


def _inset(joint: str | None, damage: NDArray[np.float64], spaces: float) -> float:
    if joint is None:
        return carpus.FREE_INSET
    gap = carpus.SPACES[joint] * spaces
    return gap / 2 * space_left(_damage_of(damage, "jsn", joint))


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
