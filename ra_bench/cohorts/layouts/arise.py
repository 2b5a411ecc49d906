"""ARISE-2025: one film a patient with both hands, scored by three readers, one row a part and reader.

`scores.csv` has an unnamed index and `patient_id,hand,joint,finger,disease,score,expert_id`. Films are called after the
patient. The wrist has several joints of one name and no finger: they are told apart by their order. A part that nobody
scored in any film is no part of the score; which parts there are is read from the table.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from ra_bench.cohorts.layouts.layout import Found, Layout
from ra_bench.cohorts.layouts.parts import (
    EROSION,
    NARROWING,
    part_score,
    sum_of_parts,
    tables_with,
)
from ra_bench.cohorts.table import Entry, filled, is_blank, read_table
from ra_bench.errors import TableError
from ra_bench.values import SVH_HANDS, Scale

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from ra_bench.cohorts.table import Table

COLUMNS = ("patient_id", "hand", "joint", "finger", "disease", "score", "expert_id")
HIGHEST = {"erosion": EROSION, "jsn": NARROWING}

_SVH_PARTS = {"erosion": 32, "jsn": 30}

Part = tuple[str, str, str, str, int]
"""Hand, joint, finger, disease, and which of the joints that share these, from 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Score:
    row: int
    patient: str
    reader: str
    part: Part
    score: float | None


def _settles(compose: bool) -> Mapping[str, Any]:  # noqa: ARG001, FBT001  both hands on one film; through `Layout`
    return {"image": "patient_id", "patient": "patient_id", "readers": ["expert_id"], "scale": asdict(SVH_HANDS)}


def _read(file: Path, compose: bool) -> Found:  # noqa: ARG001, FBT001  both hands on one film; through `Layout`
    table = read_table(file)
    for name in COLUMNS:
        if name not in table.columns:
            raise TableError(f"{file}: no column '{name}'. ARISE's scores.csv has {', '.join(COLUMNS)}.")
    scores = _scores(table)
    parts = sorted({score.part for score in scores if score.score is not None})
    if not parts:
        raise TableError(f"{file}, column 'score': no row has a score.")
    readers = sorted({score.reader for score in scores})
    given: dict[tuple[str, str], dict[Part, float | None]] = {}
    rows: dict[str, int] = {}
    for score in scores:
        given.setdefault((score.patient, score.reader), {})[score.part] = score.score
        rows.setdefault(score.patient, score.row)
    incomplete: dict[str, str] = {}
    entries = []
    for patient, row in rows.items():
        totals = {
            reader: sum_of_parts({_name(part): given[patient, reader].get(part) for part in parts})
            for reader in readers
            if (patient, reader) in given
        }
        readings = {reader: total for reader, total in totals.items() if isinstance(total, float)}
        missing = {reader: total for reader, total in totals.items() if isinstance(total, str)}
        if missing:
            reader, part = next(iter(missing.items()))
            incomplete[patient] = f"{reader}: {part}"
        entries.append(Entry(row=row, film=patient, patient=patient, visit="", side=None, readings=readings))
    return Found(
        entries=tuple(entries),
        remarks=_remarks(parts, incomplete, len(entries)),
        scale=_scale(parts),
        readers=tuple(readers),
    )


def _scores(table: Table) -> list[_Score]:
    """Every row, each part of a reader once."""
    seen: dict[tuple[str, str, str, str, str, str], list[int]] = {}
    scores = []
    for row in table.rows:
        patient, hand, joint, disease, expert = (
            filled(table, row, name) for name in ("patient_id", "hand", "joint", "disease", "expert_id")
        )
        finger = "" if is_blank(row.cells["finger"]) else row.cells["finger"]
        where = f"{table.file}, row {row.number}, column"
        if disease.casefold() not in HIGHEST:
            raise TableError(f"{where} 'disease': found '{disease}', where JSN or erosion must stand.")
        places = seen.setdefault((patient, expert, hand, joint, finger, disease.casefold()), [])
        if places and finger:
            raise TableError(
                f"{where} 'score': expert {expert} scored {disease} of {hand} {joint} {finger} of patient '{patient}' "
                f"in row {places[0]} too. Keep one."
            )
        places.append(row.number)
        scores.append(
            _Score(
                row=row.number,
                patient=patient,
                reader=f"expert {expert}",
                part=(hand, joint, finger, disease.casefold(), len(places)),
                score=part_score(row.cells["score"], HIGHEST[disease.casefold()], f"{where} 'score'"),
            )
        )
    return scores


def _name(part: Part) -> str:
    hand, joint, finger, disease, which = part
    return " ".join(filter(None, (hand, joint, finger, disease, f"no. {which}" if which > 1 else "")))


def _counts(parts: Iterable[Part]) -> dict[str, int]:
    diseases = [part[3] for part in parts]
    return {disease: diseases.count(disease) for disease in HIGHEST}


def _scale(parts: Iterable[Part]) -> Scale:
    counts = _counts(parts)
    if counts == _SVH_PARTS:
        return SVH_HANDS
    highest = sum(HIGHEST[disease] * count for disease, count in counts.items())
    name = f"sum of {counts['erosion']} erosion and {counts['jsn']} JSN parts"
    return Scale(name=name, minimum=0.0, maximum=float(highest), unit="points")


def _remarks(parts: Iterable[Part], incomplete: dict[str, str], films: int) -> tuple[str, ...]:
    remarks = []
    counts = _counts(parts)
    if counts != _SVH_PARTS:
        remarks.append(
            f"The score sums {counts['erosion']} erosion and {counts['jsn']} JSN parts, all that anybody scored; SvH "
            "of both hands has 32 and 30."
        )
    if incomplete:
        film, why = next(iter(incomplete.items()))
        remarks.append(
            f"{len(incomplete)} of {films} films lack a part by one reader or more, such as '{film}' ({why}); "
            "these readings are left out: a missing part is not 0."
        )
    return tuple(remarks)


ARISE = Layout(
    name="arise",
    settles=_settles,
    facts={"citation": "ARISE-2025: Automated Rheumatoid Inflammatory Scoring and Evaluation"},
    composes=False,
    tables=lambda folder: tables_with(folder, COLUMNS),
    read=_read,
)
