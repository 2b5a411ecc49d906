"""Films of a store in any order, as an array that is read film by film: nothing is copied before it is looked at."""

from __future__ import annotations

import mmap
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from ra_bench.cohorts.greys import sixteen_bits

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from ra_bench.cohorts.locks import Lock


#: Bytes of films that may stay in memory after they were looked at; the system keeps what it has room for anyway.
_HELD = 512 * 2**20


class FilmRows(NDArrayOperatorsMixin):
    """Films of shape (n, height, width) where they lie in a store: uint8, or uint16 if any has more than 8 bits.

    A film, `films[3]`, and films in a row, `films[3:9]`, are views; they cannot be written to. All else that an array
    can do is done on a copy of the films in memory: `films[3:9].astype(...)`, `films[[5, 2]]`, `films.mean()`.

    Examples
    --------
    >>> folder = getfixture("tmp_path")
    >>> _ = (folder / "films.bin").write_bytes(bytes(range(12)))
    >>> films = FilmRows(folder / "films.bin", starts=[6, 0], bits=[8, 8], shape=(2, 3))
    >>> films.shape, films[0].tolist(), float(films[1:].mean())
    ((2, 2, 3), [[6, 7, 8], [9, 10, 11]], 2.5)
    """

    def __init__(
        self,
        file: Path,
        *,
        starts: Sequence[int],
        bits: Sequence[int],
        shape: tuple[int, int],
        lock: Lock | None = None,
    ) -> None:
        self._file = file
        self._mapped = _Mapped(file) if len(starts) else None  # an empty file cannot be mapped
        self._starts, self._bits = np.array(starts, np.int64), np.array(bits, np.int64)
        self._film_shape = shape
        self._lock = lock  # held as long as anybody looks at the films
        self.dtype = np.dtype(np.uint16 if (self._bits == 16).any() else np.uint8)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Films, height, width."""
        return (len(self), *self._film_shape)

    def __len__(self) -> int:
        return len(self._starts)

    def __iter__(self) -> Iterator[NDArray[np.uint8 | np.uint16]]:
        return map(self._film, range(len(self)))

    def __getitem__(self, wanted: Any) -> Any:
        if isinstance(wanted, int | np.integer) and 0 <= wanted < len(self):  # as training asks, film by film
            return self._film(int(wanted))
        first, rest = (wanted[0], wanted[1:]) if isinstance(wanted, tuple) else (wanted, ())
        places = np.arange(len(self))[first]
        if places.ndim == 0:
            return self._film(int(places))[rest]
        if isinstance(first, slice) and not rest:
            return self._part(places)
        return np.array([self._film(place)[rest] for place in places], self.dtype).reshape(
            (len(places), *np.empty(self._film_shape, np.bool_)[rest].shape)
        )

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:  # noqa: FBT001  numpy's protocol
        if copy is False:
            raise ValueError("Films lie apart in their store; an array of them is a copy.")
        return np.array(list(self), dtype or self.dtype).reshape(self.shape)

    def __array_ufunc__(self, function: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        arrays = (np.asarray(each) if isinstance(each, FilmRows) else each for each in inputs)
        return getattr(function, method)(*arrays, **options)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(np.asarray(self), name)

    def __reduce__(self) -> tuple[Any, ...]:
        return _reopened, (self._file, self._starts, self._bits, self._film_shape, self.dtype)

    def _film(self, place: int) -> NDArray[np.uint8 | np.uint16]:
        height, width = self._film_shape
        start, deep = self._starts[place], self._bits[place] == 16
        if self._mapped is None:
            raise IndexError("there is no film")
        stored = self._mapped.part(start, height * width * (2 if deep else 1))
        film: NDArray[np.uint8 | np.uint16] = stored.view("<u2" if deep else np.uint8).reshape(self._film_shape)
        return np.asarray(film if self.dtype == np.uint8 else sixteen_bits(film))

    def _part(self, places: NDArray[np.int64]) -> FilmRows:
        """The films at some places, of the same depth as all."""
        part: FilmRows = object.__new__(FilmRows)
        part.__dict__ = {**self.__dict__, "_starts": self._starts[places], "_bits": self._bits[places]}
        return part


class _Mapped:
    """The bytes of a file, mapped into memory."""

    def __init__(self, file: Path) -> None:
        with file.open("rb") as opened:
            self._map = mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)
        self._bytes = np.frombuffer(self._map, np.uint8)
        self._given = 0

    def part(self, start: int, count: int) -> NDArray[np.uint8]:
        """So many bytes, read-only, where they lie.

        Now and then all pages that were looked at are let go; a view of them reads them again when it is used. Else a
        process would seem to hold a whole store, and `peak_memory` of a record would say so.
        """
        self._given += count
        if self._given > _HELD and hasattr(mmap, "MADV_DONTNEED"):
            self._map.madvise(mmap.MADV_DONTNEED)
            self._given = count
        return self._bytes[start : start + count]


def _reopened(
    file: Path, starts: NDArray[np.int64], bits: NDArray[np.int64], shape: tuple[int, int], dtype: np.dtype[Any]
) -> FilmRows:
    """The same films in another process: mapped there, not sent."""
    films = FilmRows(file, starts=starts.tolist(), bits=bits.tolist(), shape=shape)
    films.dtype = dtype
    return films
