"""What is kept of decoded films, stores and looks: listed, and deleted where nobody uses it."""

from __future__ import annotations

import json
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ra_bench.cohorts.audit.kept_looks import LOOKS, OLD_LOOKS
from ra_bench.cohorts.film_log import FILMS, INDEX, Row, read_index
from ra_bench.cohorts.line_file import read_lines
from ra_bench.cohorts.locks import alone_at_once
from ra_bench.cohorts.store import ABOUT, USERS, check_rows, store_folder
from ra_bench.errors import BusyError, StorageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ra_bench.cohorts.store import OnFilms


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A store, or the looks: its name and place, whose films at which size, how many, bytes, when last used.

    `state` is "whole", "partial" (films that were asked for are not there yet), "damaged", or "of another version"
    (nothing opens it any more). `last_used` is in seconds since 1970.
    """

    name: str
    path: Path
    cohort: str
    size: tuple[int, int] | None
    films: int
    asked: int
    bytes: int
    last_used: float
    state: str
    in_use: bool


def list_kept(data: Path, *, check: bool = False, on_films: OnFilms | None = None) -> list[Kept]:
    """What a data folder keeps of decoded films, by name; the looks last.

    Parameters
    ----------
    data : Path
    check : bool
        Read every film and compare its hash. Without it only what is missing is found.
    on_films : callable, optional
        Gets what is done, films done and films in all, while they are read.

    Raises
    ------
    StorageError
        A store cannot be read.
    """
    try:
        folders = sorted(path for path in (data / "films").glob("*") if path.is_dir())
        kept = [_store(data, folder, on_films, check=check) for folder in folders]
        looks = [_looks(data / name) for name in (LOOKS, OLD_LOOKS) if (data / name).exists()]
        return kept + looks
    except OSError as error:
        raise StorageError(f"Cannot read what is kept in {data}: {error.strerror or error}.") from error


def choose_kept(kept: Sequence[Kept], names: Sequence[str], days: float | None) -> list[Kept]:
    """Those that are meant: by name or by cohort, all where none is named; and not used for so many days.

    Raises
    ------
    StorageError
        A name that nothing has.
    """
    known = {name for each in kept for name in (each.name, each.cohort) if name}
    for name in names:
        if name not in known:
            raise StorageError(
                f"Nothing is kept under the name '{name}'. Kept: {', '.join(sorted(known)) or 'nothing'}."
            )
    latest = time.time() - 86400 * (days or 0)
    return [
        each
        for each in kept
        if (not names or {each.name, each.cohort} & set(names)) and (days is None or each.last_used < latest)
    ]


def delete_kept(kept: Kept) -> None:
    """Delete a store or the looks.

    Raises
    ------
    BusyError
        A process uses it. It is left as it is.
    StorageError
        It cannot be deleted.
    """
    try:
        if not kept.path.exists():
            return
        lock = alone_at_once(_users(kept.path))
        if lock is None:
            raise BusyError(f"'{kept.name}' is in use and is left as it is. Delete it when the run has ended.")
        with lock:
            if kept.path.is_dir():
                # The index first: should this be cut short, what is left is an empty store and no damaged one.
                (kept.path / INDEX).unlink(missing_ok=True)
                shutil.rmtree(kept.path)
            else:
                kept.path.unlink()
    except OSError as error:
        raise StorageError(f"Cannot delete {kept.path}: {error.strerror or error}.") from error


def _store(data: Path, folder: Path, on_films: OnFilms | None, *, check: bool) -> Kept:
    about, rows = _about(folder), read_index(folder)
    size = (about["height"], about["width"]) if about else None
    asked = about["asked"] if about else 0
    return Kept(
        name=folder.name,
        path=folder,
        cohort=about["cohort"] if about else "",
        size=size,
        films=len(rows),
        asked=asked,
        bytes=_bytes(folder),
        last_used=(folder / ABOUT if about else folder).stat().st_mtime,
        state=_state(data, folder, about, rows, on_films, check=check),
        in_use=_in_use(folder),
    )


def _about(folder: Path) -> dict[str, Any] | None:
    """What `store.note_use` wrote, if it is there."""
    try:
        facts = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        kinds = {"cohort": str, "height": int, "width": int, "asked": int}
        return facts if all(isinstance(facts[key], kind) for key, kind in kinds.items()) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _state(
    data: Path,
    folder: Path,
    about: dict[str, Any] | None,
    rows: dict[str, Row],
    on_films: OnFilms | None,
    *,
    check: bool,
) -> str:
    if about is None:
        return "damaged" if rows else "of another version"
    if folder != store_folder(data, about["cohort"], about["height"], about["width"]):
        return "of another version"
    pixels, file = about["height"] * about["width"], folder / FILMS
    there = file.stat().st_size if file.exists() else 0
    if any(row.start + pixels * row.bits // 8 > there for row in rows.values()):
        return "damaged"
    if check and not all(list(check_rows(folder, list(rows.values()), pixels, on_films))):
        return "damaged"
    return "whole" if len(rows) >= about["asked"] else "partial"


def _users(path: Path) -> Path:
    """The file that whoever uses a store or the looks has locked."""
    return path / USERS if path.is_dir() else path


def _in_use(path: Path) -> bool:
    if not _users(path).exists():
        return False
    lock = alone_at_once(_users(path))
    if lock is None:
        return True
    lock.close()
    return False


def _looks(file: Path) -> Kept:
    state = file.stat()
    return Kept(
        name=file.stem,
        path=file,
        cohort="",
        size=None,
        films=len(read_lines(file)) if file.name == LOOKS else 0,
        asked=0,
        bytes=state.st_size,
        last_used=state.st_mtime,
        state="whole" if file.name == LOOKS else "of another version",
        in_use=_in_use(file),
    )


def _bytes(folder: Path) -> int:
    """Bytes of the files; one that vanishes meanwhile counts none."""
    total = 0
    for file in folder.rglob("*"):
        with suppress(OSError):
            total += file.stat().st_size
    return total
