"""From the primary beam to grey values: scatter, quantum noise, display curve, collimation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from ra_bench.cohorts.synthetic.soft_tissue import Flesh, enlarge, thickness

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ra_bench.cohorts.synthetic.layout import Scene
    from ra_bench.cohorts.synthetic.solids import Array

SOFT = 0.022  # linear attenuation of soft tissue at about 50 kV, per mm
SHARPENED = 0.6  # mm, SD of what is taken for the surroundings of a detail
FINEST_BLUR = 0.25  # pixels: a blur below changes no pixel to speak of


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """How a film was taken and displayed."""

    scatter: float  # scattered over primary, at most
    spread: float  # mm, of the scatter
    blur: float  # mm, of the detector
    sharpening: float  # of details below a millimetre, as every digital system does to its films
    noise: float  # relative, for air and 1 mm
    gain: float
    gamma: float
    fog: float
    tilt: tuple[float, float]  # of the exposure across the film
    shutter: tuple[float, float, float, float]  # share of the film covered: left, top, right, bottom
    frame: float  # brightness of the shutter


def draw_exposure(rng: np.random.Generator) -> Exposure:
    """Settings of one exposure."""
    shutter = np.where(rng.random(4) < 0.35, rng.uniform(0.004, 0.02, 4), 0.0)
    return Exposure(
        scatter=float(rng.uniform(0.12, 0.4)),
        spread=float(rng.uniform(14.0, 26.0)),
        blur=float(rng.uniform(0.08, 0.18)),
        sharpening=float(rng.uniform(0.3, 0.9)),
        noise=float(rng.uniform(0.0015, 0.005)),
        gain=float(rng.uniform(0.88, 1.3)),
        gamma=float(rng.uniform(0.85, 1.25)),
        fog=float(max(0.0, rng.normal(0.045, 0.035))),
        tilt=(float(rng.normal(0, 0.03)), float(rng.normal(0, 0.03))),
        shutter=(float(shutter[0]), float(shutter[1]), float(shutter[2]), float(shutter[3])),
        frame=float(rng.choice((0.0, 0.06, 0.25))),
    )


def develop(
    light: Array, scene: Scene, flesh: Flesh, exposure: Exposure, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Scatter, noise, display curve and collimation: from the primary beam to grey values."""
    height, width = light.shape
    coarse = np.exp(-thickness(flesh, *flesh.inside.shape) * np.float32(SOFT * scene.person.size))
    # Scatter comes from flesh, which is most of what the beam meets; bone would only change it by a trifle.
    rough = (np.float32(1) - coarse).reshape(coarse.shape[0] // 4, 4, coarse.shape[1] // 4, 4).mean(axis=(1, 3))
    source = ndimage.gaussian_filter(rough, exposure.spread / flesh.mm / 4, truncate=2.5)
    veil = enlarge(source, height, width) * np.float32(exposure.scatter)
    signal = light + veil
    mm = scene.film[0] / width
    grain = rng.standard_normal((height, width), dtype=np.float32)
    signal += np.sqrt(signal) * grain * np.float32(exposure.noise / mm)
    if exposure.blur > FINEST_BLUR * mm:
        # The detector spreads each quantum too, so that its noise is as soft as its picture.
        signal = ndimage.gaussian_filter(signal, exposure.blur / mm, truncate=2.5)
    rows = np.linspace(-0.5, 0.5, height, dtype=np.float32)[:, None] * np.float32(exposure.tilt[1])
    cols = np.linspace(-0.5, 0.5, width, dtype=np.float32)[None, :] * np.float32(exposure.tilt[0])
    density = np.float32(exposure.fog) + rows + cols - np.log(np.maximum(signal, np.float32(0.02)))
    grey = np.maximum(density * np.float32(0.70 * exposure.gain), np.float32(0)) ** np.float32(exposure.gamma)
    if FINEST_BLUR * mm < SHARPENED:
        grey += np.float32(exposure.sharpening) * (grey - ndimage.gaussian_filter(grey, SHARPENED / mm, truncate=2.0))
        np.maximum(grey, np.float32(0), out=grey)
    # A soft shoulder keeps the thick wrist below white, as the display of a real film does.
    grey = grey / (np.float32(1) + grey**3) ** np.float32(1 / 3)
    _collimate(grey, exposure)
    return np.asarray(np.clip(grey * np.float32(250) + np.float32(4), 0, 255)).astype(np.uint8)


def _collimate(grey: Array, exposure: Exposure) -> None:
    height, width = grey.shape
    left, top, right, bottom = exposure.shutter
    grey[:, : round(left * width)] = exposure.frame
    grey[:, width - round(right * width) :] = exposure.frame
    grey[: round(top * height)] = exposure.frame
    grey[height - round(bottom * height) :] = exposure.frame
