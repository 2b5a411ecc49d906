"""What is kept of a film after it was decoded once: its digest, its size, and two small pictures of it to compare."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from ra_bench.cohorts.greys import white_of
from ra_bench.cohorts.version import pixel_digest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ra_bench.cohorts.greys import DecodedFilm

#: A thumbnail is THUMBNAIL pixels square; a pattern has as many bits as it has pixels.
THUMBNAIL = 16
_SAMPLED = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """`thumbnail`: 16 x 16 grey values. `pattern`: 256 bits, packed; empty for a film of one grey value.

    `pixel_spacing` is millimetres a row and a column apart, where the file says so.
    """

    digest: str
    height: int
    width: int
    pixel_spacing: tuple[float, float] | None
    thumbnail: bytes
    pattern: bytes


def look_at(film: DecodedFilm) -> Look:
    """What is kept of a decoded film."""
    import numpy as np

    greys = film.greys
    small = _squeezed(greys, _SAMPLED)
    size = _SAMPLED // THUMBNAIL
    tiles = small.reshape(THUMBNAIL, size, THUMBNAIL, size).mean(axis=(1, 3))
    return Look(
        digest=pixel_digest(greys),
        height=greys.shape[0],
        width=greys.shape[1],
        pixel_spacing=film.pixel_spacing,
        thumbnail=np.rint(tiles).clip(0, 255).astype(np.uint8).tobytes(),
        pattern=b"" if greys.min() == greys.max() else np.packbits(pattern_of(small)).tobytes(),
    )


def pattern_of(small: NDArray[np.float64]) -> NDArray[np.bool_]:
    """The perceptual hash of a film squeezed to 64 x 64: which of its 16 x 16 slowest waves are above their median.

    A 64-bit hash does not do for hands: they are so alike that films of two people come within 0 to 4 bits of each
    other, which is where copies are. With 256 bits people are 38 bits or more apart, and copies 10 or less.

    Parameters
    ----------
    small : ndarray of shape (64, 64)

    Returns
    -------
    ndarray of bool, shape (16, 16)
        The first, which is the mean grey value, is always False.
    """
    import numpy as np

    waves = _cosines() @ small @ _cosines().T
    found = waves > np.median(waves.ravel()[1:])
    found[0, 0] = False
    return np.asarray(found, np.bool_)


def as_json(look: Look) -> list[Any]:
    """A look as JSON can hold it."""
    small = [base64.b64encode(part).decode() for part in (look.thumbnail, look.pattern)]
    return [look.digest, look.height, look.width, look.pixel_spacing, *small]


def from_json(kept: list[Any]) -> Look:
    """A look as `as_json` gave it.

    Raises
    ------
    ValueError, TypeError
        It is none.
    """
    digest, height, width, spacing, thumbnail, pattern = kept
    look = Look(
        digest=str(digest),
        height=int(height),
        width=int(width),
        pixel_spacing=None if spacing is None else (float(spacing[0]), float(spacing[1])),
        thumbnail=base64.b64decode(thumbnail),
        pattern=base64.b64decode(pattern),
    )
    if len(look.thumbnail) != THUMBNAIL**2 or len(look.pattern) not in {0, THUMBNAIL**2 // 8}:
        raise ValueError("no look at a film")
    return look


def _squeezed(greys: NDArray[np.uint8 | np.uint16], side: int) -> NDArray[np.float64]:
    """The whole film in a square of grey values from 0 to 255, its shape lost: turned films can then be compared."""
    import numpy as np
    from PIL import Image

    source = Image.fromarray(greys if greys.dtype == np.uint8 else greys.astype(np.float32))
    small = source.resize((side, side), Image.Resampling.LANCZOS, reducing_gap=3.0)
    return np.asarray(small, np.float64) * (255 / white_of(greys))


@cache
def _cosines() -> NDArray[np.float64]:
    """The slowest waves of the orthonormal DCT-II, (16, 64)."""
    import numpy as np

    wave, place = np.arange(THUMBNAIL)[:, None], np.arange(_SAMPLED)[None, :]
    found = np.sqrt(2 / _SAMPLED) * np.cos(np.pi * wave * (2 * place + 1) / (2 * _SAMPLED))
    found[0] /= np.sqrt(2)
    return np.asarray(found, np.float64)
