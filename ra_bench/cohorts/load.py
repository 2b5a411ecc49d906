"""From a `cohort.toml` to a cohort: films found, readings checked, what must be known said."""

from __future__ import annotations

from functools import partial
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

from ra_bench.cohorts.description import Description, read_description
from ra_bench.cohorts.images import read_film
from ra_bench.cohorts.matching import film_stem, find_film, index_films, list_films
from ra_bench.cohorts.table import Entry, read_entries, read_table
from ra_bench.cohorts.version import cohort_version, film_digests
from ra_bench.errors import CohortError, LeakError
from ra_bench.values import Cohort, Sample, Split

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

NO_PATIENTS = (
    "No patient column: films of one patient may stand on two sides of the split; patient split not verifiable."
)


def load_cohort(file: Path, data_dir: Path, on_progress: Callable[[int, int], None] | None = None) -> Cohort:
    """The cohort that a `cohort.toml` describes; every film is decoded once to check it and to know its pixels.

    Parameters
    ----------
    file : Path
        The description.
    data_dir : Path
        Keeps digests of the pixels, so that films that did not change are not decoded again.
    on_progress : callable, optional
        Gets (films done, films in all) while films are decoded.

    Raises
    ------
    DescriptionError, TableError, FilmError
        Something is wrong with the description, the table or the films; all films at once.
    LeakError
        Two patients have one and the same film.
    CohortError
        No film has a reading.
    """
    description = read_description(file)
    table = read_table(file.parent / description.table)
    entries = read_entries(table, description)
    scored = [entry for entry in entries if entry.readings]
    if not scored:
        columns = ", ".join(description.readers or (str(description.score),))
        raise CohortError(f"{table.file}: no row has a reading in {columns}. Nothing can be learnt or measured.")
    files = _find_files(scored, file.parent, description, data_dir, on_progress)
    digests = {_sample_id(entry): digest for entry, (_, digest) in zip(scored, files, strict=True)}
    patients = _patients(scored, digests)
    samples = tuple(
        Sample(
            sample_id=_sample_id(entry),
            patient_id=patients[_sample_id(entry)],
            visit=entry.visit,
            film=partial(read_film, path, description.window),
            readings=entry.readings,
        )
        for entry, (path, _) in zip(scored, files, strict=True)
    )
    given = _given_split(scored, description)
    return Cohort(
        name=description.name,
        version=cohort_version(samples=samples, scale=description.scale, given_split=given, contents=digests),
        scale=description.scale,
        samples=samples,
        citation=description.citation,
        licence=description.licence,
        given_split=given,
        simulated=description.simulated,
        private=description.private,
        remarks=(*description.remarks, *_remarks(entries, scored, digests, description)),
    )


def _sample_id(entry: Entry) -> str:
    return film_stem(entry.film)


def _find_files(
    entries: Sequence[Entry],
    home: Path,
    description: Description,
    data_dir: Path,
    on_progress: Callable[[int, int], None] | None,
) -> list[tuple[Path, str]]:
    """The file of each film and the digest of its pixels; every film that is missing or unreadable in one error."""
    folder = home / description.films
    if not folder.is_dir():
        raise CohortError(f"{folder}: there is no such folder. Correct 'films' in cohort.toml.")
    there = list_films(folder)
    if not there:
        raise CohortError(
            f"{folder}: no film (PNG, JPEG, BMP, TIFF or DICOM) in this folder or below. "
            "Correct 'films' in cohort.toml."
        )
    index = index_films(folder, there)
    found = [find_film(entry.film, index) for entry in entries]
    files = [path for path in found if isinstance(path, Path)]
    problems = [f"row {entry.row}: {path}" for entry, path in zip(entries, found, strict=True) if isinstance(path, str)]
    if not files:
        problems[-1] += (
            f"\n{folder} has {len(there)} films, such as '{there[0].name}': does the image column name them?"
        )
    cache = data_dir / "film-digests.json"
    digests = film_digests(
        files, window=description.window, cache=cache, known_problems=problems, on_progress=on_progress
    )
    rows: dict[Path, int] = {}
    for entry, file in zip(entries, files, strict=True):
        if file in rows:
            raise CohortError(f"Rows {rows[file]} and {entry.row} name one and the same film: {file}. Keep one row.")
        rows[file] = entry.row
    return list(zip(files, digests, strict=True))


def _twins(digests: Mapping[str, str]) -> list[list[str]]:
    """Groups of films that have the same pixels."""
    groups: dict[str, list[str]] = {}
    for sample_id, digest in digests.items():
        groups.setdefault(digest, []).append(sample_id)
    return [group for group in groups.values() if len(group) > 1]


def _patients(entries: Sequence[Entry], digests: Mapping[str, str]) -> dict[str, str]:
    """The patient of each film. Without a column each film is its own patient, but for films with the same pixels."""
    patients = {_sample_id(entry): entry.patient or _sample_id(entry) for entry in entries}
    known = any(entry.patient is not None for entry in entries)
    for group in _twins(digests):
        for one, other in combinations(group, 2):
            if known and patients[one] != patients[other]:
                raise LeakError(
                    f"Films '{one}' (patient '{patients[one]}') and '{other}' (patient '{patients[other]}') have the "
                    "same pixels, so one patient could stand on two sides of the split.\n"
                    "Take one of them out of the table, or give both the same patient."
                )
        patients.update(dict.fromkeys(group, patients[group[0]]))
    return patients


def _given_split(entries: Sequence[Entry], description: Description) -> Split | None:
    if description.split is None:
        return None
    sides: dict[str, list[str]] = {"train": [], "validation": [], "test": []}
    for entry in entries:
        if entry.side is not None:
            sides[entry.side].append(_sample_id(entry))
    origin = f"given by the cohort, column '{description.split.column}'"
    return Split(**{side: tuple(ids) for side, ids in sides.items()}, origin=origin)


def _remarks(
    entries: Sequence[Entry], scored: Sequence[Entry], digests: Mapping[str, str], description: Description
) -> list[str]:
    """What a reader of the board must know."""
    remarks = []
    if description.patient is None:
        remarks.append(NO_PATIENTS)
    if description.score is not None:
        remarks.append(f"One score a film (column '{description.score}'), so there is no row of readers.")
    if len(scored) < len(entries):
        remarks.append(f"{len(entries) - len(scored)} of {len(entries)} films have no reading and are left out.")
    if description.window is not None:
        low, high = description.window
        remarks.append(f"Percentiles {low:g} and {high:g} of each film's grey values are its black and its white.")
    twins = _twins(digests)
    if twins:
        extra = sum(len(group) - 1 for group in twins)
        names = " and ".join(f"'{sample_id}'" for sample_id in twins[0][:2])
        remarks.append(f"{extra} films have the same pixels as another, such as {names}; they count as one patient.")
    if description.split is not None and any(entry.side is None for entry in scored):
        count = sum(entry.side is None for entry in scored)
        remarks.append(f"{count} films are on no side of the given split and are not used.")
    return remarks
