"""The network of spongy bone as a tile that repeats: fine struts, longer along a bone than across it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ra_bench.cohorts.synthetic.solids import Array

TILES = 24
SIDE = 128  # cells of a tile
CELLS_PER_MM = 5.0
# Of each network: strength, and the mesh's scale across and along the bone in cells. Meshes are 4.4 scales wide.
NETS = ((0.30, 1.3, 3.4), (0.18, 2.5, 6.0))
STRUT = 0.5  # half-width of a strut, in SDs of the field whose zeros it follows
PATCHES = (0.12, 9.0, 13.0)  # denser and thinner places of some millimetres


def trabeculae(rng: np.random.Generator) -> Array:
    """A (128, 128) pattern that repeats at its edges, mean 0, stretched along its second axis.

    One of a few tiles, shifted and mirrored: bones lie on it anywhere, so that nobody can tell two films' tiles.
    """
    tile = _tile(int(rng.integers(TILES)))
    down, right = rng.integers(0, SIDE, 2)
    mirrored = tile[:: rng.choice((-1, 1)), :: rng.choice((-1, 1))]
    return np.roll(mirrored, (down, right), axis=(0, 1))


@lru_cache(maxsize=TILES)
def _tile(number: int) -> Array:
    """Struts follow the zeros of a smooth random field, which form a net; noise alone would be a mottle."""
    rng = np.random.default_rng(number)
    total = np.zeros((SIDE, SIDE), dtype=np.float32)
    for strength, across, along in NETS:
        field = _field(rng, across, along)
        struts = np.exp(-np.square(field * np.float32(1 / STRUT)))
        struts -= struts.mean()
        total += struts * np.float32(strength / struts.std())
    strength, across, along = PATCHES
    return total + _field(rng, across, along) * np.float32(strength)


def _field(rng: np.random.Generator, across: float, along: float) -> Array:
    """A smooth random field, mean 0 and SD about 1."""
    noise = np.fft.rfft2(rng.standard_normal((SIDE, SIDE), dtype=np.float32))
    return np.asarray(np.fft.irfft2(noise * _amplitudes(across, along)), dtype=np.float32)


def _amplitudes(across: float, along: float) -> Array:
    rows, cols = np.fft.fftfreq(SIDE)[:, None], np.fft.rfftfreq(SIDE)[None, :]
    shape = np.exp(-2 * np.pi**2 * ((rows * across) ** 2 + (cols * along) ** 2))
    shape[0, 0] = 0.0
    return np.asarray(shape * np.sqrt(4 * np.pi * across * along), dtype=np.float32)


def as_coarse_as(tile: Array, mm: float) -> tuple[Array, float]:
    """The tile in cells no larger than a pixel of `mm` millimetres, and cells per mm: what is finer averages out."""
    cells = CELLS_PER_MM
    while cells * mm >= 2.0 and tile.shape[0] > 1:
        tile = (tile[::2, ::2] + tile[1::2, ::2] + tile[::2, 1::2] + tile[1::2, 1::2]) * np.float32(0.25)
        cells /= 2
    return tile, cells
