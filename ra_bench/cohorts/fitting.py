"""A film of any size at the size of a protocol. What is stored depends on this file: see `store.fitting_version`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ra_bench.cohorts.greys import white_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def fit_film(film: NDArray[np.uint8 | np.uint16], height: int, width: int) -> NDArray[np.uint8 | np.uint16]:
    """A film of any size inside (height, width), of as many bits: same shape of picture, antialiased, centred on black.

    Examples
    --------
    >>> import numpy as np
    >>> fit_film(np.full((8, 4), 200, np.uint8), 4, 6)
    array([[  0,   0, 200, 200,   0,   0],
           [  0,   0, 200, 200,   0,   0],
           [  0,   0, 200, 200,   0,   0],
           [  0,   0, 200, 200,   0,   0]], dtype=uint8)
    """
    import numpy as np
    from PIL import Image

    scale = min(height / film.shape[0], width / film.shape[1])
    tall = max(1, min(height, round(film.shape[0] * scale)))
    wide = max(1, min(width, round(film.shape[1] * scale)))
    if film.shape != (tall, wide):
        # The gap averages whole pixels before the exact filter: several times faster on large films, and as smooth.
        # Pillow filters 8 bits or floating point, so 16 bits go through the latter; 24 bits of it lose nothing.
        source = Image.fromarray(film if film.dtype == np.uint8 else film.astype(np.float32))
        resized = np.asarray(source.resize((wide, tall), Image.Resampling.LANCZOS, reducing_gap=3.0))
        film = resized if film.dtype == np.uint8 else np.rint(resized.clip(0, white_of(film))).astype(np.uint16)
    padded = np.zeros((height, width), film.dtype)
    top, left = (height - tall) // 2, (width - wide) // 2
    padded[top : top + tall, left : left + wide] = film
    return padded
