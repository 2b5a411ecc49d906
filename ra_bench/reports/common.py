"""The films on which several models are compared: the same films, the same readings, the same patients."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ra_bench.boards.held_out import HeldOut, mean_reading, patient_numbers
from ra_bench.cohorts.matching import film_stem
from ra_bench.errors import RecordError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ra_bench.boards.held_out import Floats
    from ra_bench.reports.sources import Contender
    from ra_bench.values import Predictions

#: References that differ by no more are the same number, rounded when it was written.
ROUNDED = 0.005
_SHOWN = 3


def films_in_common(contenders: Sequence[Contender], *, common: bool = False) -> HeldOut:
    """Put all contenders on one set of films.

    Parameters
    ----------
    contenders : sequence of Contender
        One or more, of different names.
    common : bool
        Keep the films that all of them have, where they have different ones; without it that is an error.

    Returns
    -------
    HeldOut
        Films that have a reference and a prediction of every seed, by id; readings are those of the first contender
        that has any, patients those of the first that knows them.

    Raises
    ------
    RecordError
        Films, references or patients differ, no film is left, or nobody has a reference. Says which.
    """
    tables = [_by_film(contender) for contender in contenders]
    read = [place for place, table in enumerate(tables) if table[0].readings]
    if not read:
        raise RecordError(
            f"No reference in {', '.join(contender.source for contender in contenders)}. Add a column 'reference', or "
            "a column a reader, to one of them, or name a run or a board of the same films too."
        )
    measured = [_measured(table) for table in tables]
    shared = sorted(set.intersection(*map(set, measured)))
    if not shared:
        raise RecordError(
            f"No film has a reference and a prediction of every model: {_films_of(contenders, measured)}.\n"
            "Look at how the films are named in each."
        )
    if not common:
        for contender, films in zip(contenders[1:], measured[1:], strict=True):
            _check_same_films(contenders[0], measured[0], contender, films, len(shared))
    for place in read[1:]:
        _check_same_references(contenders[read[0]], tables[read[0]], contenders[place], tables[place], shared)
    first = _chosen(tables[read[0]][0], shared)
    readings = {reader: np.asarray(scores, dtype=np.float64) for reader, scores in sorted(first.readings.items())}
    return HeldOut(
        ids=tuple(shared),
        patients=_patients(contenders, tables, shared),
        readings=readings,
        reference=mean_reading(list(readings.values())),
        predicted={
            contender.name: np.array([_chosen(seed, shared).predicted for seed in table])
            for contender, table in zip(contenders, tables, strict=True)
        },
        seeds={contender.name: contender.seeds for contender in contenders},
    )


def _by_film(contender: Contender) -> tuple[Predictions, ...]:
    """The contender's seeds with films named without the ending of an image file."""
    seeds = []
    for given in contender.predictions:
        ids = tuple(map(film_stem, given.ids))
        if twice := [film for film, count in Counter(ids).items() if count > 1]:
            raise RecordError(f"{contender.name} has two predictions of film '{twice[0]}'. Keep one of them.")
        seeds.append(replace(given, ids=ids))
    return tuple(seeds)


def _measured(seeds: Sequence[Predictions]) -> set[str]:
    """Films with a finite prediction of every seed, and with a reference where the contender has any."""
    found = []
    for given in seeds:
        there = np.isfinite(np.asarray(given.predicted, dtype=np.float64))
        if given.readings:
            there &= np.isfinite(_mean(given))
        found.append({film for film, present in zip(given.ids, there, strict=True) if present})
    return set.intersection(*found)


def _check_same_films(first: Contender, films: set[str], other: Contender, others: set[str], shared: int) -> None:
    sides = [(first, films - others), (other, others - films)]
    only = [f"{len(alone)} only of {who.name} ({_some(alone)})" for who, alone in sides if alone]
    if only:
        raise RecordError(
            f"{first.name} and {other.name} were not measured on the same films: {', '.join(only)}.\n"
            f"Add --common to compare all on the {shared:,} films that every one of them has."
        )


def _check_same_references(
    first: Contender,
    table: tuple[Predictions, ...],
    other: Contender,
    others: tuple[Predictions, ...],
    shared: list[str],
) -> None:
    ours = _reference(table[0], shared)
    for given in others:
        theirs = _reference(given, shared)
        apart = np.flatnonzero(np.abs(ours - theirs) > ROUNDED)
        if apart.size:
            row = int(apart[0])
            raise RecordError(
                f"{first.name} and {other.name} have different references: on {apart.size} of {len(shared)} films "
                f"({_some([shared[place] for place in apart])}); film '{shared[row]}' has {ours[row]:g} and "
                f"{theirs[row]:g}.\nErrors against different references cannot be compared. Use one set of readings."
            )


def _patients(
    contenders: Sequence[Contender], tables: Sequence[tuple[Predictions, ...]], shared: list[str]
) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    known = [place for place, contender in enumerate(contenders) if contender.patients_known]
    groups = {place: patient_numbers(_chosen(tables[place][0], shared).patients) for place in known or [0]}
    first, *others = groups
    for place in others:
        if not np.array_equal(groups[first], groups[place]):
            row = int(np.flatnonzero(groups[first] != groups[place])[0])
            raise RecordError(
                f"{contenders[first].name} and {contenders[place].name} say differently which films are of one "
                f"patient, such as film '{shared[row]}'.\nCorrect the patients in one of them."
            )
    return groups[first]


def _chosen(given: Predictions, films: Sequence[str]) -> Predictions:
    places = {film: row for row, film in enumerate(given.ids)}
    rows = [places[film] for film in films]
    return replace(
        given,
        ids=tuple(films),
        patients=tuple(given.patients[row] for row in rows),
        readings={reader: tuple(scores[row] for row in rows) for reader, scores in given.readings.items()},
        predicted=tuple(given.predicted[row] for row in rows),
    )


def _reference(given: Predictions, films: Sequence[str]) -> Floats:
    return _mean(_chosen(given, films))


def _mean(given: Predictions) -> Floats:
    return mean_reading([np.asarray(scores, dtype=np.float64) for scores in given.readings.values()])


def _films_of(contenders: Sequence[Contender], measured: Sequence[set[str]]) -> str:
    return ", ".join(
        f"{contender.name} has {len(films)} ({_some(films)})" if films else f"{contender.name} has none"
        for contender, films in zip(contenders, measured, strict=True)
    )


def _some(films: Sequence[str] | set[str]) -> str:
    shown = sorted(films)[:_SHOWN]
    return ", ".join(f"'{film}'" for film in shown) + (" ..." if len(films) > _SHOWN else "")
