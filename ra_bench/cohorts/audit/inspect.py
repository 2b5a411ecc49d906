"""All that can be found in a cohort at once: loading it refuses the errors, checking it shows them all."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from ra_bench.cohorts.audit.duplicates import find_duplicates, find_near_duplicates, groups_of_twins
from ra_bench.cohorts.audit.film import AuditedFilm, audited_sample
from ra_bench.cohorts.audit.finding import Finding, counted, remarks_of, with_allowed
from ra_bench.cohorts.audit.folder import match_films
from ra_bench.cohorts.audit.look import Look
from ra_bench.cohorts.audit.looks import film_content, look_at_files, look_at_samples
from ra_bench.cohorts.audit.orientation import find_turned_films, judge_orientation
from ra_bench.cohorts.audit.sides import SIDES, find_split_patients, sides_of_films
from ra_bench.cohorts.compose import read_two_hands
from ra_bench.cohorts.contents import read_contents
from ra_bench.cohorts.images import read_film
from ra_bench.cohorts.layouts.known import GENERIC
from ra_bench.cohorts.matching import film_stem
from ra_bench.cohorts.parallel import Problem
from ra_bench.cohorts.version import cohort_version
from ra_bench.errors import CohortError
from ra_bench.values import Cohort, Sample, Split

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ra_bench.cohorts.contents import Contents
    from ra_bench.cohorts.description import Description
    from ra_bench.cohorts.store import OnFilms
    from ra_bench.cohorts.table import Entry
    from ra_bench.values import Film

NO_PATIENTS = (
    "No patient column: films of one patient may stand on two sides of the split; patient split not verifiable."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What was found, and the cohort of the films that can be read; None where there is none.

    `films` are those of the cohort, in its order. `of_films` are findings on films beside one another, `of_files` the
    others. `note` says what could not be judged.
    """

    cohort: Cohort | None
    films: tuple[AuditedFilm, ...] = ()
    of_files: tuple[Finding, ...] = ()
    of_films: tuple[Finding, ...] = ()
    note: str = ""
    allow: tuple[str, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All of them, errors first."""
        found = (*self.of_files, *self.of_films)
        return tuple(sorted(found, key=lambda finding: finding.level != "error"))


def inspect_described(
    file: Path, data_dir: Path, *, size: tuple[int, int] | None = None, on_films: OnFilms | None = None
) -> Inspection:
    """Look at everything that a `cohort.toml` names. No film is decoded that was before, and did not change since.

    Parameters
    ----------
    file : Path
        The description.
    data_dir : Path
        Keeps what films look like.
    size : (height, width), optional
        Films that are decoded now are put into the store of this size too (`store.open_store`).
    on_films : callable, optional
        Gets what is done, films done and films in all.

    Raises
    ------
    DescriptionError, TableError
        Something is wrong with the description or the table.
    CohortError
        No film has a reading, or the folder has no film.
    StorageError
        The store cannot be written to.
    """
    contents = read_contents(file)
    description = contents.description
    scored = _scored(contents)
    unscored = [entry for entry in contents.entries if not entry.readings]
    matched = match_films(scored, unscored, file.parent / description.films)
    seen = look_at_files(
        list(matched.files.values()),
        window=description.window,
        data=data_dir,
        name=description.name,
        size=size,
        on_films=on_films,
    )
    of_files_seen = [pair for pairs in map(zip, matched.files.values(), seen) for pair in pairs]
    looks = {path: look for path, look in of_files_seen if isinstance(look, Look)}
    unreadable = list(dict.fromkeys(look.sentence for _, look in of_files_seen if isinstance(look, Problem)))
    whole = {film for film, files in matched.files.items() if all(path in looks for path in files)}
    usable = [entry for entry in scored if entry.film in whole]
    films = tuple(_audited(entry, matched.files[entry.film], looks) for entry in usable)
    patients = _patients(scored, films)
    sides = {_sample_id(entry): entry.side for entry in scored if entry.side is not None}
    of_files = [*matched.findings, *_unreadable(unreadable, matched.wanted), *find_split_patients(patients, sides)]
    of_films, note = _compared(films)
    found = Inspection(
        cohort=None,
        films=films,
        of_files=with_allowed(of_files, description.allow),
        of_films=with_allowed(of_films, description.allow),
        note=note,
        allow=description.allow,
    )
    if not usable:
        return found
    remarks = (*description.remarks, *contents.remarks, *_remarks(contents.entries, scored, description))
    samples = tuple(
        Sample(
            sample_id=film.film,
            patient_id=patients[film.film],
            visit=entry.visit,
            film=_film(matched.files[entry.film], description.window),
            readings=entry.readings,
            site=entry.facts.get("site", ""),
            pixels=film_content(film.looks),
        )
        for entry, film in zip(usable, films, strict=True)
    )
    return replace(found, cohort=_cohort(description, samples, films, remarks=(*remarks, *remarks_of(found.findings))))


def inspect_loaded(cohort: Cohort, data_dir: Path, on_films: OnFilms | None = None) -> Inspection:
    """Look at a cohort that brings its films itself, such as a simulated one or a plugin's."""
    seen = look_at_samples(cohort, data=data_dir, on_films=on_films)
    problems = [look.sentence for look in seen if isinstance(look, Problem)]
    sides = {} if cohort.given_split is None else sides_of_films(cohort.given_split)
    known = patients_known(cohort)
    films = tuple(
        audited_sample(sample, look, side=sides.get(sample.sample_id), patients_known=known)
        for sample, look in zip(cohort.samples, seen, strict=True)
        if isinstance(look, Look)
    )
    readable = {film.film for film in films}
    patients = {sample.sample_id: sample.patient_id for sample in cohort.samples}
    on_sides = {film: side for film, side in sides.items() if film in patients}
    of_files = [*_unreadable(problems, len(cohort.samples)), *find_split_patients(patients, on_sides)]
    of_films, note = _compared(films)
    samples = tuple(sample for sample in cohort.samples if sample.sample_id in readable)
    return Inspection(
        cohort=replace(cohort, samples=samples) if samples else None,
        films=films,
        of_files=with_allowed(of_files, cohort.allow),
        of_films=with_allowed(of_films, cohort.allow),
        note=note,
        allow=cohort.allow,
    )


def with_split(found: Inspection, split: Split) -> Inspection:
    """The inspection with films on the sides of a split that was drawn, so that copies across its sides are told."""
    sides = sides_of_films(split)
    films = tuple(replace(film, side=sides.get(film.film)) for film in found.films)
    return replace(found, films=films, of_films=with_allowed(_compared(films)[0], found.allow))


def patients_known(cohort: Cohort) -> bool:
    """Whether a cohort says whose its films are: without a patient column each film is its own patient."""
    return any(sample.patient_id != sample.sample_id for sample in cohort.samples)


# --- from entries to a cohort ---------------------------------------------------------------------------------------


def _compared(films: Sequence[AuditedFilm]) -> tuple[list[Finding], str]:
    """Findings on films beside one another, and what could not be judged."""
    judged = judge_orientation(films)
    return [*find_duplicates(films), *find_near_duplicates(films), *find_turned_films(judged)], judged.note


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


def _audited(entry: Entry, files: Sequence[Path], looks: Mapping[Path, Look]) -> AuditedFilm:
    return AuditedFilm(
        film=_sample_id(entry),
        patient=entry.patient,
        score=math.fsum(entry.readings.values()) / len(entry.readings),
        looks=tuple(looks[file] for file in files),
        side=entry.side,
        size=sum(file.stat().st_size for file in files),
        facts=entry.facts,
    )


def _patients(scored: Sequence[Entry], films: Sequence[AuditedFilm]) -> dict[str, str]:
    """The patient of each film. Without a column each film is its own patient, but for films with the same pixels."""
    patients = {_sample_id(entry): entry.patient or _sample_id(entry) for entry in scored}
    for group in groups_of_twins(films):
        if group[0].patient is None:
            patients.update({film.film: patients[group[0].film] for film in group})
    return patients


def _film(paths: tuple[Path, ...], window: tuple[float, float] | None) -> Film:
    """The film of one file, or of a left and a right hand's; decoded when called."""
    if len(paths) == 1:
        return partial(read_film, paths[0], window)
    left, right = paths
    return partial(read_two_hands, left, right, window)


def _cohort(
    description: Description, samples: tuple[Sample, ...], films: Sequence[AuditedFilm], *, remarks: tuple[str, ...]
) -> Cohort:
    given = _given_split(films, description)
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
        allow=description.allow,
        remarks=remarks,
    )


def _given_split(films: Sequence[AuditedFilm], description: Description) -> Split | None:
    if description.split is None:
        return None
    sides: dict[str, list[str]] = {side: [] for side in SIDES}
    for film in films:
        if film.side is not None:
            sides[film.side].append(film.film)
    origin = f"given by the cohort, column '{description.split.column}'"
    return Split(**{side: tuple(ids) for side, ids in sides.items()}, origin=origin)


def _unreadable(problems: Sequence[str], wanted: int) -> list[Finding]:
    if not problems:
        return []
    said = f"{len(problems)} of {counted(wanted, 'film')} cannot be used"
    return [Finding(kind="unreadable-films", level="error", said=said, items=tuple(problems))]


def _remarks(entries: Sequence[Entry], scored: Sequence[Entry], description: Description) -> list[str]:
    """What a reader of the board must know, beside what was found."""
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
    if description.split is not None and any(entry.side is None for entry in scored):
        count = sum(entry.side is None for entry in scored)
        remarks.append(f"{count} films are on no side of the given split and are not used.")
    return remarks
