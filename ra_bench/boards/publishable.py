"""Records as they may be published: without anything that names a patient."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ra_bench.boards.held_out import in_order

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ra_bench.values import Predictions, RunRecord


def publishable(records: Sequence[RunRecord], *, keep_ids: bool) -> list[RunRecord]:
    """Records that name no patient: patients are numbered, and films too where an id holds its patient's.

    Digests of pixels are left out: whoever has a film could find its patient's number by it.

    Parameters
    ----------
    records : sequence of RunRecord
        Of one board.
    keep_ids : bool
        True where the cohort is simulated and there is nobody to protect.
    """
    predictions = [in_order(record.predictions) for record in records]
    if not keep_ids and any(map(_tells_patients, predictions)):
        films = _numbered((film for film in sorted({film for given in predictions for film in given.ids})), "f")
        predictions = [replace(given, ids=tuple(films[film] for film in given.ids)) for given in predictions]
    # Over all records at once: those of folds have different films, and a patient must have one number in all.
    owners = dict(sorted({pair for given in predictions for pair in zip(given.ids, given.patients, strict=True)}))
    patients = _numbered(owners.values(), "p")
    return [
        replace(
            record,
            predictions=replace(given, patients=tuple(patients[patient] for patient in given.patients), pixels=()),
        )
        for record, given in zip(records, predictions, strict=True)
    ]


def _tells_patients(given: Predictions) -> bool:
    pairs = zip(given.ids, given.patients, strict=True)
    return any(patient.casefold() in sample.casefold() for sample, patient in pairs)


def _numbered(names: Iterable[str], letter: str) -> dict[str, str]:
    """Numbers for names, in the order in which they first appear: p0001, p0002, ..."""
    found = list(dict.fromkeys(names))
    width = max(4, len(str(len(found))))
    return {name: f"{letter}{number:0{width}d}" for number, name in enumerate(found, start=1)}
