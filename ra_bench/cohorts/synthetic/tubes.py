"""Shapes of the nineteen tubular bones of a hand: shaft, flared ends, condyles and concave bases. All in mm."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from ra_bench.cohorts.synthetic.bones import TABLE_ENTRIES, TABLE_MARGIN
from ra_bench.cohorts.synthetic.pose import DISTAL as DISTALS
from ra_bench.cohorts.synthetic.pose import METACARPALS, PROXIMAL
from ra_bench.cohorts.synthetic.pose import MIDDLE as MIDDLES

if TYPE_CHECKING:
    from numpy.typing import NDArray

Curve = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """Half-widths, half-depths relative to them, and the curves of the two joint surfaces (see `bones.Tube`)."""

    shaft: float
    base_half: float
    head_half: float
    base: Curve
    head: Curve
    rounding: tuple[float, float]
    cortex: float  # in the middle of the shaft
    bow: float  # of the centre line, towards the thumb's side
    depth: float  # half-depth over half-width
    tuft: bool


# Shaft, base and head half-widths, thumb to little finger.
METACARPAL_HALVES = ((4.6, 8.0, 7.4), (3.7, 8.3, 7.8), (3.8, 8.0, 7.9), (3.1, 6.5, 6.8), (3.3, 7.3, 6.7))
PROXIMAL_HALVES = ((4.5, 7.2, 5.9), (4.6, 8.0, 5.7), (4.8, 8.0, 5.9), (4.3, 7.3, 5.4), (3.6, 6.6, 4.7))
MIDDLE_HALVES = ((0.0, 0.0, 0.0), (3.6, 6.6, 4.7), (3.9, 6.9, 5.0), (3.6, 6.5, 4.7), (2.9, 5.4, 3.9))
DISTAL_HALVES = ((3.3, 6.8, 4.6), (2.3, 5.1, 3.7), (2.4, 5.3, 3.9), (2.4, 5.1, 3.7), (1.9, 4.3, 3.1))
METACARPAL_BOWS = (1.2, 0.8, 0.3, -0.5, -1.2)


@lru_cache(maxsize=32)
def shape_of(digit: int, rank: int) -> Ends:
    """The shape of one bone; `digit` 0 to 4 from the thumb, `rank` 0 metacarpal to 3 distal."""
    shaft, base, head = (METACARPAL_HALVES, PROXIMAL_HALVES, MIDDLE_HALVES, DISTAL_HALVES)[rank][digit]
    if rank == 0:
        base_curve, head_curve = _metacarpal_ends(digit, head)
        rounding, cortex, bow, depth = (2.8, 3.0), 2.1, METACARPAL_BOWS[digit], 0.92
    else:
        base_curve = _socket(base) if rank == 1 else _double_socket(base)
        head_curve = _condyles(head) if rank < 3 else (0.2, 0.0, 0.02, 0.012)
        rounding, cortex, bow, depth = (2.0, 1.8 if rank < 3 else 1.4), 1.6 if rank < 3 else 0.9, 0.0, 0.85
    if digit == 0 and rank < 3:
        # The thumb is seen from the side: its shafts are bowed and its ends deeper than wide.
        bow, depth = -1.3 if rank else 1.4, 1.0
    return Ends(
        shaft=shaft, base_half=base, head_half=head, base=base_curve, head=head_curve,
        rounding=rounding, cortex=cortex, bow=bow, depth=depth, tuft=rank == 3,
    )  # fmt: skip


def _metacarpal_ends(digit: int, head: float) -> tuple[Curve, Curve]:
    tilts = (0.0, 0.0, 0.05, 0.0, 0.10)
    hollows = (-0.02, 0.035, 0.0, 0.004, 0.01)
    base = (0.0, tilts[digit], hollows[digit], 0.0)
    return base, (0.0, 0.0, 2.3 / head**2, 2.0 / head**4)


def _socket(half: float) -> Curve:
    return 0.0, 0.0, -1.4 / half**2, 0.0


def _condyles(half: float) -> Curve:
    return 0.0, 0.0, -2.4 / half**2, 4.2 / half**4


def _double_socket(half: float) -> Curve:
    return 0.0, 0.0, 1.5 / half**2, -2.4 / half**4


NOMINAL = (METACARPALS, PROXIMAL, MIDDLES, DISTALS)


@lru_cache(maxsize=32)
def _pattern(digit: int, rank: int) -> NDArray[np.float64]:
    """What `profile` scales, at entries from one tenth before the base to one tenth beyond the head.

    Rows: half-width in mm at girth 1; share of the shaft's cortex; centre line in mm; sponge, a share.
    """
    shape, length = shape_of(digit, rank), NOMINAL[rank][digit]
    t = np.linspace(-TABLE_MARGIN, 1 + TABLE_MARGIN, TABLE_ENTRIES)
    u, t = t * length, np.clip(t, 0, 1)
    near = np.clip(1 - (np.clip(u, 0, None) - 2.0) / (0.4 * length), 0, 1) ** 2.2
    far = np.clip(1 - (np.clip(length - u, 0, None) - 3.5) / (0.34 * length), 0, 1) ** 2.0
    if shape.tuft:
        far = np.exp(-(((t - 0.9) / 0.12) ** 2))
    half = shape.shaft + (shape.base_half - shape.shaft) * near + (shape.head_half - shape.shaft) * far
    # Rounded shoulders: the ends narrow again over their last millimetres.
    half *= (
        1
        - (0.28 if rank else 0.12) * np.clip((3.5 - u) / 3.5, 0, 1) ** 2
        - 0.16 * np.clip((u - length + 3.0) / 3.0, 0, 1) ** 2
    )
    middle = np.clip(1 - np.abs(2 * t - 0.95) ** 1.5, 0, 1)  # the cortex is a pencil line at the ends
    # The middle of a shaft is mostly fat; the spongy bone lies at the ends.
    sponge = 1.2 - 1.0 * np.clip(1 - np.abs(2 * t - 1.0) ** 1.6, 0, 1)
    if shape.tuft:
        sponge = np.ones_like(t)
    depth = half * shape.depth * ((0.95 - 0.5 * t) if shape.tuft else 1.0)
    return np.stack([half, depth, middle, shape.bow * 4 * t * (1 - t), sponge])


def profile(digit: int, rank: int, girth: float, cortex: float) -> NDArray[np.float32]:
    """Table along a bone, shape (5, entries): half-width, half-depth, cortex, centre line (mm), sponge (a share)."""
    half, depth, middle, centre, sponge = _pattern(digit, rank)
    shaft = shape_of(digit, rank).cortex * (0.4 + 0.6 * cortex)
    plate = (0.4 + (shaft - 0.4) * middle) * min(1.0, 0.4 + 0.6 * cortex)
    return np.stack([half * girth, depth * girth, plate, centre, sponge]).astype(np.float32)
