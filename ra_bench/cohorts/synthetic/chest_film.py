"""A simulated chest film: thicknesses of tissue, air and bone added up along the ray, then Beer-Lambert.

Positions are in units of half the film's height, (0, 0) in the middle, x to the right (the patient's left), y down.
What is drawn is coarse: enough for a network to learn edges, densities and shapes from. It is simulated and says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Collection

Map = NDArray[np.floating[Any]]

HEIGHT, WIDTH = 160, 192

#: Per centimetre, at about 100 kV: soft tissue; what bone and metal add to it.
TISSUE, BONE, METAL = 0.19, 0.30, 2.5


def draw_chest(findings: Collection[str], *, view: str, patient: int, film: int, seed: int) -> NDArray[np.uint8]:
    """Draw one film.

    Parameters
    ----------
    findings : collection of str
        Those of `chexpert.FINDINGS` that can be seen.
    view : "Frontal" or "Lateral"
    patient, film, seed : int
        A patient's build is the same on all films; position, exposure and noise are not.

    Returns
    -------
    uint8 array of shape (160, 192)
        Bone bright.
    """
    build = np.random.default_rng([seed, patient])
    key = (seed, patient, film)
    x, y = _grid(_generator(key, "position"))
    scene = _Scene(x, y, build, key, frozenset(findings))
    thickness = scene.frontal() if view == "Frontal" else scene.lateral()
    return _expose(thickness, _generator(key, "exposure"))


def _generator(key: tuple[int, int, int], part: str) -> np.random.Generator:
    """A generator for each part of a film, so that one finding more leaves all the rest as it was."""
    return np.random.default_rng([*key, *part.encode()])


class _Scene:
    """One patient on one film: the parts share grid, build and findings."""

    def __init__(
        self, x: Map, y: Map, build: np.random.Generator, key: tuple[int, int, int], findings: frozenset[str]
    ) -> None:
        self.x, self.y, self.key, self.findings = x, y, key, findings
        self.one_side = np.sign(x) == self.rng("side").choice((-1.0, 1.0))  # where one-sided findings are
        self.depth = float(build.uniform(17, 24))  # cm, front to back
        self.half_width = float(build.uniform(0.80, 0.92))  # of the thorax
        self.heart = float(build.uniform(0.40, 0.48))  # half-width of the heart over that of the thorax
        self.base = float(build.uniform(0.62, 0.74))  # of the lungs
        self.spacing = float(build.uniform(0.17, 0.20))  # of the ribs

    def rng(self, part: str) -> np.random.Generator:
        """The generator of one part."""
        return _generator(self.key, part)

    def frontal(self) -> Map:
        """Attenuation along the ray, from front to back or back to front."""
        x, y, depth = self.x, self.y, self.depth
        neck = 0.30 + 0.80 * _step(y + 0.86, 0.12)
        body = depth * np.sqrt(np.clip(1 - (x / (1.06 * neck)) ** 2, 0, 1))
        lung, air = self._lungs()
        heart, middle = self._heart_and_middle()
        filled = self._in_the_lungs(lung)
        filled = filled + np.maximum(0, np.maximum(heart, 0.85 * middle) - np.maximum(filled, 0))
        # Aerated lung stops a third of what tissue does.
        soft = body - lung * air * (0.66 + 0.04 * _texture(self.rng("lungs"), 6)) * (1 - filled)
        soft -= 2.2 * _band(x - 0.02 * y, 0.05, 0.02) * _step(-0.1 - y, 0.1)  # trachea
        return np.asarray(TISSUE * soft + BONE * self._bones(lung) + METAL * self._devices())

    def lateral(self) -> Map:
        """Attenuation along the ray, from side to side; findings show as density and heart size only."""
        x, y = self.x, self.y
        body = 1.3 * self.depth * np.sqrt(np.clip(1 - (x / 0.86) ** 2, 0, 1))
        floor = self.base - 0.25 * (1 - x**2)
        lung = _disc(x - 0.05, y - 0.05, 0.62, 0.85, 0.06) * _step(floor - y, 0.04)
        soft = body - 14 * lung * (1 - self._in_the_lungs(lung))
        size = 1.35 if "Cardiomegaly" in self.findings else 1.0
        soft += 7 * lung * _disc(x + 0.25, y - 0.35, 0.30 * size, 0.30 * size, 0.05)
        spine = _band(x - 0.52 - 0.08 * np.cos(2 * y), 0.09, 0.02) * (0.7 + 0.3 * np.cos(40 * y))
        ribs = np.abs(np.sin(np.pi * (y - 0.5 * x) / self.spacing)) > 0.93
        return np.asarray(TISSUE * soft + BONE * (3.0 * spine + 0.5 * ribs * lung) + METAL * self._devices())

    def _lungs(self) -> tuple[Map, Map]:
        """Where lungs are, 0 to 1, and the air that they hold there, in cm."""
        x, y = self.x, self.y
        wall = self.half_width * np.sqrt(np.clip(1 - ((y - 0.35) / 1.22) ** 2, 0.01, 1))
        across = np.abs(x) / wall
        dome = self.base - 0.05 * (x < 0) + 0.75 * (np.abs(x) / self.half_width - 0.45) ** 2
        if "Atelectasis" in self.findings:
            dome = dome - 0.10 * self.one_side
        lung = _step(1 - across, 0.03) * _step(np.abs(x) - 0.10, 0.05) * _step(dome - y, 0.02)
        air = self.depth * np.sqrt(np.clip(1 - across**2, 0, 1))
        return lung, air

    def _heart_and_middle(self) -> tuple[Map, Map]:
        """Heart and mediastinum, 0 to 1."""
        x, y = self.x, self.y
        half = self.heart * self.half_width
        if "Cardiomegaly" in self.findings:
            half *= float(self.rng("heart").uniform(1.30, 1.55))
        tilted = y - 0.45 - 0.35 * (x - 0.10)
        heart = _disc(x - 0.10 * half / 0.4, tilted, half, 0.34, 0.05)
        wide = float(self.rng("middle").uniform(1.7, 2.2)) if "Enlarged Cardiomediastinum" in self.findings else 1.0
        middle = _band(x, 0.13 * wide, 0.04) + _disc(x - 0.12 * wide, y + 0.28, 0.10, 0.10, 0.04)
        hila = _disc(np.abs(x) - 0.20, y - 0.05, 0.09, 0.16, 0.10)
        return heart, np.minimum(1, middle + 0.5 * hila)

    def _in_the_lungs(self, lung: Map) -> Map:
        """What fills air, as a share of it: vessels, patches, fluid; negative where there is more air."""
        x, y = self.x, self.y
        from_hilum = np.hypot(np.abs(x) - 0.22, y - 0.05)
        filled = np.asarray(0.13 * np.exp(-3 * from_hilum) * (1 + _texture(self.rng("vessels"), 20)), dtype=np.float32)
        if "Edema" in self.findings:
            filled += 0.40 * np.exp(-3 * from_hilum**2) * (1 + 0.5 * _texture(self.rng("Edema"), 14))
        for finding, share in (("Consolidation", 0.50), ("Pneumonia", 0.42), ("Lung Opacity", 0.22)):
            if finding in self.findings:
                rng = self.rng(finding)
                patch = _disc(x - _place(rng), y - rng.uniform(-0.45, 0.40), 0.24, 0.22, 0.25)
                filled += share * patch * (1 + 0.6 * _texture(rng, 12))
        if "Lung Lesion" in self.findings:
            rng = self.rng("Lung Lesion")
            for _ in range(rng.integers(1, 4)):
                size = rng.uniform(0.05, 0.10)
                filled += 0.45 * _disc(x - _place(rng), y - rng.uniform(-0.6, 0.45), size, size, 0.03)
        if "Atelectasis" in self.findings:
            rng = self.rng("Atelectasis")
            slanted = y - 0.42 - rng.uniform(-0.1, 0.05) + rng.uniform(-0.3, 0.3) * x
            filled += 0.45 * _band(slanted, 0.02, 0.015) * self.one_side
        return self._pleura(filled, lung)

    def _pleura(self, filled: Map, lung: Map) -> Map:
        """Fluid, air and thickening between lung and wall."""
        x, y = self.x, self.y
        across = np.abs(x) / self.half_width
        if "Pneumothorax" in self.findings:
            rng = self.rng("Pneumothorax")
            rim = 1 - rng.uniform(0.16, 0.34) * (1 - 0.5 * _step(y, 0.8))
            outside = _step(across - rim, 0.01) * self.one_side
            filled = np.where(outside > 0.5, np.float32(-0.22), filled)
            filled = filled + 0.30 * _band(across - rim, 0.012, 0.01) * self.one_side
        if "Pleural Effusion" in self.findings:
            rng = self.rng("Pleural Effusion")
            level = rng.uniform(0.10, 0.45) - 0.30 * across**3  # the meniscus climbs at the wall
            sides = self.one_side if rng.random() < 0.6 else 1.0
            filled = filled + 0.80 * _step(y - level, 0.06) * sides
        if "Pleural Other" in self.findings:
            filled = filled + 0.60 * _step(across - 0.84, 0.03) * self.one_side
        return np.asarray(filled * (lung > 0), dtype=np.float32)

    def _bones(self, lung: Map) -> Map:
        """Ribs, spine and clavicles, in cm."""
        x, y = self.x, self.y
        wide = np.abs(x)
        bend = 0.55 * (wide - 0.35) ** 2
        if "Fracture" in self.findings:  # a step in the ribs of one side, beyond one point
            rng = self.rng("Fracture")
            step = _step(wide - rng.uniform(0.45, 0.65), 0.01) * self.one_side
            bend = bend + 0.45 * self.spacing * step * _band(y - rng.uniform(-0.4, 0.3), 0.25, 0.02)
        inside = np.maximum(lung, 0.3) * _step(self.half_width + 0.05 - wide, 0.03) * _step(wide - 0.06, 0.02)
        behind = _rib((y - bend + 0.05) / self.spacing)
        front = _rib((y - 0.9 * wide + 0.3) / self.spacing) * _step(wide - 0.35, 0.05)
        ribs = (1.1 * behind + 0.55 * front) * inside * _step(0.72 - y, 0.05)
        spine = _band(x, 0.09, 0.015) * (0.8 + 0.2 * np.cos(2 * np.pi * y / 0.15))
        clavicles = _band(y + 0.62 + 0.22 * (wide - 0.1), 0.035, 0.012) * _step(0.8 - wide, 0.02) * (wide > 0.06)
        return np.asarray(ribs + 1.5 * spine + 1.2 * clavicles, dtype=np.float32)

    def _devices(self) -> Map:
        """Lines, a pacemaker, electrodes, in cm of metal."""
        x, y, rng = self.x, self.y, self.rng("Support Devices")
        metal = np.zeros_like(x)
        if "Support Devices" not in self.findings:
            return metal
        kind = rng.integers(0, 3)
        if kind != 1:
            way = rng.uniform(0.1, 0.3) * np.sin(3 * (y + 0.2)) + rng.uniform(-0.08, 0.08)
            metal += 0.22 * _band(x - way, 0.010, 0.006) * _step(rng.uniform(-0.2, 0.4) - y, 0.01)
        if kind != 0:
            metal += 0.5 * _disc(x - 0.55, y + 0.50, 0.14, 0.11, 0.01)
            metal += 0.22 * _band(y - 0.35 * np.sin(2.2 * (x - 0.1)) + 0.10, 0.010, 0.006) * _band(x - 0.3, 0.25, 0.01)
        for _ in range(rng.integers(0, 4)):
            metal += 0.4 * _disc(x - rng.uniform(-0.7, 0.7), y - rng.uniform(-0.6, 0.6), 0.035, 0.035, 0.01)
        return metal


def _place(rng: np.random.Generator) -> float:
    """An x within a lung."""
    return float(rng.choice((-1.0, 1.0)) * rng.uniform(0.28, 0.62))


def _grid(rng: np.random.Generator) -> tuple[Map, Map]:
    """Positions of the pixels, shape (160, 192) each, a little turned, shifted and enlarged."""
    turn, size = rng.normal(0, 0.03), rng.uniform(0.92, 1.06)
    right, down = rng.normal(0, 0.03, 2)
    rows = (np.arange(HEIGHT, dtype=np.float32) - HEIGHT / 2 + 0.5)[:, None] / (HEIGHT / 2)
    columns = (np.arange(WIDTH, dtype=np.float32) - WIDTH / 2 + 0.5)[None, :] / (HEIGHT / 2)
    x = (np.cos(turn) * columns - np.sin(turn) * rows) / size + right
    y = (np.sin(turn) * columns + np.cos(turn) * rows) / size + down
    return np.asarray(x, dtype=np.float32), np.asarray(y, dtype=np.float32)


def _expose(attenuation: Map, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Beer-Lambert, scatter, noise, and a display curve that a radiographer would choose."""
    attenuation = np.maximum(attenuation, 0)
    primary = np.exp(-attenuation)
    scatter = 0.35 * np.exp(-attenuation.mean()) * rng.uniform(0.8, 1.2)
    signal = primary + scatter
    signal *= 1 + rng.uniform(0.015, 0.035) * rng.standard_normal(signal.shape, dtype=np.float32)
    density = -np.log(np.maximum(signal, 1e-4))
    low, high = np.percentile(density[::4, ::4], (3, 97))
    contrast = rng.uniform(0.85, 1.1)
    grey = 0.5 + contrast * ((density - low) / max(high - low, 1e-3) - 0.5) + rng.normal(0, 0.03)
    return np.asarray(np.clip(grey * 235 + 10, 0, 255), dtype=np.uint8)


def _step(value: Map, edge: float) -> Map:
    """0 below, 1 above 0, with an edge of that width."""
    return np.asarray(np.clip(value / edge + 0.5, 0, 1), dtype=np.float32)


def _band(value: Map, half: float, edge: float) -> Map:
    """1 where the value is within `half` of 0."""
    return _step(half - np.abs(value), edge)


def _disc(x: Map, y: Map, wide: float, tall: float, edge: float) -> Map:
    """1 inside an ellipse around 0."""
    return _step(1 - np.sqrt((x / wide) ** 2 + (y / tall) ** 2), edge / min(wide, tall))


def _rib(phase: Map) -> Map:
    """Ribs at whole numbers, brighter at their edges as a tube is."""
    away = np.abs(phase - np.round(phase))
    return np.asarray(_step(0.20 - away, 0.06) * (0.6 + 8 * away**2))


def _texture(rng: np.random.Generator, cells: int) -> Map:
    """Smooth noise of shape (160, 192), mean 0, SD about 0.5, with so many cells down the film."""
    from PIL import Image

    coarse = rng.standard_normal((cells, cells * WIDTH // HEIGHT), dtype=np.float32)
    return np.asarray(Image.fromarray(coarse).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)) * np.float32(0.6)
