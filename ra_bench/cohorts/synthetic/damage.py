"""From a site's damage to what is missing: how large a defect is and how much of a joint space is left."""

from __future__ import annotations

import math

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
