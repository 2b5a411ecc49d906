"""How two hands lie on the film: who the patient is, how the fingers spread, and where each hand is put.

All of it is drawn from the seed and from the loose gross severity, never from the damage of a site.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

DIGITS = 5
METACARPALS = (46.0, 68.0, 65.0, 58.0, 54.0)
PROXIMAL = (32.0, 40.0, 45.0, 41.0, 33.0)
MIDDLE = (0.0, 22.0, 26.0, 26.0, 18.0)
DISTAL = (22.0, 16.0, 17.0, 17.0, 16.0)
METACARPAL_ANGLES = (41.0, 7.0, -1.0, -9.5, -19.0)  # degrees from the hand's axis, towards the thumb


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What both hands share. Lengths are those of an average hand times the factors here."""

    size: float  # 1 is the average adult
    lengths: NDArray[np.float64]  # (5, 4) mm: metacarpal, proximal, middle, distal
    girth: float  # width of the bones
    flesh: float  # width of the soft tissue
    cortex: float  # thickness of the cortex
    density: float  # of trabecular bone
    spaces: float  # width of the joint spaces
    severity: float  # loose gross severity, 0 to 1
    shape: NDArray[np.float64]  # (4, 4) coefficients of the wrist's individual shape
    carpals: NDArray[np.float64]  # (11, 6) how each wrist bone of this person differs, in SDs


@dataclass(frozen=True, slots=True, kw_only=True)
class Pose:
    """How one hand lies. Angles in degrees, lengths in mm."""

    turn: float  # of the whole hand
    forearm: float  # of the forearm against the hand
    metacarpals: NDArray[np.float64]  # (5,)
    fingers: NDArray[np.float64]  # (5,) of the proximal phalanx
    bends: NDArray[np.float64]  # (5, 2) sideways at the middle and end joint
    foreshortening: NDArray[np.float64]  # (5, 3) of the phalanges
    slips: NDArray[np.float64]  # (5,) sideways step at the knuckle
    periarticular: float  # density next to the joints, 1 is normal
    wobble: tuple[tuple[float, ...], ...]  # 4 x 4, the person's shape, and a little of this hand's own
    carpals: NDArray[np.float64]  # (11, 6) the person's, and some of this hand's own: it is never laid down flat


def draw_person(rng: np.random.Generator, severity: float) -> Person:
    """A patient's build."""
    male = rng.random() < 0.35
    size = (1.06 if male else 0.98) * float(np.clip(rng.normal(1, 0.05), 0.85, 1.15))
    lengths = np.array([METACARPALS, PROXIMAL, MIDDLE, DISTAL]).T
    lengths = (
        lengths * np.clip(rng.normal(1, 0.02, (5, 4)), 0.95, 1.05) * np.clip(rng.normal(1, 0.02, (1, 4)), 0.95, 1.05)
    )
    return Person(
        size=size,
        lengths=lengths,
        girth=float(np.clip(rng.normal(1.03 if male else 0.98, 0.05), 0.86, 1.16)),
        flesh=float(np.clip(rng.normal(1.0, 0.06), 0.86, 1.18)),
        cortex=float(np.clip(rng.normal(1.0, 0.15), 0.6, 1.4)),
        density=float(np.clip(rng.normal(1.0, 0.12), 0.65, 1.35)),
        spaces=float(np.clip(rng.normal(1.05 if male else 0.97, 0.07), 0.8, 1.25)),
        severity=severity,
        shape=rng.normal(0, 1, (4, 4)),
        carpals=rng.normal(0, 1, (11, 6)),
    )


def draw_pose(rng: np.random.Generator, person: Person) -> Pose:
    """One hand's pose; drift and slips happen to healthy hands too, and to sick ones only somewhat more."""
    spread = rng.uniform(0.0, 1.0)
    closed = np.array([40.0, 3.0, 0.0, -4.5, -9.0])
    opened = np.array([50.0, 12.0, 1.5, -11.0, -24.0])
    fingers = closed + (opened - closed) * spread + rng.normal(0, 1.6, DIGITS)
    fingers[0] = rng.uniform(14.0, 38.0)
    drift = max(0.0, rng.normal(1.0, 3.0) + person.severity * rng.uniform(0.0, 14.0))
    fingers[1:] -= drift * rng.uniform(0.6, 1.2, 4)
    slips = np.abs(rng.normal(0, 0.5, DIGITS)) + person.severity * rng.uniform(0, 2.6, DIGITS) * (
        rng.random(DIGITS) < 0.5
    )
    metacarpals = (
        np.array(METACARPAL_ANGLES) + rng.normal(0, 1.2, DIGITS) + np.array([0, 1.5, 0, -1.5, -4.0]) * (spread - 0.5)
    )
    metacarpals[0] = fingers[0] + rng.normal(2.0, 5.0)
    return Pose(
        turn=float(np.clip(rng.normal(0, 8.0), -18.0, 18.0)),
        forearm=float(rng.normal(0, 5.0)),
        metacarpals=metacarpals,
        fingers=fingers,
        bends=rng.normal(0, 2.2, (5, 2)) - np.array([[0], [0.5], [0.0], [-0.5], [-3.0]]),
        foreshortening=1 - np.abs(rng.normal(0, 0.02, (5, 3))),
        slips=slips,
        periarticular=float(np.clip(1 - 0.28 * person.severity * rng.random() + rng.normal(0, 0.08), 0.55, 1.2)),
        wobble=tuple(tuple(row) for row in (0.9 * person.shape + 0.35 * rng.normal(0, 1, (4, 4))).tolist()),
        carpals=0.8 * person.carpals + 0.6 * rng.normal(0, 1, person.carpals.shape),
    )


def direction(angle: float) -> tuple[float, float]:
    """Unit vector in hand coordinates at `angle` degrees from the hand's axis towards the thumb."""
    radians = math.radians(angle)
    return math.sin(radians), math.cos(radians)
