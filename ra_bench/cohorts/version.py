"""What makes two cohorts the same: decoded pixels, ids, readings, scale and given split, in one hash.

Records with different hashes never share a table.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from ra_bench.values import Sample, Scale, Split


def cohort_version(
    *, samples: Iterable[Sample], scale: Scale, given_split: Split | None, contents: Mapping[str, str] | str
) -> str:
    """Sixteen hexadecimal digits that change when the cohort does.

    The order of the films does not matter, nor does the cohort's name, folder, citation or licence.

    Parameters
    ----------
    samples, scale, given_split
        As in the cohort.
    contents : mapping of sample id to digest, or str
        The digests of the decoded pixels (`pixel_digest`). For a simulated cohort one text, `generator_digest`:
        what makes the pixels stands for them, since the same seed gives the same bytes.

    Returns
    -------
    str
    """
    digest = hashlib.sha256()
    digest.update(repr((scale.name, float(scale.minimum), float(scale.maximum), scale.unit)).encode())
    for sample in sorted(samples, key=lambda sample: sample.sample_id):
        readings = sorted((reader, float(score)) for reader, score in sample.readings.items())
        content = contents if isinstance(contents, str) else contents[sample.sample_id]
        digest.update(repr((sample.sample_id, sample.patient_id, sample.visit, readings, content)).encode())
    if given_split is not None:
        sides = (given_split.train, given_split.validation, given_split.test)
        digest.update(repr([sorted(ids) for ids in sides]).encode())
    return digest.hexdigest()[:16]


def generator_digest(sources: Iterable[Path], parameters: Mapping[str, int]) -> str:
    """A hash over the source files of a simulation and its parameters (number of films, seed, width)."""
    digest = hashlib.sha256(repr(sorted(parameters.items())).encode())
    for source in sorted(sources, key=lambda source: source.name):
        digest.update(source.name.encode() + b"\0" + source.read_bytes())
    return digest.hexdigest()


def pixel_digest(film: NDArray[np.uint8 | np.uint16]) -> str:
    """SHA-256 over the shape, the bits and the grey values of a film of shape (height, width).

    Examples
    --------
    >>> import numpy as np
    >>> flat, tall = np.zeros((2, 3), np.uint8), np.zeros((3, 2), np.uint8)
    >>> pixel_digest(flat) == pixel_digest(tall)
    False
    """
    import numpy as np

    # Films of 8 bits, which came first, are hashed without their bits, so that their cohorts keep their versions.
    bits = () if film.dtype == np.uint8 else (16,)
    digest = hashlib.sha256(repr(film.shape + bits).encode())
    digest.update(film.astype(film.dtype.newbyteorder("<"), order="C", copy=False).tobytes())
    return digest.hexdigest()
