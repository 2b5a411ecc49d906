"""Which file is the film that a table names: tolerant of endings, of their case, and of `-` for `_`."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from ra_bench.cohorts.images import FILM_SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def list_films(folder: Path) -> list[Path]:
    """All files below a folder that are films by their ending, or DICOM without one, sorted; no hidden ones."""
    found = (file for file in folder.rglob("*") if _is_film(file) and file.is_file())
    return sorted(file for file in found if not any(part.startswith(".") for part in file.relative_to(folder).parts))


def _is_film(file: Path) -> bool:
    """By its ending. Archives of hospitals write DICOM under a bare number or name, so such files are looked into."""
    suffix = file.suffix.lower()
    if suffix in FILM_SUFFIXES:
        return True
    if (suffix and not suffix[1:].isdigit()) or file.name == "DICOMDIR" or not file.is_file():
        return False
    try:
        with file.open("rb") as content:
            return content.read(132)[128:] == b"DICM"
    except OSError:
        return False


def film_stem(name: str) -> str:
    """A film's name without its ending, if it has one that films have.

    Examples
    --------
    >>> film_stem("UAB001-LH.JPG"), film_stem("scans/1.2.840"), film_stem("7.png")
    ('UAB001-LH', 'scans/1.2.840', '7')
    """
    path = PurePosixPath(name.replace("\\", "/"))
    return str(path.with_suffix("")) if path.suffix.lower() in FILM_SUFFIXES else str(path)


def index_films(folder: Path, files: Iterable[Path]) -> dict[str, list[Path]]:
    """The files by every name that a table may give them: with or without folders, exact or in loose spelling."""
    index: dict[str, list[Path]] = {}
    for file in files:
        whole = film_stem(file.relative_to(folder).as_posix())
        stem = PurePosixPath(whole).name
        for name in dict.fromkeys((whole, stem, _loose(whole), _loose(stem))):
            index.setdefault(name, []).append(file)
    return index


def find_film(name: str, index: Mapping[str, list[Path]]) -> Path | str:
    """The file of a film, or a sentence that says why there is not exactly one.

    The spelling of the table is tried first, with its folders, then without; then without regard to case and `-_`.
    """
    whole = film_stem(name)
    stem = PurePosixPath(whole).name
    for spelling in dict.fromkeys((whole, stem, _loose(whole), _loose(stem))):
        found = index.get(spelling, [])
        if len(found) == 1:
            return found[0]
        if found:
            names = " and ".join(str(file) for file in found[:3]) + (" and more" if len(found) > 3 else "")
            return f"film '{name}' may be {names}. Keep one, or write the folder in the table too."
    return f"film '{name}' is not there."


def _loose(name: str) -> str:
    return name.casefold().replace("-", "_")
