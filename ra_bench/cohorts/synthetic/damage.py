"""From a site's damage to what is missing: how large a defect is and how much of a joint space is left."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from ra_bench.cohorts.synthetic.readers import SITES
from ra_bench.cohorts.synthetic.solids import Bite, Point

if TYPE_CHECKING:
    from numpy.typing import NDArray

EROSION_MAXIMUM = 5.0
# Space left at JSN 0 to 4: more than half at 2, less than half at 3, and at 4 the two ends run into each other.
SPACE_LEFT = (1.0, 0.78, 0.54, 0.26, -0.22)


def bite_radius(damage: float, largest: float, onset: float = 0.0) -> float:
    """Radius in mm of a defect whose area grows in proportion to the damage beyond `onset`.

    `damage` and `onset` are in SvH units (0 to 5), `largest` is the radius in mm at 5.
    """
    share = (damage - onset) / (EROSION_MAXIMUM - onset)
    return largest * math.sqrt(min(max(share, 0.0), 1.0))


def collapse(damage: float, deepest: float) -> float:
    """How far in mm a joint surface has sunk: nothing up to erosion 3, `deepest` at 5."""
    return deepest * min(max((damage - 3.0) / 2.0, 0.0), 1.0)


def space_left(damage: float) -> float:
    """Share of a joint space that is left at a JSN of 0 to 4; below 0 the bones are fused."""
    grade = min(int(damage), 3)
    return SPACE_LEFT[grade] + (damage - grade) * (SPACE_LEFT[grade + 1] - SPACE_LEFT[grade])


SITE_INDEX: dict[tuple[str, str], int] = {(site.kind, site.name): i for i, site in enumerate(SITES)}
DEFECTS_PER_SITE = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesions:
    """The damage of one hand and everything random about how it looks.

    Attributes
    ----------
    damage : array of shape (31,), in SvH units
    chance : array of shape (31, 6, 5)
        For every defect that a site can have: two directions (unit vectors) and the share of the bone that goes.
    """

    damage: NDArray[np.float64]
    chance: NDArray[np.float64]


def draw_lesions(damage: NDArray[np.float64], rng: np.random.Generator) -> Lesions:
    """Draw the look of every defect, needed or not, so that one site's damage cannot change another's look."""
    angles = rng.uniform(0, 2 * np.pi, (len(SITES), DEFECTS_PER_SITE, 2))
    depths = rng.uniform(0.9, 1.0, (len(SITES), DEFECTS_PER_SITE))
    directions = np.stack([np.cos(angles), np.sin(angles)], axis=-1).reshape(len(SITES), DEFECTS_PER_SITE, 4)
    return Lesions(damage=damage, chance=np.concatenate([directions, depths[..., None]], axis=-1))


def grade(lesions: Lesions, kind: Literal["erosion", "jsn"], site: str | None) -> float:
    """Damage of a site in SvH units; 0 for a joint that is not scored."""
    index = SITE_INDEX.get((kind, site or ""))
    return float(lesions.damage[index]) if index is not None else 0.0


def bites_at(lesions: Lesions, site: str, number: int, centre: Point, largest: float, onset: float) -> tuple[Bite, ...]:
    """Defect `number` of a site, if it has begun; `centre` in film mm, `largest` and `onset` as in `bite_radius`."""
    radius = bite_radius(grade(lesions, "erosion", site), largest, onset)
    if radius <= 0:
        return ()
    ax, ay, bx, by, depth = lesions.chance[SITE_INDEX["erosion", site], number].tolist()
    return (Bite(centre=centre, radius=radius, lobes=((ax, ay), (bx, by)), depth=depth),)
