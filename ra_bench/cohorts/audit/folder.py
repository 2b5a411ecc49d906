"""Films that a table names and a folder has: which are missing, which nobody named, which are named twice."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ra_bench.cohorts.audit.finding import Finding, counted
from ra_bench.cohorts.matching import find_film, index_films, list_films
from ra_bench.cohorts.table import place_of
from ra_bench.errors import CohortError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ra_bench.cohorts.table import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """The files of each entry that has all of its own, by the entry's film; findings on those that have not."""

    files: dict[str, tuple[Path, ...]]
    wanted: int
    findings: tuple[Finding, ...]


def match_films(scored: Sequence[Entry], unscored: Sequence[Entry], folder: Path) -> Matched:
    """Find the file of each film, or of its two hands.

    Parameters
    ----------
    scored, unscored : sequence of Entry
        Films with a reading, whose files must be there, and others, whose files may.
    folder : Path
        Looked through with all folders in it.

    Raises
    ------
    CohortError
        There is no such folder, or no film in it.
    """
    there = _films_in(folder)
    index = index_films(folder, there)
    wanted = [(entry, film) for entry in scored for film in _names(entry)]
    found = [(entry, find_film(film, index)) for entry, film in wanted]
    missing = [f"{place_of(entry)}: {path}" for entry, path in found if isinstance(path, str)]
    lost = {entry.film for entry, path in found if isinstance(path, str)}
    rows: dict[Path, Entry] = {}
    files: dict[str, list[Path]] = {}
    twice = []
    for entry, path in found:
        if not isinstance(path, Path):
            continue
        if path in rows:
            twice.append(
                f"Two entries, {place_of(rows[path])} and {place_of(entry)}, name one and the same film: {path}"
            )
            lost.add(entry.film)
        rows.setdefault(path, entry)
        files.setdefault(entry.film, []).append(path)
    others = {path for entry in unscored for film in _names(entry) if isinstance(path := find_film(film, index), Path)}
    extra = [file for file in there if file not in rows and file not in others]
    findings = [*_missing(missing, len(wanted), folder, there, nothing=not rows), *_twice(twice)]
    return Matched(
        files={film: tuple(paths) for film, paths in files.items() if film not in lost},
        wanted=len(wanted),
        findings=(*findings, *_extra(extra, folder)),
    )


def _names(entry: Entry) -> tuple[str, ...]:
    return entry.hands or (entry.film,)


def _films_in(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise CohortError(f"{folder}: there is no such folder. Correct 'films' in cohort.toml.")
    there = list_films(folder)
    if not there:
        raise CohortError(
            f"{folder}: no film (PNG, JPEG, BMP, TIFF or DICOM) in this folder or below. "
            "Correct 'films' in cohort.toml."
        )
    return there


def _missing(items: Sequence[str], wanted: int, folder: Path, there: Sequence[Path], *, nothing: bool) -> list[Finding]:
    if not items:
        return []
    advice = "Put the films there, correct their names in the table, or take the rows out."
    if nothing:
        advice = f"{folder} has {len(there)} films, such as '{there[0].name}': does the image column name them?"
    said = f"{len(items)} of {counted(wanted, 'film')} cannot be found"
    return [Finding(kind="missing-films", level="error", said=said, items=tuple(items), advice=advice)]


def _twice(items: Sequence[str]) -> list[Finding]:
    if not items:
        return []
    said = f"{counted(len(items), 'film is', 'films are')} named by two rows"
    return [Finding(kind="film-named-twice", level="error", said=said, items=tuple(items), advice="Keep one.")]


def _extra(files: Sequence[Path], folder: Path) -> list[Finding]:
    if not files:
        return []
    return [
        Finding(
            kind="extra-films",
            level="warning",
            said=f"{counted(len(files), 'film', 'films')} of the folder {'stands' if len(files) == 1 else 'stand'} in "
            "no row of the table and "
            f"{'is' if len(files) == 1 else 'are'} not used",
            items=tuple(str(file.relative_to(folder)) for file in files),
            advice="If they belong to the cohort, add their rows.",
        )
    ]
