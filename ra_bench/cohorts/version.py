"""What makes two cohorts the same: decoded pixels, ids, readings, scale and given split, in one hash.

Records with different hashes never share a table.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from ra_bench.cohorts.images import read_film
from ra_bench.cohorts.parallel import for_each_film
from ra_bench.errors import StorageError
from ra_bench.files import write_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from ra_bench.values import Sample, Scale, Split

_CACHE_FORMAT = 1


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
        The digests of the decoded pixels (`film_digests`). For a simulated cohort one text, `generator_digest`:
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


def film_digests(
    files: Sequence[Path],
    *,
    window: tuple[float, float] | None = None,
    cache: Path | None = None,
    known_problems: Sequence[str] = (),
    on_progress: Callable[[int, int], None] | None = None,
) -> tuple[str, ...]:
    """The pixel digest of every file, in order; every film is decoded, or was since it last changed.

    `window` is the cohort's: two percentiles, by which each film is windowed. It is part of what the cache is kept by.
    `cache` is a JSON file that keeps digests by path, size and time of change. What it cannot keep (a read-only
    folder) costs time only. `known_problems` are of films without a file; they are told with those that fail.

    Raises
    ------
    FilmError
        Films that cannot be read, all of them.
    """
    known = _read_cache(cache)
    keys = [_key(file, window) for file in files]
    todo = [index for index, key in enumerate(keys) if key is None or key not in known]
    decoded = for_each_film(
        partial(_digest_file, window),
        [files[i] for i in todo],
        names=[str(files[i]) for i in todo],
        known_problems=known_problems,
        on_progress=on_progress,
    )
    found = dict(zip(todo, decoded, strict=True))
    digests = tuple(found[i] if i in found else known[keys[i] or ""] for i in range(len(files)))
    if found and cache is not None:
        known.update({key: digest for key, digest in zip(keys, digests, strict=True) if key is not None})
        with suppress(StorageError):
            write_text(cache, json.dumps({"format": _CACHE_FORMAT, "digests": known}, indent=0))
    return digests


def _digest_file(window: tuple[float, float] | None, file: Path) -> str:
    return pixel_digest(read_film(file, window))


def _key(file: Path, window: tuple[float, float] | None) -> str | None:
    """Path, size and time of change of a file, and the window if any; None where it cannot be looked at."""
    try:
        state = file.stat()
    except OSError:
        return None
    shown = "" if window is None else f"|{window[0]:g},{window[1]:g}"
    return f"{file.resolve()}|{state.st_size}|{state.st_mtime_ns}{shown}"


def _read_cache(cache: Path | None) -> dict[str, str]:
    """The digests kept; nothing where there is no cache, or one that cannot be understood."""
    if cache is None:
        return {}
    try:
        kept = json.loads(cache.read_text(encoding="utf-8"))
        if kept["format"] == _CACHE_FORMAT:
            return {str(key): str(digest) for key, digest in kept["digests"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass  # it is only a cache
    return {}
