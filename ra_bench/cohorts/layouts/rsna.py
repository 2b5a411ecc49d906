"""RSNA bone age: `boneage-training-dataset.csv` with `id,boneage,male`; films `<id>.png`, often in nested folders.

Hands of children, and the age of their bones stands in for a score. No column names the patient.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ra_bench.cohorts.layouts.layout import Found, Layout
from ra_bench.cohorts.layouts.parts import tables_with
from ra_bench.cohorts.matching import film_stem
from ra_bench.cohorts.table import Entry, is_blank, number_in, read_table
from ra_bench.errors import TableError
from ra_bench.values import Scale

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

BONE_AGE = Scale(name="bone age", minimum=0.0, maximum=240.0, unit="months")
COLUMNS = ("id", "boneage", "male")

REMARKS = (
    "Bone age stands in for the score: numbers say nothing about SvH.",
    "RSNA's test labels exist in two versions; the cohort's version tells which readings were used.",
)


def _settles(compose: bool) -> Mapping[str, Any]:  # noqa: ARG001, FBT001  one hand a film; called through `Layout`
    return {"image": "id", "score": "boneage", "scale": asdict(BONE_AGE)}


def _read(file: Path, compose: bool) -> Found:  # noqa: ARG001, FBT001  one hand a film; called through `Layout`
    table = read_table(file)
    for name in COLUMNS:
        if name not in table.columns:
            raise TableError(
                f"{file}: no column '{name}'. RSNA's table has id, boneage, male; found {', '.join(table.columns)}."
            )
    entries: dict[str, Entry] = {}
    for row in table.rows:
        film, cell = row.cells["id"], row.cells["boneage"]
        where = f"{file}, row {row.number}, column"
        if is_blank(film):
            raise TableError(f"{where} 'id': found '{film}', where a film's number must stand.")
        if film_stem(film) in entries:
            raise TableError(
                f"{where} 'id': film '{film}' stands in row {entries[film_stem(film)].row} too. Keep one row a film."
            )
        months = number_in(cell)
        if not is_blank(cell) and (months is None or not 0 <= months <= BONE_AGE.maximum):
            raise TableError(f"{where} 'boneage': found '{cell}', where 0 to 240 months must stand.")
        entries[film_stem(film)] = Entry(
            row=row.number,
            film=film,
            patient=None,
            visit="",
            side=None,
            readings={} if months is None else {"boneage": months},
            facts={} if is_blank(row.cells["male"]) else {"sex": row.cells["male"]},
        )
    return Found(entries=tuple(entries.values()), remarks=REMARKS)


RSNA = Layout(
    name="rsna",
    settles=_settles,
    facts={
        "citation": "Halabi SS et al. The RSNA Pediatric Bone Age Machine Learning Challenge. "
        "Radiology 2019;290:498-503",
        "licence": "RSNA terms of use: research and education",
    },
    composes=False,
    # By name too: three common words as columns would claim tables of other films.
    tables=lambda folder: tables_with(folder, COLUMNS, name="boneage-"),
    read=_read,
)
