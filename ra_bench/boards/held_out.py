"""The films that every row of a board is measured on, checked to be the same for all of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from ra_bench.errors import RecordError
from ra_bench.runs.names import job_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from ra_bench.values import Predictions, RunRecord, Uncertainty

    Floats: TypeAlias = NDArray[np.float64]

_SHARED = {"cohort": "cohort version", "split": "split", "protocol_hash": "protocol"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HeldOut:
    """Test films in the order of their ids, so that the order of a file changes nothing.

    `patients` numbers the patients from 0 as they appear; `readings` and `reference` are (n,), nan where missing;
    `predicted` holds (seeds, n) a model, in the order of `seeds`. `visits` are as in `Predictions`.
    """

    ids: tuple[str, ...]
    patients: NDArray[np.intp]
    readings: Mapping[str, Floats]
    reference: Floats
    predicted: Mapping[str, Floats]
    seeds: Mapping[str, tuple[int, ...]]
    visits: tuple[int, ...] = ()

    @property
    def patient_count(self) -> int:
        """How many patients the films are of."""
        return int(self.patients.max()) + 1

    @property
    def scored(self) -> int:
        """How many films have a reference."""
        return int(np.isfinite(self.reference).sum())


def held_out(records: Sequence[RunRecord]) -> HeldOut:
    """Put the predictions of all records on one set of films.

    Raises
    ------
    RecordError
        No records, two of one model and seed, or records of different cohorts, splits, protocols or films.
    """
    if not records:
        raise RecordError("There is no finished run to measure. Run 'ra-bench run' first.")
    records = sorted(records, key=lambda record: (record.job.model, record.job.seed))
    _check_one_setting(records)
    first = _sorted_by_id(records[0])
    predicted: dict[str, list[Floats]] = {}
    seeds: dict[str, list[int]] = {}
    visits: tuple[int, ...] = ()
    for record in records:
        predictions = _sorted_by_id(record)
        _check_same_films(records[0], first, record, predictions)
        if record.job.seed in seeds.setdefault(record.job.model, []):
            raise RecordError(f"Two records of {job_name(record.job)}. Keep one of them.")
        seeds[record.job.model].append(record.job.seed)
        visits = visits or predictions.visits  # not all know them: some may have been made elsewhere
        predicted.setdefault(record.job.model, []).append(np.asarray(predictions.predicted, dtype=np.float64))
    readings = {reader: np.asarray(first.readings[reader], dtype=np.float64) for reader in sorted(first.readings)}
    return HeldOut(
        ids=first.ids,
        patients=patient_numbers(first.patients),
        readings=readings,
        reference=mean_reading(list(readings.values())),
        predicted={model: np.stack(vectors) for model, vectors in predicted.items()},
        seeds={model: tuple(numbers) for model, numbers in seeds.items()},
        visits=visits,
    )


def in_order(given: Predictions) -> Predictions:
    """The same predictions with the films sorted by id."""
    if list(given.ids) == sorted(given.ids):
        return given
    order = sorted(range(len(given.ids)), key=given.ids.__getitem__)
    return replace(
        given,
        ids=tuple(given.ids[row] for row in order),
        patients=tuple(given.patients[row] for row in order),
        readings={reader: tuple(scores[row] for row in order) for reader, scores in given.readings.items()},
        predicted=tuple(given.predicted[row] for row in order),
        pixels=tuple(given.pixels[row] for row in order) if given.pixels else (),
        uncertainty=None if given.uncertainty is None else of_rows(given.uncertainty, order),
        visits=tuple(given.visits[row] for row in order) if given.visits else (),
    )


def of_rows(given: Uncertainty, rows: Sequence[int]) -> Uncertainty:
    """What is said of some films, by their rows."""
    sd, lower, upper = (
        tuple(column[row] for row in rows) if column else () for column in (given.sd, given.lower, given.upper)
    )
    return replace(given, sd=sd, lower=lower, upper=upper)


def patient_numbers(patients: Sequence[str]) -> NDArray[np.intp]:
    """Number patients from 0 in the order in which they appear."""
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(patient, len(numbers)) for patient in patients], dtype=np.intp)


def mean_reading(readings: Sequence[Floats]) -> Floats:
    """Mean of the readings that are present, film by film; nan where there is none."""
    table = np.stack(readings)
    present = np.isfinite(table)
    with np.errstate(invalid="ignore"):
        mean: Floats = np.where(present, table, 0.0).sum(axis=0) / present.sum(axis=0)
    return mean


def _sorted_by_id(record: RunRecord) -> Predictions:
    if len(set(record.predictions.ids)) < len(record.predictions.ids):
        twice = next(sample for sample, count in Counter(record.predictions.ids).items() if count > 1)
        raise RecordError(f"{job_name(record.job)} has two predictions of film '{twice}'. Run it again.")
    return in_order(record.predictions)


def _check_one_setting(records: Sequence[RunRecord]) -> None:
    first = records[0]
    for record in records[1:]:
        for field, word in _SHARED.items():
            here, there = getattr(first.job, field), getattr(record.job, field)
            if here != there:
                raise RecordError(
                    f"These runs cannot stand on one board: the {word} differs. {job_name(first.job)} has '{here}', "
                    f"{job_name(record.job)} has '{there}'.\nGive each its own board, or run the older one again."
                )


def _check_same_films(first: RunRecord, films: Predictions, record: RunRecord, other: Predictions) -> None:
    if films.ids != other.ids:
        missing = sorted(set(films.ids) ^ set(other.ids))
        raise RecordError(
            f"{job_name(first.job)} and {job_name(record.job)} predicted different films: {len(missing)} are in one "
            f"only, such as '{missing[0]}'.\nRun the incomplete one again."
        )
    same_patients = films.patients == other.patients or np.array_equal(
        patient_numbers(films.patients), patient_numbers(other.patients)
    )
    same_readers = films.readings.keys() == other.readings.keys()
    if not same_patients or not same_readers:
        what = "patients" if not same_patients else "readers"
        raise RecordError(
            f"{job_name(first.job)} and {job_name(record.job)} have different {what} for the same films.\n"
            "One of the files was changed by hand: run that model again."
        )
    for reader, scores in films.readings.items():
        if scores != other.readings[reader] and not np.array_equal(scores, other.readings[reader], equal_nan=True):
            raise RecordError(
                f"{job_name(first.job)} and {job_name(record.job)} have different readings of '{reader}'.\n"
                "One of the files was changed by hand: run that model again."
            )
