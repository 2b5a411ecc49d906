"""Films whose readings are known: those of a cohort or of a board. Predictions are matched to them by id."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import nan
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from ra_bench.cohorts.contents import read_contents
from ra_bench.cohorts.matching import film_stem
from ra_bench.errors import CohortError
from ra_bench.values import Predictions, Scale

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ra_bench.reports.tables import ModelPredictions
    from ra_bench.values import Cohort

#: How many names an error lists before it only counts.
SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFilms:
    """Readings and patient of each film, by id. `what` names them in a sentence: "the cohort 'hands'"."""

    what: str
    scale: Scale | None
    readers: tuple[str, ...]
    patients: Mapping[str, str]
    readings: Mapping[str, Mapping[str, float]]
    patients_known: bool


def films_described(file: Path) -> KnownFilms:
    """The films of a cohort.toml, from its table alone: no film is opened.

    Raises
    ------
    CohortError
        The description or its table cannot be read, or no film has a reading.
    """
    contents = read_contents(file)
    description = contents.description
    scored = [entry for entry in contents.entries if entry.readings]
    if not scored:
        raise CohortError(f"{contents.table}: no row has a reading, so nothing can be measured against it.")
    return KnownFilms(
        what=f"the cohort '{description.name}'",
        scale=description.scale,
        readers=description.readers or (str(description.score),),
        patients={film_stem(entry.film): entry.patient or film_stem(entry.film) for entry in scored},
        readings={film_stem(entry.film): entry.readings for entry in scored},
        patients_known=description.patient is not None,
    )


def films_of_cohort(cohort: Cohort) -> KnownFilms:
    """The films of a cohort that is loaded."""
    return KnownFilms(
        what=f"the cohort '{cohort.name}'",
        scale=cohort.scale,
        readers=tuple(dict.fromkeys(reader for sample in cohort.samples for reader in sample.readings)),
        patients={sample.sample_id: sample.patient_id for sample in cohort.samples},
        readings={sample.sample_id: sample.readings for sample in cohort.samples},
        patients_known=any(sample.patient_id != sample.sample_id for sample in cohort.samples),
    )


def films_of_predictions(given: Predictions, what: str) -> KnownFilms:
    """The films that another model predicted, with the readings that it was measured against."""
    return KnownFilms(
        what=what,
        scale=None,
        readers=tuple(given.readings),
        patients=dict(zip(given.ids, given.patients, strict=True)),
        readings={
            film: {reader: scores[row] for reader, scores in given.readings.items()}
            for row, film in enumerate(given.ids)
        },
        patients_known=True,
    )


def matched(model: ModelPredictions, known: KnownFilms) -> ModelPredictions:
    """The same predictions with the readings and patients of films that are known.

    Parameters
    ----------
    model : ModelPredictions
        Its ids may name a film with or without folder.
    known : KnownFilms
        Films without a prediction are left out.

    Raises
    ------
    CohortError
        Films that are not among those known: all of them, or the first ten and how many there are.
    """
    names = _by_name(known.readings)
    ids = [names.get(film, names.get(PurePosixPath(film).name, "")) for film in model.predictions.ids]
    strange = [film for film, found in zip(model.predictions.ids, ids, strict=True) if not found]
    if strange:
        rows = _rows(model, strange)
        raise CohortError(
            f"{model.source}{rows}: {len(strange)} of {len(ids)} films are not in {known.what}: {listed(strange)}. "
            f"It calls its films {listed(sorted(known.readings), 3)}. Correct the ids, or delete those rows."
        )
    if twice := [film for film in dict.fromkeys(ids) if ids.count(film) > 1]:
        raise CohortError(f"{model.source}: film '{twice[0]}' of {known.what} is named twice. Keep one row a film.")
    predictions = Predictions(
        ids=tuple(ids),
        patients=tuple(known.patients[film] for film in ids),
        readings={reader: tuple(known.readings[film].get(reader, nan) for film in ids) for reader in known.readers},
        predicted=model.predictions.predicted,
        uncertainty=model.predictions.uncertainty,
    )
    left = len(known.readings) - len(ids)
    said = f"Readings and patients: those of {known.what}."
    rest = f" It has {left:,} more films; these have no row here and do not count." if left else ""
    return replace(
        model,
        predictions=predictions,
        patients_known=known.patients_known,
        guesses=(*(guess for guess in model.guesses if not guess.startswith("Patient:")), said + rest),
    )


def listed(names: Sequence[str], shown: int = SHOWN) -> str:
    """Names in quotes; where there are many, the first ones and how many more.

    Examples
    --------
    >>> listed(["a", "b", "c", "d"], 2)
    "'a', 'b' and 2 more"
    """
    rest = len(names) - shown
    return ", ".join(f"'{name}'" for name in names[:shown]) + (f" and {rest} more" if rest > 0 else "")


def _by_name(known: Mapping[str, object]) -> dict[str, str]:
    """The films by their ids, and by their names without folder where these are clear."""
    short: dict[str, list[str]] = {}
    for film in known:
        short.setdefault(PurePosixPath(film).name, []).append(film)
    return {name: films[0] for name, films in short.items() if len(films) == 1} | {film: film for film in known}


def _rows(model: ModelPredictions, films: Sequence[str]) -> str:
    """Where the first of the films stands."""
    if not model.rows:
        return ""
    return f", row {model.rows[model.predictions.ids.index(films[0])]}, column '{model.film_column}'"
