"""The three sides of a split, cut out of a store of films without a copy in memory."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING

from ra_bench.errors import StorageError
from ra_bench.files import make_folder
from ra_bench.specs import FilmSet

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from ra_bench.values import Split


def sides_of(films: FilmSet, split: Split, folder: Path) -> dict[str, FilmSet]:
    """Train, validation and test films, memory-mapped.

    Films that stand side by side in the store are a view of it. Those of another fold do not: they are gathered in a
    file in `folder` that has no name, and so goes with the process, however it ends.

    Raises
    ------
    StorageError
        No space left for the gathered films.
    """
    sides = {"train": split.train, "validation": split.validation, "test": split.test}
    return {side: _part(films, ids, folder) for side, ids in sides.items()}


def _part(films: FilmSet, ids: tuple[str, ...], folder: Path) -> FilmSet:
    places = {name: place for place, name in enumerate(films.ids)}
    rows = [places[name] for name in ids]
    if rows == list(range(rows[0], rows[0] + len(rows))):
        part = slice(rows[0], rows[0] + len(rows))
        return FilmSet(ids=ids, films=films.films[part], sizes=films.sizes[part])
    return FilmSet(ids=ids, films=_gathered(films.films, rows, folder), sizes=films.sizes[rows])


def _gathered(films: NDArray[np.uint8 | np.uint16], rows: Sequence[int], folder: Path) -> NDArray[np.uint8 | np.uint16]:
    import numpy as np

    try:
        with tempfile.TemporaryFile(dir=make_folder(folder)) as file:
            for row in rows:
                file.write(films[row].tobytes())
            file.flush()
            return np.memmap(file, dtype=films.dtype, mode="r", shape=(len(rows), *films.shape[1:]))
    except OSError as error:
        size = len(rows) * films[0].nbytes / 1e6
        raise StorageError(
            f"Cannot gather the films of a fold in {folder}: {error.strerror or error}. They take {size:,.0f} MB while "
            "the job runs. Free some space or choose another folder with --data."
        ) from error
