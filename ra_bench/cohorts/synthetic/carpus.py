"""The wrist as a tiling: bones that share facets, so that every joint space is where two insets meet.

Coordinates are hand millimetres: x to the thumb's side, y away from the elbow, origin in the middle of the capitate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

CORNERS: dict[str, tuple[float, float]] = {
    "a": (-7.5, 10.5), "b": (6.5, 11.5), "c": (6.7, 1.2), "c1": (5.9, 6.2),
    "d": (2.0, -11.3), "d1": (7.3, -4.5), "d2": (5.3, -9.0),
    "e": (-6.3, -7.8), "e1": (-1.5, -11.8), "e2": (-4.6, -10.3), "f1": (-6.0, -2.6), "f2": (-6.1, 3.6),
    "g": (-8.8, -8.8), "h1": (-14.0, -5.2), "h2": (-19.5, -1.8), "i": (-22.3, 6.0), "i1": (-22.8, 1.5),
    "j": (-15.0, 9.0),
    "k": (-11.8, -17.0), "k2": (-16.0, -17.2), "k3": (-21.5, -14.2), "k4": (-24.6, -9.0), "k5": (-23.6, -4.0),
    "l": (3.0, -21.6), "l1": (3.4, -15.2), "r0": (-11.0, -20.2), "r1": (-6.5, -22.3), "r2": (-1.5, -22.8),
    "m": (13.0, 1.0), "m2": (18.8, -1.8), "m3": (20.0, -6.0), "m4": (17.3, -9.8),
    "s1": (7.5, -21.0), "s2": (12.0, -18.6), "s3": (16.2, -14.5),
    "n": (15.5, 12.0), "n1": (14.6, 6.0), "p": (11.0, 13.8),
    "q": (21.4, 14.4), "q1": (25.0, -1.8), "q2": (28.8, 3.8), "q3": (24.9, 8.8),
    "t": (19.6, -12.2), "t2": (21.6, -13.6), "t3": (22.4, -17.5), "t4": (21.7, -22.5), "t5": (20.0, -28.5),
    "t6": (18.0, -35.0), "t7": (16.6, -42.0), "t8": (15.6, -55.0), "t9": (9.8, -200.0), "t10": (1.4, -200.0),
    "t11": (-1.3, -56.0), "t12": (-2.4, -47.0), "t13": (-4.4, -40.0), "t14": (-7.2, -34.5), "t15": (-10.0, -30.0),
    "t16": (-11.8, -26.0), "t17": (-12.2, -22.5),
    "u0": (-13.7, -27.0), "u1": (-14.6, -24.6), "u2": (-17.0, -23.2), "u3": (-20.6, -23.0), "u4": (-22.8, -23.6),
    "u5": (-23.9, -19.4), "u6": (-25.2, -18.8), "u7": (-26.4, -22.5), "u8": (-26.6, -28.0), "u9": (-25.2, -34.5),
    "u10": (-23.6, -42.0), "u11": (-22.6, -55.0), "u12": (-18.1, -200.0), "u13": (-11.0, -200.0),
    "u14": (-12.6, -52.0), "u15": (-13.2, -42.0), "u16": (-13.4, -34.0),
    "v1": (-18.0, -4.5), "v2": (-17.0, -11.5), "v3": (-20.0, -15.0), "v4": (-25.0, -14.0), "v5": (-27.0, -8.5),
    "v6": (-23.5, -3.5),
    "w1": (-11.5, 1.0), "w2": (-12.0, 6.5), "w3": (-15.5, 8.5), "w4": (-19.0, 5.0), "w5": (-18.5, -0.5),
    "w6": (-15.0, -2.5),
}  # fmt: skip

OUTLINES: dict[str, tuple[str, ...]] = {
    "capitate": ("a", "b", "c1", "c", "d1", "d2", "d", "e1", "e2", "e", "f1", "f2"),
    "hamate": ("a", "f2", "f1", "e", "g", "h1", "h2", "i1", "i", "j"),
    "triquetrum": ("g", "k", "k2", "k3", "k4", "k5", "h2", "h1"),
    "lunate": ("e", "e2", "e1", "d", "l1", "l", "r2", "r1", "r0", "k", "g"),
    "scaphoid": ("d", "d2", "d1", "c", "m", "m2", "m3", "m4", "s3", "s2", "s1", "l", "l1"),
    "trapezoid": ("b", "p", "n", "n1", "m", "c", "c1"),
    "trapezium": ("n", "q", "q3", "q2", "q1", "m2", "m", "n1"),
    "pisiform": ("v1", "v2", "v3", "v4", "v5", "v6"),
    "hook": ("w1", "w2", "w3", "w4", "w5", "w6"),
    "radius": (
"r0", "r1", "r2", "l", "s1", "s2", "s3", "t", "t2", "t3", "t4", "t5", "t6", "t7", "t8", "t9", "t10", "t11", "t12",
        "t13", "t14", "t15", "t16", "t17",
    ),
    "ulna": (
        "u0", "u1", "u2", "u3", "u4", "u5", "u6", "u7", "u8", "u9", "u10", "u11", "u12", "u13", "u14", "u15", "u16",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Solid:
    """How thick a wrist bone is, in mm.

    Few facets stand along the beam: `rim` is how far the far side's edge lies inside the near side's, and `towards`
    on which side of the bone (hand coordinates), which gives the second contour that films of the wrist show.
    """

    depth: float  # half-depth
    rounding: float  # distance from the edge to full depth
    plate: float  # outer plate
    rim: float
    towards: tuple[float, float]
    loose: float = 0.0  # SD in mm of where it lies, for a bone without a scored joint


SOLIDS: dict[str, Solid] = {
    "capitate": Solid(depth=8.0, rounding=3.4, plate=0.5, rim=1.8, towards=(0.3, 1.0)),
    "hamate": Solid(depth=6.8, rounding=3.4, plate=0.48, rim=2.6, towards=(-0.8, -0.4)),
    "triquetrum": Solid(depth=5.6, rounding=3.2, plate=0.48, rim=2.4, towards=(0.6, -0.8), loose=0.5),
    "lunate": Solid(depth=7.2, rounding=3.4, plate=0.5, rim=2.6, towards=(0.2, 1.0)),
    "scaphoid": Solid(depth=6.2, rounding=3.4, plate=0.5, rim=2.8, towards=(-0.9, 0.4)),
    "trapezoid": Solid(depth=5.8, rounding=3.0, plate=0.48, rim=2.4, towards=(0.8, -0.6)),
    "trapezium": Solid(depth=6.2, rounding=3.2, plate=0.5, rim=3.0, towards=(-0.8, -0.3)),
    "pisiform": Solid(depth=4.4, rounding=4.2, plate=0.48, rim=1.2, towards=(1.0, 0.0), loose=1.1),
    "hook": Solid(depth=2.6, rounding=2.4, plate=0.75, rim=1.6, towards=(-1.0, 0.3), loose=0.8),
    "radius": Solid(depth=8.0, rounding=7.5, plate=0.55, rim=3.6, towards=(-0.3, 1.0)),
    "ulna": Solid(depth=6.0, rounding=5.2, plate=0.5, rim=2.4, towards=(0.5, 1.0)),
}

# Joint spaces in mm; below 0 the bones overlap on the film.
SPACES: dict[str, float] = {
    "multangular_scaphoid": 1.4, "capitate_scaphoid_lunate": 1.4, "radiocarpal": 1.9,
    "cmc1": 0.4, "cmc2": -1.6, "cmc3": 1.4, "cmc4": 1.4, "cmc5": 1.4,
    "multangular": -4.2, "capitate_hamate": -0.7, "hamate_triquetrum": -2.4, "lunate_triquetrum": -1.2,
    "capitate_trapezoid": -1.8, "other": 0.45,
}  # fmt: skip
# Joints that nobody scores: how far the bones overlap is each hand's own.
UNSCORED = frozenset({"multangular", "capitate_hamate", "hamate_triquetrum", "lunate_triquetrum", "capitate_trapezoid"})
FREE_INSET = 0.2  # mm, at an edge without a neighbour
JOINT_OF_PAIR: dict[frozenset[str], str] = {
    frozenset(("trapezium", "scaphoid")): "multangular_scaphoid",
    frozenset(("trapezoid", "scaphoid")): "multangular_scaphoid",
    frozenset(("trapezium", "trapezoid")): "multangular",
    frozenset(("capitate", "hamate")): "capitate_hamate",
    frozenset(("hamate", "triquetrum")): "hamate_triquetrum",
    frozenset(("lunate", "triquetrum")): "lunate_triquetrum",
    frozenset(("capitate", "trapezoid")): "capitate_trapezoid",
    frozenset(("capitate", "scaphoid")): "capitate_scaphoid_lunate",
    frozenset(("capitate", "lunate")): "capitate_scaphoid_lunate",
    frozenset(("scaphoid", "lunate")): "capitate_scaphoid_lunate",
    frozenset(("radius", "scaphoid")): "radiocarpal",
    frozenset(("radius", "lunate")): "radiocarpal",
}
# Facets that face a metacarpal, which is not part of the tiling.
JOINT_OF_EDGE: dict[frozenset[str], str] = {
    frozenset(("a", "b")): "cmc3",
    frozenset(("a", "j")): "cmc4",
    frozenset(("i", "j")): "cmc5",
    frozenset(("b", "p")): "cmc2",
    frozenset(("n", "p")): "cmc2",
    frozenset(("q", "q3")): "cmc1",
    frozenset(("q2", "q3")): "cmc1",
}
METACARPAL_BASES: tuple[tuple[float, float], ...] = (
    (25.2, 9.5),
    (11.0, 12.8),
    (-0.5, 11.0),
    (-11.2, 9.8),
    (-18.8, 7.5),
)

# Middle of each scored joint, hand mm.
SITE_CENTRES: dict[str, tuple[float, float]] = {
    "multangular": (19.0, 5.5), "scaphoid": (12.0, -9.0), "lunate": (-3.5, -16.5), "radius": (15.5, -19.0),
    "ulna": (-22.5, -24.0),
    "multangular_scaphoid": (14.0, 0.5), "capitate_scaphoid_lunate": (1.0, -11.0), "radiocarpal": (2.5, -21.5),
}  # fmt: skip

# Where bone goes first: bone, position, largest radius in mm, and the damage at which the defect begins.
WRIST_BITES: dict[str, tuple[tuple[str, tuple[float, float], float, float], ...]] = {
    "multangular": (("trapezium", (27.2, 1.2), 6.0, 0.0), ("trapezoid", (9.0, 12.0), 4.4, 1.0),
    ("trapezium", (17.0, 12.0), 4.4, 2.0)),
    "scaphoid": (("scaphoid", (18.6, -8.2), 6.4, 0.0), ("scaphoid", (5.0, -15.5), 4.8, 1.5)),
    "lunate": (("lunate", (-11.0, -16.0), 5.8, 0.0), ("lunate", (1.5, -20.5), 4.8, 1.5)),
    "radius": (("radius", (20.8, -15.5), 7.2, 0.0), ("radius", (-11.0, -23.5), 5.6, 1.5)),
    "ulna": (("ulna", (-25.0, -20.5), 7.4, 0.0), ("ulna", (-14.5, -26.0), 5.2, 1.5)),
}  # fmt: skip


def facets(bone: str) -> list[str | None]:
    """The joint that each edge of a bone's outline faces: a name, "other" for an unscored joint,
    None for a free edge."""
    outline = OUTLINES[bone]
    found: list[str | None] = []
    for start, end in zip(outline, outline[1:] + outline[:1], strict=True):
        edge = frozenset((start, end))
        neighbours = [name for name, other in OUTLINES.items() if name != bone and _has_edge(other, edge)]
        if neighbours:
            found.append(JOINT_OF_PAIR.get(frozenset((bone, neighbours[0])), "other"))
        else:
            found.append(JOINT_OF_EDGE.get(edge))
    return found


def _has_edge(outline: tuple[str, ...], edge: frozenset[str]) -> bool:
    return any(frozenset(pair) == edge for pair in zip(outline, outline[1:] + outline[:1], strict=True))


def loose_edges(bone: str) -> list[tuple[NDArray[np.int64], NDArray[np.float64]]]:
    """The edges of a bone at each joint that nobody scores, and how far each lies from their middle, -1 to 1."""
    joints = np.array(facets(bone), dtype=object)
    found = (np.flatnonzero(joints == joint) for joint in sorted(UNSCORED))
    return [(edges, np.linspace(-1, 1, len(edges))) for edges in found if len(edges)]


FACETS: dict[str, list[str | None]] = {bone: facets(bone) for bone in OUTLINES}
LOOSE_EDGES = {bone: loose_edges(bone) for bone in OUTLINES}


def corners(bone: str) -> NDArray[np.float64]:
    """Outline of a bone, shape (corners, 2), in hand mm."""
    return np.array([CORNERS[name] for name in OUTLINES[bone]])


TILES: dict[str, NDArray[np.float64]] = {bone: corners(bone) for bone in OUTLINES}
