"""Two simulated readers: true damage at 62 sites of two hands, and what each reader makes of it.

The model, its weights and its constants are assumptions, fitted so that the totals of the two readers have the
means, spreads and disagreement of a published cohort. Everything here is simulated and must be called so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy import stats

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One scored place of one hand; `maximum` in SvH units, `weight` relative to the other sites of its kind."""

    name: str
    kind: Literal["erosion", "jsn"]
    maximum: int
    weight: float


EROSION_WEIGHTS = {
    "mcp1": 0.7, "mcp2": 1.3, "mcp3": 1.2, "mcp4": 0.9, "mcp5": 1.1,
    "pip2": 0.8, "pip3": 1.0, "pip4": 0.8, "pip5": 0.7,
    "ip1": 0.6, "mc1_base": 0.7, "multangular": 0.7, "scaphoid": 1.0, "lunate": 1.2, "radius": 1.1, "ulna": 1.6,
}  # fmt: skip
JSN_WEIGHTS = {
    "mcp1": 0.6, "mcp2": 1.1, "mcp3": 1.1, "mcp4": 0.8, "mcp5": 0.7,
    "pip2": 0.8, "pip3": 0.9, "pip4": 0.8, "pip5": 0.8,
    "cmc3": 1.1, "cmc4": 1.1, "cmc5": 0.9,
    "multangular_scaphoid": 0.9, "capitate_scaphoid_lunate": 1.6, "radiocarpal": 1.7,
}  # fmt: skip


def _sites(kind: Literal["erosion", "jsn"], maximum: int, weights: dict[str, float]) -> tuple[Site, ...]:
    mean = sum(weights.values()) / len(weights)
    return tuple(Site(name=name, kind=kind, maximum=maximum, weight=w / mean) for name, w in weights.items())


SITES: tuple[Site, ...] = _sites("erosion", 5, EROSION_WEIGHTS) + _sites("jsn", 4, JSN_WEIGHTS)

SEVERITY_SHAPE = 1.228
SEVERITY_MEAN = 47.89
SEVERITY_CAP = 270.0
CLUSTERING = 0.5
KIND_SPREAD = 0.25
SITE_SPREAD = 0.7
STRETCH = 0.0887
THRESHOLD = 0.104
NOISE_POWER = 0.9439
READER_NOISE = 0.2685
SITE_NOISE = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedReadings:
    """What is true of each patient, and what two simulated readers wrote down.

    Attributes
    ----------
    damage : float64 array of shape (n, 2, 31)
        True damage by patient, side (left, right) and site, from 0 to the site's maximum, in SvH units.
    scores : int64 array of shape (n, 2, 2, 31)
        Scores by patient, reader, side and site, in SvH units.
    """

    damage: NDArray[np.float64]
    scores: NDArray[np.int64]

    @property
    def totals(self) -> NDArray[np.int64]:
        """Total score of each reader, shape (n, 2), 0 to 280 SvH units."""
        return np.asarray(self.scores.sum(axis=(2, 3)), dtype=np.int64)


def simulate_readings(n: int, seed: int) -> SimulatedReadings:
    """Draw the true damage of `n` patients and the scores of two readers.

    Parameters
    ----------
    n : int
        Patients, at least 1. Expected totals are stratified quantiles, so that small cohorts are spread like large
        ones; patient i therefore depends on `n` as well as on `seed`.
    seed : int
        Same `n` and `seed`, same readings.

    Raises
    ------
    ValueError
        If `n` is below 1 or `seed` is negative.
    """
    if n < 1:
        raise ValueError(f"A cohort needs at least 1 patient, found n = {n}. Pass n >= 1.")
    if seed < 0:
        raise ValueError(f"A seed is 0 or more, found {seed}. Pass a non-negative whole number.")
    rng = np.random.default_rng([seed, 0x5D])
    damage = _true_damage(_severity(_expected_totals(n, rng)), rng)
    return SimulatedReadings(damage=damage, scores=_read(damage, rng))


def _maxima() -> NDArray[np.float64]:
    return np.array([site.maximum for site in SITES], dtype=np.float64)


def _weights() -> NDArray[np.float64]:
    return np.array([site.weight for site in SITES])


def _expected_totals(n: int, rng: np.random.Generator) -> NDArray[np.float64]:
    quantiles = (rng.permutation(n) + rng.random(n)) / n
    totals = stats.gamma.ppf(quantiles, SEVERITY_SHAPE, scale=SEVERITY_MEAN / SEVERITY_SHAPE)
    return np.minimum(np.asarray(totals, dtype=np.float64), SEVERITY_CAP)


def _severity(totals: NDArray[np.float64]) -> NDArray[np.float64]:
    """Severity S, shape (n,), at which the expected total of both hands is `totals`."""
    low, high = np.full_like(totals, -25.0), np.full_like(totals, 25.0)
    # The expected total rises strictly with log S, so halving the bracket always finds it.
    for _ in range(60):
        middle = (low + high) / 2
        share = 1 - (1 + np.exp(middle)[:, None] * _weights() / CLUSTERING) ** -CLUSTERING
        short = 2 * (share * _maxima()).sum(axis=1) < totals
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    return np.asarray(np.exp((low + high) / 2), dtype=np.float64)


def _true_damage(severity: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    n, sites = len(severity), len(SITES)
    towards_erosion = rng.standard_normal(n)
    clustered = rng.gamma(CLUSTERING, 1 / CLUSTERING, size=(n, sites))
    scattered = rng.standard_normal((n, 2, sites))
    sign = np.array([1.0 if site.kind == "erosion" else -1.0 for site in SITES])
    hazard = severity[:, None] * np.exp(KIND_SPREAD * towards_erosion[:, None] * sign) * _weights() * clustered
    spread = np.exp(SITE_SPREAD * scattered - SITE_SPREAD**2 / 2)
    return np.asarray(_maxima() * -np.expm1(-hazard[:, None, :] * spread), dtype=np.float64)


def _read(damage: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.int64]:
    n, sites = len(damage), len(SITES)
    mood = rng.standard_normal((n, 2, 1, 1))
    slip = rng.standard_normal((n, 2, 2, sites))
    # Reader 1 stretches the scale and needs more to call a first point; reader 2 does the reverse.
    sign = np.array([1.0, -1.0])[:, None, None]
    u = damage[:, None]
    seen = np.exp(sign * STRETCH) * u + (u + 0.05) ** NOISE_POWER * (READER_NOISE * mood + SITE_NOISE * slip)
    return np.clip(np.floor(seen + 0.5 - sign * THRESHOLD), 0, _maxima()).astype(np.int64)
