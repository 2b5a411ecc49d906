"""What the ridges see of a film. One film at a time, so that a memory-mapped set is never held as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ra_bench import TrainingError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from ra_bench import FilmSet

#: Bins of the grey-value histogram, eight grey values each, or 2,048 of 16 bits.
BINS = 32
#: Height and width of a thumbnail in pixels.
THUMBNAIL = (24, 32)
#: Height and width in pixels of the patterns that a texture is made of.
PATTERN = 5


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
        bins = film >> (8 * film.itemsize - BINS.bit_length() + 1)
        row[:BINS] = np.bincount(bins.ravel(), minlength=BINS) / film.size
    features[:, BINS:] = np.log(films.sizes)
    return features


def thumbnail(films: FilmSet) -> NDArray[np.float64]:
    """Mean grey value, 0 to 1, in each cell of a grid 32 wide and 24 high; shape (n, 768)."""
    height, width = films.films.shape[1:]
    down, across = area_weights(height, THUMBNAIL[0]), area_weights(width, THUMBNAIL[1])
    features = np.empty((len(films.ids), THUMBNAIL[0] * THUMBNAIL[1]))
    white = np.iinfo(films.films.dtype).max
    for row, film in zip(features, films.films, strict=True):
        row[:] = (down @ film.astype(np.float32) @ across.T).ravel() / white
    return features


def texture(films: FilmSet) -> NDArray[np.float64]:
    """How strongly each of 24 small patterns shows on a film, wherever it shows; shape (n, 96).

    The patterns are the cosines of 5 x 5 pixels (discrete cosine transform, type II) but the flat one. Of each come
    mean and root mean square over the film, of its positive and then of its negative part. Where on the film, and so
    at which joint, is not in it.
    """
    height, width = films.films.shape[1:]
    if min(height, width) < PATTERN:
        raise TrainingError(f"Films of {height} x {width} pixels have no texture; the least is {PATTERN} x {PATTERN}.")
    features = np.empty((len(films.ids), 4 * (PATTERN**2 - 1)))
    for row, film in zip(features, films.films, strict=True):
        row[:] = np.concatenate([_strengths(shown) for shown in _patterns(film)])
    return features


def cosines(pixels: int) -> NDArray[np.float32]:
    """Orthonormal cosines of the discrete cosine transform, type II: a row each, the first one flat."""
    order = np.arange(pixels)
    waves = np.cos(np.pi * np.outer(order, 2 * order + 1) / (2 * pixels))
    rows: NDArray[np.float32] = (waves / np.linalg.norm(waves, axis=1, keepdims=True)).astype(np.float32)
    return rows


def _patterns(film: NDArray[np.uint8 | np.uint16]) -> Iterator[NDArray[np.float32]]:
    """How much of each pattern but the flat one stands at each place; shape (height - 4, width - 4) each."""
    waves = cosines(PATTERN)
    grey = film.astype(np.float32) / np.float32(np.iinfo(film.dtype).max)
    for number, down in enumerate(waves):
        column = _filtered(grey, down)
        for across in waves if number else waves[1:]:  # flat both ways is no pattern
            yield _filtered(column.T, across).T


def _filtered(film: NDArray[np.float32], wave: NDArray[np.float32]) -> NDArray[np.float32]:
    """The wave at every place, from top to bottom. Sums of shifted films: ten times as fast as a sliding window."""
    places = len(film) - len(wave) + 1
    total = np.zeros((places, film.shape[1]), dtype=np.float32)
    for shift in range(len(wave)):
        total += wave[shift] * film[shift : shift + places]
    return total


def _strengths(shown: NDArray[np.float32]) -> NDArray[np.float64]:
    """Mean and root mean square of the positive part, then of the negative part."""
    size = np.abs(shown)
    plain, absolute = float(shown.mean()), float(size.mean())
    square, signed = float(np.vdot(shown, shown)) / shown.size, float(np.vdot(shown, size)) / shown.size
    # max(x, 0) = (|x| + x) / 2, and its square is (x² + x |x|) / 2
    halves = [absolute + plain, square + signed, absolute - plain, square - signed]
    positive, positive_square, negative, negative_square = np.maximum(halves, 0) / 2
    return np.array([positive, np.sqrt(positive_square), negative, np.sqrt(negative_square)])


def area_weights(pixels: int, cells: int) -> NDArray[np.float32]:
    """Share of each pixel in the mean of each cell, shape (cells, pixels); one on a border counts by its overlap."""
    edges = np.linspace(0, pixels, cells + 1)
    left, right = edges[:-1, np.newaxis], edges[1:, np.newaxis]
    pixel = np.arange(pixels)
    overlap = np.clip(np.minimum(pixel + 1, right) - np.maximum(pixel, left), 0, None)
    weights: NDArray[np.float32] = (overlap / overlap.sum(axis=1, keepdims=True)).astype(np.float32)
    return weights
