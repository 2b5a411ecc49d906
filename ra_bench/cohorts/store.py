"""Films decoded once, at the size of a protocol, and mapped into memory ever after.

A store is a folder for the films of one cohort at one size; `film_log` says what its files are. A film is found in it
by its content. So it does not matter in which order films are asked for, nor which of them: protocols, splits and seeds
share a store. A build that was stopped is a store that has some of the films.
"""

from __future__ import annotations

import json
import os
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, cast

from ra_bench.cohorts.code_version import fitting_version
from ra_bench.cohorts.film_log import FILMS, Row, StoredFilm, StoreWriter, is_whole, read_index, stored_film
from ra_bench.cohorts.fitting import fit_film
from ra_bench.cohorts.locks import Lock, alone, share
from ra_bench.cohorts.parallel import for_each_film
from ra_bench.errors import FilmError, StorageError
from ra_bench.files import write_text
from ra_bench.specs import FilmSet
from ra_bench.values import Sample

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from ra_bench.values import Film, FindingSample

    OnFilms = Callable[[str, int, int], None]
    """Gets what is done, such as "Decoding", then films done and films in all."""

ABOUT, USERS, BUILDERS = "store.json", ".users.lock", ".builders.lock"

#: Films whose checks are waiting for a thread, each of which takes some memory.
_AT_A_TIME = 256

DECODING, CHECKING = "Decoding", "Checking what was decoded"
ANEW = "Decoding anew, since they were damaged on disk"
WAITING = "Waiting for another process to decode"


def store_folder(data: Path, name: str, height: int, width: int) -> Path:
    """Where the films of a cohort at one size are kept. Where they would be fitted otherwise, it is another folder."""
    plain = re.sub(r"[^\w.-]+", "-", name).lstrip(".") or "-"
    return data / "films" / f"{plain}-{height}x{width}-{fitting_version()}"


def content_of(sample: Sample | FindingSample, version: str) -> str:
    """What identifies the grey values of a film: their own hash where it is known, or its id in this version."""
    pixels = sample.pixels if isinstance(sample, Sample) else ""
    return pixels or f"{version}/{sample.sample_id}"


def open_store(
    samples: Sequence[Sample] | Sequence[FindingSample],
    *,
    name: str,
    version: str,
    height: int,
    width: int,
    data: Path,
    on_films: OnFilms | None = None,
) -> FilmSet:
    """The films of the samples at (height, width). Those that the store does not have are decoded and kept in it.

    Every film that is asked for is checked by its hash; one that was damaged is decoded anew.

    Parameters
    ----------
    samples : sequence of n samples
        Their films are decoded by several processes, so they must be picklable.
    name, version : str
        Of the cohort. The name says which store it is; the version, with the id, what a film is whose sample does not
        say so.
    height, width : int
        Pixels. A film keeps its shape: it is fitted in and padded with black on both sides.
    data : Path
        The folder that keeps the stores.
    on_films : callable, optional
        Gets what is done, films done and films in all, on the way.

    Returns
    -------
    FilmSet
        `films` is memory-mapped, read-only, and in the order of the samples.

    Raises
    ------
    FilmError
        Films that cannot be decoded, all of them. The others are kept.
    StorageError
        No space left, or a folder that cannot be written to. What was decoded is kept.
    """
    folder, size = store_folder(data, name, height, width), (height, width)
    contents = [content_of(sample, version) for sample in samples]
    wanted: dict[str, Sample | FindingSample] = dict(zip(contents, samples, strict=True))
    with storage_errors(folder):
        lock = share(folder / USERS)
        rows = _whole(folder, wanted, height * width, on_films)
        if len(rows) < len(wanted):
            with building(folder, on_films):
                others = [content for content in wanted if content not in rows]
                rows |= _whole(folder, others, height * width)  # another process may have decoded them meanwhile
                missing = {content: wanted[content] for content in others if content not in rows}
                rows |= _decoded(folder, missing, size, on_films)
        note_use(folder, name=name, version=version, height=height, width=width, asked=len(wanted))
        return _film_set(folder, samples, [rows[content] for content in contents], size, lock)


@contextmanager
def building(folder: Path, on_films: OnFilms | None = None) -> Iterator[None]:
    """Be the only one who adds to a store; wait for others who do."""

    def tell() -> None:
        if on_films is not None:
            on_films(WAITING, 0, 0)

    with share(folder / USERS), alone(folder / BUILDERS, tell):
        yield


@contextmanager
def storage_errors(folder: Path) -> Iterator[None]:
    """Turn what the file system says of a store into a StorageError."""
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"Cannot keep decoded films in {folder}: {error.strerror or error}.\n"
            "Choose a folder that can be read and written to with --data."
        ) from error


def fitted(film: NDArray[np.uint8 | np.uint16], content: str, height: int, width: int) -> StoredFilm:
    """A film as it was decoded, made ready for a store.

    Raises
    ------
    FilmError
        It is no array of grey values.
    """
    if film.ndim != 2 or film.dtype not in ("uint8", "uint16") or 0 in film.shape:
        raise FilmError(
            f"decodes to {film.dtype} of shape {film.shape}, not to uint8 of shape (height, width), "
            "nor to uint16 of such a shape."
        )
    return stored_film(content, fit_film(film, height, width), *film.shape)


def note_use(folder: Path, *, name: str, version: str, height: int, width: int, asked: int) -> None:
    """Keep, for people, whose films these are, how many were asked for, and when. Nothing else depends on it."""
    facts = {"cohort": name, "version": version, "height": height, "width": width, "asked": asked}
    file, text = folder / ABOUT, json.dumps(facts, indent=0)
    with suppress(StorageError, OSError):
        if file.exists() and file.read_text(encoding="utf-8") == text:
            os.utime(file)
        else:
            write_text(file, text)


def _whole(folder: Path, wanted: Iterable[str], pixels: int, on_films: OnFilms | None = None) -> dict[str, Row]:
    """Those of the films that the store has and that are, to the bit, what was written."""
    index = read_index(folder)
    rows = [index[content] for content in wanted if content in index]
    checks = check_rows(folder, rows, pixels, on_films)
    return {row.content: row for row, whole in zip(rows, checks, strict=True) if whole}


def check_rows(folder: Path, rows: Sequence[Row], pixels: int, on_films: OnFilms | None = None) -> Iterator[bool]:
    """Whether each film of a store, of so many pixels, is what was written. Read by several threads."""
    if not rows:
        return
    try:
        file = (folder / FILMS).open("rb", buffering=0)
    except FileNotFoundError:
        yield from (False for _ in rows)
        return
    with file, ThreadPoolExecutor(os.cpu_count()) as threads:
        check = partial(is_whole, file, pixels=pixels)
        parts = (rows[start : start + _AT_A_TIME] for start in range(0, len(rows), _AT_A_TIME))
        for done, whole in enumerate(chain.from_iterable(threads.map(check, part) for part in parts), start=1):
            if on_films is not None:
                on_films(CHECKING, done, len(rows))
            yield whole


def _decoded(
    folder: Path, missing: Mapping[str, Sample | FindingSample], size: tuple[int, int], on_films: OnFilms | None
) -> dict[str, Row]:
    """Decode films and add them to the store; give their rows."""
    if not missing:
        return {}
    index = read_index(folder)
    doing = ANEW if missing.keys() <= index.keys() else DECODING
    with StoreWriter(folder, coming=len(missing), pixels=size[0] * size[1], rows=index) as writer:
        for film in for_each_film(
            partial(_decode, *size),
            [(content, sample.film) for content, sample in missing.items()],
            names=[sample.sample_id for sample in missing.values()],
            on_progress=None if on_films is None else partial(on_films, doing),
        ):
            writer.add(film)
    return writer.rows


def _decode(height: int, width: int, item: tuple[str, Film]) -> StoredFilm:
    content, film = item
    return fitted(film(), content, height, width)


def _film_set(
    folder: Path, samples: Sequence[Sample | FindingSample], rows: Sequence[Row], size: tuple[int, int], lock: Lock
) -> FilmSet:
    import numpy as np

    from ra_bench.cohorts.film_rows import FilmRows

    films = FilmRows(
        folder / FILMS, starts=[row.start for row in rows], bits=[row.bits for row in rows], shape=size, lock=lock
    )
    return FilmSet(
        ids=tuple(sample.sample_id for sample in samples),
        films=cast("NDArray[np.uint8 | np.uint16]", films),  # as good as one, and mapped in any order
        sizes=np.array([(row.height, row.width) for row in rows], np.int64).reshape(-1, 2),
    )
