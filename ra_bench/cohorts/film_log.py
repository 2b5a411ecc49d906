"""The files of a film store: films one after another, and an index that gets a line as soon as a film is written.

Nothing is ever written over, so a build that was killed has lost what it had in hand and no more, and whoever has the
films mapped is not disturbed. Every line holds a hash over what was written: what a crash, a disk or another program
spoilt is found. So nobody waits for the disk to have it all: what a power cut took is decoded again.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, BinaryIO, Self

from ra_bench.cohorts.line_file import add_line, open_lines, read_lines, write_all
from ra_bench.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import TracebackType

    import numpy as np
    from numpy.typing import NDArray

FILMS, INDEX = "films.bin", "index.jsonl"

#: Films start at multiples of this, so that their grey values of 16 bits are aligned.
_STEP = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A film in a store: what it is, where it starts in `films.bin`, its bits, its size as decoded, its hash."""

    content: str
    start: int
    bits: int
    height: int
    width: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFilm:
    """A film fitted to the size of a store, with its height and width as decoded and the hash of it all."""

    content: str
    greys: NDArray[np.uint8 | np.uint16]
    height: int
    width: int
    digest: str


def stored_film(content: str, greys: NDArray[np.uint8 | np.uint16], height: int, width: int) -> StoredFilm:
    """A fitted film with its hash; worked out where the film is decoded, by many processes at once."""
    greys = greys.astype(greys.dtype.newbyteorder("<"), order="C", copy=False)
    digest = _digest(content, 8 * greys.itemsize, height, width, greys.data)
    return StoredFilm(content=content, greys=greys, height=height, width=width, digest=digest)


def read_index(folder: Path) -> dict[str, Row]:
    """The films of a store by content, the latest of each. Lines that say something else count for nothing.

    Raises
    ------
    OSError
        The index is there and cannot be read.
    """
    rows = {}
    for line in read_lines(folder / INDEX):
        with suppress(TypeError):
            row = Row(**line)
            rows[row.content] = row
    return rows


def is_whole(file: BinaryIO, row: Row, pixels: int) -> bool:
    """Whether the bytes of a film of so many pixels are those that were written.

    Read from the file and not through a memory map: a disk that fails is then an error, not the end of the process.
    """
    try:
        if row.start < 0:
            return False
        found = os.pread(file.fileno(), pixels * row.bits // 8, row.start)
    except (TypeError, ValueError, OverflowError):  # a spoilt line
        return False
    return _digest(row.content, row.bits, row.height, row.width, found) == row.digest


def _digest(content: str, bits: int, height: int, width: int, pixels: bytes | memoryview) -> str:
    digest = hashlib.sha256(repr((content, bits, height, width)).encode())
    digest.update(pixels)
    return digest.hexdigest()


class StoreWriter:
    """Appends films to the store in a folder. Whoever makes one holds the lock of the store's builders.

    Raises
    ------
    StorageError
        The disk is full, or will be before the films that are still to come are written; or it cannot be written to.
        What was written stands.
    """

    def __init__(self, folder: Path, *, coming: int, pixels: int, rows: Mapping[str, Row]) -> None:
        self._folder = folder
        self._coming = coming
        self._pixels = pixels
        self._deep = any(row.bits == 16 for row in rows.values())
        #: What this writer added, by content.
        self.rows: dict[str, Row] = {}
        try:
            if not rows:  # nothing tells what the films are
                (folder / FILMS).unlink(missing_ok=True)
            self._films = (folder / FILMS).open("ab", buffering=0)
            self._index = open_lines(folder / INDEX)
        except OSError as error:
            raise self._refusal(error) from error
        try:
            self._check_room()
        except StorageError:
            self._close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def add(self, film: StoredFilm) -> None:
        """Write a film, then its line."""
        if film.greys.itemsize == 2 and not self._deep:
            self._deep = True
            self._check_room()
        end = self._films.seek(0, os.SEEK_END)
        start = _whole_steps(end)
        line_start = self._index.seek(0, os.SEEK_END)
        row = Row(
            content=film.content,
            start=start,
            bits=8 * film.greys.itemsize,
            height=film.height,
            width=film.width,
            digest=film.digest,
        )
        try:
            write_all(self._films, bytes(start - end) + film.greys.tobytes())
            add_line(self._index, asdict(row))
        except OSError as error:
            self._films.truncate(end)  # give the room back; nobody has it mapped without its line
            self._index.truncate(line_start)
            raise self._refusal(error) from error
        self.rows[film.content] = row
        self._coming -= 1

    def _check_room(self) -> None:
        if shutil.disk_usage(self._folder).free < self._needed():
            raise self._refusal(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))

    def _close(self) -> None:
        self._films.close()
        self._index.close()

    def _needed(self) -> int:
        """Bytes of the films that are still to come, twice as many once a film of 16 bits was seen."""
        return self._coming * _whole_steps(self._pixels * (2 if self._deep else 1))

    def _refusal(self, error: OSError) -> StorageError:
        more = "" if self._deep else ", or twice as much if they have more than 8 bits"
        return StorageError(
            f"Cannot write the decoded films to {self._folder}: {error.strerror or error}.\n"
            f"{self._coming:,} films are still to be written and take {self._needed() / 1e6:,.1f} MB{more}; "
            f"{_free(self._folder) / 1e6:,.1f} MB are free. What was decoded is kept ({len(self.rows):,} of them this "
            "time): free some space, or choose another folder with --data, and start again; it goes on from there."
        )


def _whole_steps(count: int) -> int:
    return -(-count // _STEP) * _STEP


def _free(folder: Path) -> int:
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return 0
