"""Records as they may be published: without anything that names a patient."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ra_bench.boards.held_out import in_order
from ra_bench.runs.records import without_patients

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ra_bench.values import Predictions, RunRecord


def publishable(records: Sequence[RunRecord], *, keep_ids: bool) -> list[RunRecord]:
    """Records that name no patient: patients are numbered, and films too where an id holds its patient's.

    Parameters
    ----------
    records : sequence of RunRecord
        Of one board.
    keep_ids : bool
        True where the cohort is simulated and there is nobody to protect.
    """
    # Sorted first, so that every record numbers its films and patients alike.
    predictions = [in_order(record.predictions) for record in records]
    if not keep_ids and any(map(_tells_patients, predictions)):
        predictions = [_without_ids(given) for given in predictions]
    return [
        without_patients(replace(record, predictions=given)) for record, given in zip(records, predictions, strict=True)
    ]


def _tells_patients(given: Predictions) -> bool:
    pairs = zip(given.ids, given.patients, strict=True)
    return any(patient.casefold() in sample.casefold() for sample, patient in pairs)


def _without_ids(given: Predictions) -> Predictions:
    width = max(4, len(str(len(given.ids))))
    return replace(given, ids=tuple(f"f{number:0{width}d}" for number in range(1, len(given.ids) + 1)))
