"""Two films with one hand each as one film with both, the left hand on the left, as a PA film of two hands shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ra_bench.cohorts.greys import sixteen_bits
from ra_bench.cohorts.images import read_film

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray


def read_two_hands(left: Path, right: Path, window: tuple[float, float] | None = None) -> NDArray[np.uint8 | np.uint16]:
    """Decode both films and put them side by side; a `partial` of this function is a film that can be pickled.

    `window` is the cohort's, by which each of the two is windowed by itself.

    Raises
    ------
    FilmError
        Either film cannot be read.
    """
    return side_by_side(read_film(left, window), read_film(right, window))


def side_by_side(
    left: NDArray[np.uint8 | np.uint16], right: NDArray[np.uint8 | np.uint16]
) -> NDArray[np.uint8 | np.uint16]:
    """The left hand's film on the left, where a PA film shows it; thumbs point inwards if they do so in each film.

    Nothing is resampled or mirrored, so the hands keep their sizes; the lower film is padded with black, half above
    and half below.

    Examples
    --------
    >>> import numpy as np
    >>> side_by_side(np.full((3, 1), 7, np.uint8), np.full((1, 2), 9, np.uint8))
    array([[7, 0, 0],
           [7, 9, 9],
           [7, 0, 0]], dtype=uint8)
    """
    import numpy as np

    if left.dtype != right.dtype:
        left, right = sixteen_bits(left), sixteen_bits(right)
    height = max(left.shape[0], right.shape[0])
    both = np.zeros((height, left.shape[1] + right.shape[1]), left.dtype)
    for film, start in ((left, 0), (right, left.shape[1])):
        top = (height - film.shape[0]) // 2
        both[top : top + film.shape[0], start : start + film.shape[1]] = film
    return both
