"""What the ridges see of a film. One film at a time, so that a memory-mapped set is never held as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ra_bench import TrainingError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ra_bench import FilmSet

#: Bins of the grey-value histogram, eight grey values each.
BINS = 32
#: Height and width of a thumbnail in pixels.
THUMBNAIL = (24, 32)


def film_statistics(films: FilmSet) -> NDArray[np.float64]:
    """Share of pixels in each of 32 bins of grey values, and log height and log width of the film as decoded.

    Shape (n, 34). Pixels are those of the film as the networks get it, its padding included.
    """
    if not (films.sizes > 0).all():
        bad = int(np.argmin((films.sizes > 0).all(axis=1)))
        height, width = films.sizes[bad]
        raise TrainingError(f"Film '{films.ids[bad]}' is {height} high and {width} wide. Replace the film, or drop it.")
    features = np.empty((len(films.ids), BINS + 2))
    for row, film in zip(features, films.films, strict=True):
        row[:BINS] = np.bincount((film >> 3).ravel(), minlength=BINS) / film.size
    features[:, BINS:] = np.log(films.sizes)
    return features


def thumbnail(films: FilmSet) -> NDArray[np.float64]:
    """Mean grey value, 0 to 1, in each cell of a grid 32 wide and 24 high; shape (n, 768)."""
    height, width = films.films.shape[1:]
    down, across = area_weights(height, THUMBNAIL[0]), area_weights(width, THUMBNAIL[1])
    features = np.empty((len(films.ids), THUMBNAIL[0] * THUMBNAIL[1]))
    for row, film in zip(features, films.films, strict=True):
        row[:] = (down @ film.astype(np.float32) @ across.T).ravel() / 255
    return features


def area_weights(pixels: int, cells: int) -> NDArray[np.float32]:
    """Share of each pixel in the mean of each cell, shape (cells, pixels); one on a border counts by its overlap."""
    edges = np.linspace(0, pixels, cells + 1)
    left, right = edges[:-1, np.newaxis], edges[1:, np.newaxis]
    pixel = np.arange(pixels)
    overlap = np.clip(np.minimum(pixel + 1, right) - np.maximum(pixel, left), 0, None)
    weights: NDArray[np.float32] = (overlap / overlap.sum(axis=1, keepdims=True)).astype(np.float32)
    return weights
