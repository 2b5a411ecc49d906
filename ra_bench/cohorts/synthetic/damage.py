"""From a site's damage to what is missing: how large a defect is and how much of a joint space is left."""

from __future__ import annotations

import numpy as np

EROSION_MAXIMUM = 5.0
# Space left at JSN 0 to 4: more than half at 2, less than half at 3, and at 4 the two ends run into each other.
JSN_GRADES = (0.0, 1.0, 2.0, 3.0, 4.0)
SPACE_LEFT = (1.0, 0.78, 0.54, 0.26, -0.22)


def bite_radius(damage: float, largest: float, onset: float = 0.0) -> float:
    """Radius in mm of a defect whose area grows in proportion to the damage beyond `onset`.

    `damage` and `onset` are in SvH units (0 to 5), `largest` is the radius in mm at 5.
    """
    share = (damage - onset) / (EROSION_MAXIMUM - onset)
    return float(largest * np.sqrt(min(max(share, 0.0), 1.0)))


def collapse(damage: float, deepest: float) -> float:
    """How far in mm a joint surface has sunk: nothing up to erosion 3, `deepest` at 5."""
    return float(deepest * min(max((damage - 3.0) / 2.0, 0.0), 1.0))


def space_left(damage: float) -> float:
    """Share of a joint space that is left at a JSN of 0 to 4; below 0 the bones are fused."""
    return float(np.interp(damage, JSN_GRADES, SPACE_LEFT))
