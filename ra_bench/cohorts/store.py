"""Films decoded once, at the size of the protocol, and mapped into memory ever after.

A store is a folder, written beside itself and renamed: `films.npy` (n, height, width), `sizes.npy` (n, 2) int64 and
`index.json`. Films are uint8, or uint16 if any of them has more than 8 bits. Two processes that want the same store
build it once.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from ra_bench.cohorts.greys import sixteen_bits, white_of
from ra_bench.cohorts.parallel import for_each_film
from ra_bench.errors import FilmError, StorageError
from ra_bench.specs import FilmSet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from ra_bench.values import Film, FindingSample, Sample

_FORMAT = 1


def open_store(
    samples: Sequence[Sample] | Sequence[FindingSample],
    *,
    height: int,
    width: int,
    folder: Path,
    key: str,
    on_progress: Callable[[int, int], None] | None = None,
) -> FilmSet:
    """The films of the samples at (height, width), from the store `folder/key`, which is built if it is not there.

    Parameters
    ----------
    samples : sequence of n samples
        Their films are decoded by several processes, so they must be picklable.
    height, width : int
        Pixels. A film keeps its shape: it is fitted in and padded with black on both sides.
    folder, key
        The key must stand for the version of the cohort and the size. A store of other samples, of another size or
        damaged is built again.
    on_progress : callable, optional
        Gets (films done, films in all) while the store is built.

    Returns
    -------
    FilmSet
        `films` is memory-mapped, read-only, and in the order of the samples.

    Raises
    ------
    FilmError
        Films that cannot be decoded, all of them. Nothing is kept.
    StorageError
        No space left, or a folder that cannot be written to. Nothing is kept.
    """
    from filelock import FileLock

    ids = tuple(sample.sample_id for sample in samples)
    store = folder / key
    films = _open(store, ids, height, width)
    if films is not None:
        return films
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / f".{key}.lock"):
            films = _open(store, ids, height, width)  # another process may have built it meanwhile
            if films is None:
                _build(store, samples, height, width, on_progress)
                films = _open(store, ids, height, width)
    except OSError as error:
        raise StorageError(
            f"Cannot write the decoded films to {store}: {error.strerror or error}.\n"
            f"They take {len(ids) * height * width / 1e6:,.0f} MB; nothing half-written was left. "
            "Free some space or choose a folder that can be written to."
        ) from error
    if films is None:
        raise StorageError(f"The decoded films in {store} were changed by another program as they were written.")
    return films


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


def _open(store: Path, ids: tuple[str, ...], height: int, width: int) -> FilmSet | None:
    """The store, or None if it is not there, not whole, or of something else."""
    import numpy as np

    try:
        index = json.loads((store / "index.json").read_text(encoding="utf-8"))
        films = np.load(store / "films.npy", mmap_mode="r")
        sizes = np.load(store / "sizes.npy")
    except (OSError, ValueError, EOFError):
        return None
    as_expected = index == _index(ids) and films.shape == (len(ids), height, width) and sizes.shape == (len(ids), 2)
    return FilmSet(ids=ids, films=films, sizes=sizes) if as_expected and films.dtype in (np.uint8, np.uint16) else None


def _index(ids: Sequence[str]) -> dict[str, object]:
    return {"format": _FORMAT, "ids": list(ids)}


def _build(
    store: Path,
    samples: Sequence[Sample] | Sequence[FindingSample],
    height: int,
    width: int,
    on_progress: Callable[[int, int], None] | None,
) -> None:
    """Write the store beside itself and rename it."""
    import numpy as np

    beside = Path(tempfile.mkdtemp(dir=store.parent, prefix=f".{store.name}."))
    try:
        decoded = for_each_film(
            partial(_decode, height, width),
            [sample.film for sample in samples],
            names=[sample.sample_id for sample in samples],
            on_progress=on_progress,
        )
        sizes = _write_films(beside / "films.npy", decoded, (len(samples), height, width))
        np.save(beside / "sizes.npy", sizes)
        index = _index([sample.sample_id for sample in samples])
        (beside / "index.json").write_text(json.dumps(index), encoding="utf-8")
        beside.chmod(0o755)  # mkdtemp keeps others out
        if store.exists():
            shutil.rmtree(store)
        beside.rename(store)
    finally:
        with suppress(OSError):
            shutil.rmtree(beside)


def _write_films(
    path: Path, decoded: Iterable[tuple[NDArray[np.uint8 | np.uint16], tuple[int, int]]], shape: tuple[int, int, int]
) -> NDArray[np.int64]:
    """Write the films one by one, and give their sizes before. The first of 16 bits makes all of them 16.

    Written through the file, not through a memory map: a full disk is then an error, not the end of the process.
    """
    import numpy as np

    sizes = np.empty((shape[0], 2), np.int64)
    deep = False
    with path.open("w+b") as file:
        _write_header(file, shape, np.dtype(np.uint8))
        for row, (film, size) in enumerate(decoded):
            if film.dtype == np.uint16 and not deep:
                deep = True
                _widen(file, row, shape)
            file.write((sixteen_bits(film) if deep else film).tobytes())
            sizes[row] = size
        file.flush()
        os.fsync(file.fileno())
    return sizes


def _widen(file: BinaryIO, rows: int, shape: tuple[int, int, int]) -> None:
    """Make 16 bits of the films written so far, in place: from the last one, so that none is overwritten unread."""
    import numpy as np

    start, pixels = file.tell() - rows * shape[1] * shape[2], shape[1] * shape[2]
    for row in reversed(range(rows)):
        file.seek(start + row * pixels)
        film = np.frombuffer(file.read(pixels), np.uint8)
        file.seek(start + 2 * row * pixels)
        file.write(sixteen_bits(film).tobytes())
    file.seek(0)
    _write_header(file, shape, np.dtype(np.uint16))  # as long as the one before: both are filled up to 128 bytes
    file.seek(start + 2 * rows * pixels)


def _write_header(file: BinaryIO, shape: tuple[int, ...], kind: np.dtype[np.uint8] | np.dtype[np.uint16]) -> None:
    from numpy.lib import format as npy

    npy.write_array_header_1_0(file, {"descr": kind.str, "fortran_order": False, "shape": shape})


def _decode(height: int, width: int, film: Film) -> tuple[NDArray[np.uint8 | np.uint16], tuple[int, int]]:
    """A film fitted into (height, width), and its height and width before."""
    decoded = film()
    if decoded.ndim != 2 or decoded.dtype not in ("uint8", "uint16") or 0 in decoded.shape:
        raise FilmError(
            f"decodes to {decoded.dtype} of shape {decoded.shape}, not to uint8 of shape (height, width), "
            "nor to uint16 of such a shape."
        )
    return fit_film(decoded, height, width), (decoded.shape[0], decoded.shape[1])
