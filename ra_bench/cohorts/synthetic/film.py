"""The simulated two-hand film: from solids to grey values by the physics of a radiograph.

Path lengths give the primary beam (Beer-Lambert); scatter, detector blur, quantum noise and a display curve follow.
Nothing but bone depends on a site's damage: pose, size, exposure, noise and markers come from the seed, and the loose
gross severity (drift, slips, thin bone next to the joints) from a coarse and noisy figure that a caller may also set.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ra_bench.cohorts.synthetic.bones import Grid, add_slab, add_tube
from ra_bench.cohorts.synthetic.exposure import SOFT, develop, draw_exposure
from ra_bench.cohorts.synthetic.layout import Scene, build_scene
from ra_bench.cohorts.synthetic.markers import add_marker, draw_markers
from ra_bench.cohorts.synthetic.readers import SITES
from ra_bench.cohorts.synthetic.soft_tissue import Flesh, flesh_map, thickness
from ra_bench.cohorts.synthetic.trabeculae import trabeculae

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from ra_bench.cohorts.synthetic.solids import Array

# Linear attenuation at about 50 kV, per mm.
CORTICAL, TRABECULAR = 0.105, 0.040
FINE_WIDTH = 384  # smaller films are drawn at this width or more and averaged down, which is true to area
SEVERITY_BAND = 40.0  # SvH units: a step of the coarse severity


def gross_severity(damage: ArrayLike, *, seed: int) -> float:
    """A coarse and noisy severity, 0 to 1, that loosely ties drift and thin bone to the total damage.

    Parameters
    ----------
    damage : array_like of shape (2, 31)
        True damage in SvH units.
    seed : int
        The film's seed.
    """
    total = float(_checked(damage).sum())
    step = min(np.floor(total / SEVERITY_BAND) / 5.0, 1.0)
    rng = np.random.default_rng([seed, 7])
    return float(np.clip(0.35 * step * rng.random() + 0.4 * rng.beta(0.8, 2.0), 0.0, 1.0))


def render_film(damage: ArrayLike, *, seed: int, width: int, severity: float | None = None) -> NDArray[np.uint8]:
    """Render a simulated two-hand radiograph.

    Parameters
    ----------
    damage : array_like of shape (2, 31)
        True damage of the left and the right hand at `SITES`, in SvH units, 0 to each site's maximum.
    seed : int
        Everything but the damage: person, pose, exposure, noise, markers. Same seed, same bytes.
    width : int
        Width of the film in pixels, at least 32.
    severity : float, optional
        Gross severity, 0 to 1; by default `gross_severity(damage, seed=seed)`.

    Returns
    -------
    uint8 array of shape (round(width * 3 / 4), width)
        Grey values; air is dark. The left hand is on the left, thumbs inwards.

    Raises
    ------
    ValueError
        If `damage` is not of shape (2, 31), not finite or outside its range, or `width` is below 32.
    """
    checked = _checked(damage)
    if width < 32:
        raise ValueError(f"A film is at least 32 px wide, found width = {width}. Pass width >= 32.")
    scene = build_scene(checked, seed, gross_severity(checked, seed=seed) if severity is None else severity)
    height, factor = round(width * 3 / 4), max(1 if width > FINE_WIDTH else 2, -(-FINE_WIDTH // width))
    rng = np.random.default_rng([seed, 3])
    exposure = draw_exposure(rng)
    flesh = flesh_map(scene.flesh, scene.film, np.random.default_rng([seed, 8]))
    absorbed = _absorbed(scene, flesh, height * factor, width * factor, np.random.default_rng([seed, 4]))
    mm = scene.film[0] / (width * factor)
    for marker in draw_markers(np.random.default_rng([seed, 5]), flesh, scene.film):
        add_marker(absorbed, mm, marker)
    light = np.exp(-absorbed)
    if factor > 1:
        light = _average(light, factor)
    return develop(light, scene, flesh, exposure, np.random.default_rng([seed, 6]))


def _average(light: Array, factor: int) -> Array:
    """Mean of every square of `factor` by `factor` pixels."""
    total = light[::factor, ::factor].copy()
    for step in range(1, factor * factor):
        total += light[step // factor :: factor, step % factor :: factor]
    return total * np.float32(1 / factor**2)


def joint_positions(*, seed: int, damage: ArrayLike, width: int, severity: float | None = None) -> NDArray[np.float64]:
    """Where every scored joint lies on the film of the same arguments.

    Returns
    -------
    float64 array of shape (2, 31, 2)
        x and y in pixels by side and site; the film spans 0 to width and 0 to round(width * 3 / 4).
    """
    checked = _checked(damage)
    scene = build_scene(checked, seed, gross_severity(checked, seed=seed) if severity is None else severity)
    return np.stack([hand.joints for hand in scene.hands]) * (width / scene.film[0])


def _checked(damage: ArrayLike) -> NDArray[np.float64]:
    values = np.asarray(damage, dtype=np.float64)
    if values.shape != (2, len(SITES)):
        raise ValueError(f"Damage has shape (2, {len(SITES)}) by side and site, found {values.shape}.")
    maxima = np.array([site.maximum for site in SITES])
    if not np.isfinite(values).all() or (values < 0).any() or (values > maxima).any():
        raise ValueError("Damage lies between 0 and each site's maximum (erosion 5, JSN 4); clip it first.")
    return values


def _absorbed(scene: Scene, flesh: Flesh, height: int, width: int, rng: np.random.Generator) -> Array:
    """Absorption in natural log units on a (height, width) grid."""
    grid = bone_maps(scene, height, width, trabeculae(rng))
    size = np.float32(scene.person.size)
    total = thickness(flesh, height, width) * np.float32(SOFT)
    total += grid.cortex * np.float32(CORTICAL - SOFT)
    total += grid.marrow * np.float32(TRABECULAR - SOFT)
    total *= size
    return total


def bone_maps(scene: Scene, height: int, width: int, texture: Array) -> Grid:
    """Cortex and marrow along every ray of a (height, width) film, in mm."""
    grid = Grid.empty(height, width, scene.film[0] / width, texture)
    for hand in scene.hands:
        for tube in hand.tubes:
            add_tube(grid, tube)
        for slab in hand.slabs:
            add_slab(grid, slab)
    return grid
