"""The pixel digests of films, each film decoded once: kept by path, size and time of change as soon as they are known.

Where the size at which films will be used is known, they are put into their store on the way: a first run then decodes
each film once.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from ra_bench.cohorts.code_version import decoding_version
from ra_bench.cohorts.compose import side_by_side
from ra_bench.cohorts.film_log import StoredFilm, StoreWriter, read_index
from ra_bench.cohorts.images import read_film
from ra_bench.cohorts.line_file import add_line, open_lines, read_lines
from ra_bench.cohorts.parallel import for_each_film
from ra_bench.cohorts.store import DECODING, building, fitted, note_use, storage_errors, store_folder
from ra_bench.cohorts.version import pixel_digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from io import FileIO
    from pathlib import Path

    from ra_bench.cohorts.store import OnFilms

    Files = tuple[Path, ...]
    """The file of a film, or those of its left and its right hand."""

#: Where digests are kept, in the data folder.
DIGESTS = "film-digests.jsonl"


def film_digests(
    films: Sequence[Files],
    *,
    window: tuple[float, float] | None = None,
    data: Path,
    name: str = "",
    size: tuple[int, int] | None = None,
    known_problems: Sequence[str] = (),
    on_films: OnFilms | None = None,
) -> list[tuple[str, ...]]:
    """The pixel digest of every file of every film, in order. A film is decoded unless its files are as they were.

    Parameters
    ----------
    films
        Of each its file, or the files of its left and its right hand.
    window
        The cohort's: two percentiles, by which each file is windowed. It is part of what a digest is kept by.
    data : Path
        The folder that keeps digests and stores. Digests that cannot be kept there cost time only.
    name, size
        The cohort's name, and (height, width): films that must be decoded are then put into that store too.
    known_problems
        Of films without a file; they are told with those that fail.
    on_films
        Gets what is done, films done and films in all.

    Raises
    ------
    FilmError
        Films that cannot be read, all of them. What was learnt of the others is kept.
    StorageError
        The store cannot be written to.
    """
    keys = [tuple(_key(path, window) for path in files) for files in films]
    known = _kept(data / DIGESTS)
    if known_problems or any(_is_new(film, known) for film in keys):
        with nullcontext() if size is None else _alone_in_store(data, name, size, len(films), on_films):
            known |= _kept(data / DIGESTS)  # others may have decoded while we waited
            todo = [(film, files) for film, files in zip(keys, films, strict=True) if _is_new(film, known)]
            looks = for_each_film(
                partial(_look, window, size),
                todo,
                names=[" + ".join(map(str, files)) for _, files in todo],
                known_problems=known_problems,
                usable=len(films) - len(todo),
                on_progress=None if on_films is None else partial(on_films, DECODING),
            )
            folder = None if size is None else store_folder(data, name, *size)
            with _keeping(data, folder, size, len(todo)) as keep:
                for look in looks:
                    keep(look)
                    known |= look.digests
    return [tuple(known[key] for key in film) for film in keys]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """What is learnt of a film by decoding it: the digests of its files by key, and the film for the store, if any."""

    digests: Mapping[str, str]
    film: StoredFilm | None


def _look(
    window: tuple[float, float] | None, size: tuple[int, int] | None, item: tuple[tuple[str, ...], Files]
) -> _Look:
    keys, files = item
    hands = [read_film(path, window) for path in files]
    digests = [pixel_digest(hand) for hand in hands]
    film = None
    if size is not None:
        whole = hands[0] if len(hands) == 1 else side_by_side(*hands)
        film = fitted(whole, film_content(digests), *size)
    return _Look(digests=dict(zip(keys, digests, strict=True)), film=film)


def film_content(digests: Sequence[str]) -> str:
    """What identifies the grey values of a film, from the digests of its file or of its left and its right hand."""
    return " + ".join(digests)


@contextmanager
def _alone_in_store(
    data: Path, name: str, size: tuple[int, int], asked: int, on_films: OnFilms | None
) -> Iterator[None]:
    folder = store_folder(data, name, *size)
    with storage_errors(folder), building(folder, on_films):
        note_use(folder, name=name, version="", height=size[0], width=size[1], asked=asked)
        yield


@contextmanager
def _keeping(
    data: Path, folder: Path | None, size: tuple[int, int] | None, coming: int
) -> Iterator[Callable[[_Look], None]]:
    """Give a function that keeps what is learnt of a film, on disk before it returns.

    The film comes before its digests: where those stand, no film is decoded for them again.
    """
    with ExitStack() as stack:
        notes = _Notes(data / DIGESTS, stack)
        index, writer = {}, None
        if folder is not None and size is not None and coming:
            index = read_index(folder)
            writer = stack.enter_context(StoreWriter(folder, coming=coming, pixels=size[0] * size[1], rows=index))

        def keep(look: _Look) -> None:
            if writer is not None and look.film is not None and look.film.content not in {*index, *writer.rows}:
                writer.add(look.film)
            notes.add(look.digests)

        yield keep


class _Notes:
    """Adds digests to their file, which is made with the first of them. Where it cannot be written to, adds nothing."""

    def __init__(self, file: Path, stack: ExitStack) -> None:
        self._file = file
        self._stack = stack
        self._lines: FileIO | None = None
        self._works = True

    def add(self, digests: Mapping[str, str]) -> None:
        if not self._works:
            return
        try:
            if self._lines is None:
                self._lines = self._stack.enter_context(open_lines(self._file))
            for key, digest in digests.items():
                add_line(self._lines, [key, digest, _check(key, digest)])
        except OSError:
            self._works = False


def _key(file: Path, window: tuple[float, float] | None) -> str:
    """What decides how a file decodes: path, size and time of change, the window if any, and what decodes it."""
    try:
        state = file.stat()
    except OSError:
        return f"{file}|cannot be looked at"
    shown = "" if window is None else f"|{window[0]:g},{window[1]:g}"
    return f"{file.resolve()}|{state.st_size}|{state.st_mtime_ns}{shown}|{decoding_version()}"


def _is_new(keys: Sequence[str], known: Mapping[str, str]) -> bool:
    return not all(key in known for key in keys)


def _kept(file: Path) -> dict[str, str]:
    """The digests kept, by key. What is spoilt, or cannot be read, counts for nothing: the films are decoded again."""
    known = {}
    with suppress(OSError):
        for line in read_lines(file):
            with suppress(ValueError, TypeError):
                key, digest, check = line
                if check == _check(key, digest):
                    known[key] = digest
        os.utime(file)  # `cohort cache` tells when it was used
    return known


def _check(key: str, digest: str) -> str:
    return hashlib.sha256(f"{key} {digest}".encode()).hexdigest()[:8]
