"""From a `cohort.toml` to a cohort: films found, readings checked, what must be known said."""

from __future__ import annotations

from functools import partial
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

from ra_bench.cohorts.compose import read_two_hands
from ra_bench.cohorts.contents import read_contents
from ra_bench.cohorts.images import read_film
from ra_bench.cohorts.layouts.known import GENERIC
from ra_bench.cohorts.matching import film_stem, find_film, index_films, list_films
from ra_bench.cohorts.table import place_of
from ra_bench.cohorts.version import cohort_version, film_digests
from ra_bench.errors import CohortError, FilmError, LeakError
from ra_bench.values import Cohort, Sample, Split

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ra_bench.cohorts.contents import Contents
    from ra_bench.cohorts.description import Description
    from ra_bench.cohorts.table import Entry
    from ra_bench.values import Film

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
    contents = read_contents(file)
    description, entries = contents.description, contents.entries
    scored = _scored(contents)
    files = _find_files(scored, file.parent, description, data_dir, on_progress)
    digests = {_sample_id(entry): parts for entry, (_, parts) in zip(scored, files, strict=True)}
    patients = _patients(scored, digests)
    samples = tuple(
        Sample(
            sample_id=_sample_id(entry),
            patient_id=patients[_sample_id(entry)],
            visit=entry.visit,
            film=_film(paths, description.window),
            readings=entry.readings,
            site=entry.site,
            pixels=_contents(parts),
        )
        for entry, (paths, parts) in zip(scored, files, strict=True)
    )
    given = _given_split(scored, description)
    return Cohort(
        name=description.name,
        version=cohort_version(
            samples=samples,
            scale=description.scale,
            given_split=given,
            contents={sample.sample_id: sample.pixels for sample in samples},
        ),
        scale=description.scale,
        samples=samples,
        citation=description.citation,
        licence=description.licence,
        given_split=given,
        simulated=description.simulated,
        private=description.private,
        remarks=(*description.remarks, *contents.remarks, *_remarks(entries, scored, digests, description)),
    )


def _scored(contents: Contents) -> list[Entry]:
    """The entries that have a reading."""
    scored = [entry for entry in contents.entries if entry.readings]
    if not scored:
        columns = ", ".join(contents.description.readers or (str(contents.description.score),))
        said = f"{contents.table}: no row has a reading in {columns}. Nothing can be learnt or measured."
        raise CohortError(" ".join((said, *contents.remarks)))
    return scored


def _sample_id(entry: Entry) -> str:
    return film_stem(entry.film)


def _contents(parts: tuple[str, ...]) -> str:
    """The digest of a film, or of the two hands that it is composed of."""
    return " + ".join(parts)


def _film(paths: tuple[Path, ...], window: tuple[float, float] | None) -> Film:
    """The film of one file, or of a left and a right hand's; decoded when called."""
    if len(paths) == 1:
        return partial(read_film, paths[0], window)
    left, right = paths
    return partial(read_two_hands, left, right, window)


def _find_files(
    entries: Sequence[Entry],
    home: Path,
    description: Description,
    data_dir: Path,
    on_progress: Callable[[int, int], None] | None,
) -> list[tuple[tuple[Path, ...], tuple[str, ...]]]:
    """The file of each film, or of its two hands, and the digests of their pixels.

    Films that are missing or unreadable are told in one error.
    """
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
    wanted = [(entry, film) for entry in entries for film in entry.hands or (entry.film,)]
    found = [find_film(film, index) for _, film in wanted]
    files = [path for path in found if isinstance(path, Path)]
    problems = [
        f"{place_of(entry)}: {path}" for (entry, _), path in zip(wanted, found, strict=True) if isinstance(path, str)
    ]
    if not files:
        problems[-1] += (
            f"\n{folder} has {len(there)} films, such as '{there[0].name}': does the image column name them?"
        )
    cache = data_dir / "film-digests.json"
    digests = iter(
        film_digests(files, window=description.window, cache=cache, known_problems=problems, on_progress=on_progress)
    )
    rows: dict[Path, Entry] = {}
    for (entry, _), file in zip(wanted, files, strict=True):
        if file in rows:
            raise CohortError(
                f"Two entries, {place_of(rows[file])} and {place_of(entry)}, name one and the same film: {file}. "
                "Keep one."
            )
        rows[file] = entry
    paths = iter(files)
    hands = [entry.hands or (entry.film,) for entry in entries]
    return [(tuple(next(paths) for _ in films), tuple(next(digests) for _ in films)) for films in hands]


def _twins(digests: Mapping[str, tuple[str, ...]]) -> list[list[str]]:
    """Groups of films that have the same pixels, in whole or in one hand."""
    groups: dict[str, list[str]] = {}
    for sample_id, parts in digests.items():
        for digest in parts:
            groups.setdefault(digest, []).append(sample_id)
    return [group for group in groups.values() if len(group) > 1]


def _patients(entries: Sequence[Entry], digests: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """The patient of each film. Without a column each film is its own patient, but for films with the same pixels."""
    patients = {_sample_id(entry): entry.patient or _sample_id(entry) for entry in entries}
    known = any(entry.patient is not None for entry in entries)
    for group in _twins(digests):
        for one, other in combinations(group, 2):
            if one == other:
                raise FilmError(
                    f"'{one}': the films of its left and its right hand have the same pixels, so one hand stands for "
                    "both. Put the right file in its place, or take the row out of the table."
                )
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
    entries: Sequence[Entry],
    scored: Sequence[Entry],
    digests: Mapping[str, tuple[str, ...]],
    description: Description,
) -> list[str]:
    """What a reader of the board must know."""
    remarks = []
    if description.patient is None:
        remarks.append(NO_PATIENTS)
    if description.score is not None:
        where = f"column '{description.score}'" if description.layout == GENERIC else f"layout '{description.layout}'"
        remarks.append(f"One score a film ({where}), so there is no row of readers.")
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
