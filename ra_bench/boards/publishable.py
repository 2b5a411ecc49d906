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
    given = [
        in_order(table) for record in records for table in (record.predictions, record.validation) if table is not None
    ]
    # Over all tables at once: those of folds have different films, and a patient must have one number in all. Most are
    # of the same films, which are looked at once.
    named = dict.fromkeys((table.ids, table.patients) for table in given)
    films = {film: film for ids, _ in named for film in ids}
    if not keep_ids and any(_tells_patients(ids, owners) for ids, owners in named):
        films = _numbered(sorted(films), "f")
    pairs = sorted(pair for ids, owners in named for pair in zip(map(films.get, ids), owners, strict=True))
    patients = _numbered(dict(pairs).values(), "p")
    renamed = {
        (ids, owners): (tuple(films[film] for film in ids), tuple(patients[owner] for owner in owners))
        for ids, owners in named
    }

    def anew(table: Predictions) -> Predictions:
        table = in_order(table)
        ids, owners = renamed[table.ids, table.patients]
        return replace(table, ids=ids, patients=owners, pixels=())

    return [
        replace(
            record,
            predictions=anew(record.predictions),
            validation=None if record.validation is None else anew(record.validation),
        )
        for record in records
    ]


def _tells_patients(ids: Sequence[str], patients: Sequence[str]) -> bool:
    return any(patient.casefold() in film.casefold() for film, patient in zip(ids, patients, strict=True))


def _numbered(names: Iterable[str], letter: str) -> dict[str, str]:
    """Numbers for names, in the order in which they first appear: p0001, p0002, ..."""
    found = list(dict.fromkeys(names))
    width = max(4, len(str(len(found))))
    return {name: f"{letter}{number:0{width}d}" for number, name in enumerate(found, start=1)}
