"""A year of damage at every site, and what two readers make of both films of a patient, read side by side.

The pattern is an assumption, fitted to published cohorts: of patients on methotrexate some 57 % do not progress by more
than 0.5 in a year, the mean change is near 3 (TEMPO: Klareskog et al., Lancet 2004;363:675-681), and the smallest
detectable change of the mean of two readers is near 3 (Navarro-Compan et al., Ann Rheum Dis 2014). Everything here is
simulated and must be called so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ra_bench.cohorts.synthetic.readers import (
    CLUSTERING,
    NOISE_POWER,
    READER_NOISE,
    SITE_NOISE,
    SITE_SPREAD,
    SITES,
    STRETCH,
    THRESHOLD,
    simulate_readings,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: Patients in whom nothing gets worse; in the others the true change in a year is Gamma of this shape.
STABLE, PROGRESSION_SHAPE = 0.4, 0.5
#: SvH units a year, over all patients.
PROGRESSION_MEAN = 2.8
#: No patient loses more than this share of what is left to lose.
MOST = 0.9
#: Share of the variance of a reader's slip at a site that is the same at both visits: films are read side by side.
SHARED_SLIP = 0.98


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedVisits:
    """What is true of each patient at two visits, and what two simulated readers wrote down.

    Attributes
    ----------
    damage : float64 array of shape (n, 2, 2, 31)
        True damage by patient, visit, side (left, right) and site, in SvH units. It never falls.
    scores : int64 array of shape (n, 2, 2, 2, 31)
        Scores by patient, visit, reader, side and site, in SvH units.
    """

    damage: Floats
    scores: NDArray[np.int64]

    @property
    def totals(self) -> NDArray[np.int64]:
        """Total score by patient, visit and reader, shape (n, 2, 2), 0 to 280 SvH units."""
        return np.asarray(self.scores.sum(axis=(3, 4)), dtype=np.int64)


def simulate_two_visits(n: int, seed: int) -> SimulatedVisits:
    """Draw the true damage of `n` patients now and a year later, and the scores of two readers.

    At each visit by itself damage and scores are spread as those of `simulate_readings`.

    Parameters
    ----------
    n : int
        Patients, at least 1.
    seed : int
        Same `n` and `seed`, same readings.

    Raises
    ------
    ValueError
        If `n` is below 1 or `seed` is negative.
    """
    first = simulate_readings(n, seed).damage
    rng = np.random.default_rng([seed, 0x2F])
    second = progress(first, _true_changes(n, rng), rng)
    damage = np.stack([first, second], axis=1)
    return SimulatedVisits(damage=damage, scores=_read(damage, rng))


def progress(damage: Floats, changes: Floats, rng: np.random.Generator) -> Floats:
    """Damage a year later: each patient's total rises by the given change, and no site gets better.

    Parameters
    ----------
    damage : array of shape (n, 2, 31)
        True damage by patient, side and site, in SvH units.
    changes : array of shape (n,)
        By how much a patient's total rises, 0 or more, in SvH units; at most `MOST` of what is left to lose.
    rng : numpy Generator
        Which sites it is that get worse: some much, most not at all, alike in both hands.
    """
    n, sites = len(damage), len(SITES)
    left = _maxima() - damage
    changes = np.minimum(changes, MOST * left.sum(axis=(1, 2)))
    weights = np.array([site.weight for site in SITES])
    clustered = rng.gamma(CLUSTERING, 1 / CLUSTERING, size=(n, 1, sites))
    hazard = weights * clustered * np.exp(SITE_SPREAD * rng.standard_normal((n, 2, sites)))
    low, high = np.full(n, -30.0), np.full(n, 30.0)
    # What is lost rises strictly with the pace, so halving the bracket always finds it.
    for _ in range(80):
        middle = (low + high) / 2
        short = (left * -np.expm1(-np.exp(middle)[:, None, None] * hazard)).sum(axis=(1, 2)) < changes
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    pace = np.where(changes > 0, np.exp((low + high) / 2), 0.0)
    return np.asarray(damage + left * -np.expm1(-pace[:, None, None] * hazard), dtype=np.float64)


def _true_changes(n: int, rng: np.random.Generator) -> Floats:
    """Independent of the damage that there is: from a single film nobody can tell who will progress."""
    mean = PROGRESSION_MEAN / (1 - STABLE)
    changes = rng.gamma(PROGRESSION_SHAPE, mean / PROGRESSION_SHAPE, n)
    return np.asarray(np.where(rng.random(n) < STABLE, 0.0, changes), dtype=np.float64)


def _maxima() -> Floats:
    return np.array([site.maximum for site in SITES], dtype=np.float64)


def _read(damage: Floats, rng: np.random.Generator) -> NDArray[np.int64]:
    """The scores of readers.py at each visit; a reader's mood is the same at both, and most of what slips."""
    n, visits, sites = len(damage), damage.shape[1], len(SITES)
    mood = rng.standard_normal((n, 1, 2, 1, 1))
    shared = rng.standard_normal((n, 1, 2, 2, sites))
    slip = np.sqrt(SHARED_SLIP) * shared + np.sqrt(1 - SHARED_SLIP) * rng.standard_normal((n, visits, 2, 2, sites))
    # Reader 1 stretches the scale and needs more to call a first point; reader 2 does the reverse.
    sign = np.array([1.0, -1.0])[:, None, None]
    u = damage[:, :, None]
    seen = np.exp(sign * STRETCH) * u + (u + 0.05) ** NOISE_POWER * (READER_NOISE * mood + SITE_NOISE * slip)
    return np.asarray(np.clip(np.floor(seen + 0.5 - sign * THRESHOLD), 0, _maxima()), dtype=np.int64)
