"""RA2-DREAM: one row a patient with 86 part scores, four films a patient (`UAB001-LH.jpg`, -RH, -LF, -RF).

The hands' score is the sum of the `LH_` and `RH_` columns. `Overall_Tol` and its like count the feet too (0-448), so
they are never read.
"""

from __future__ import annotations

from dataclasses import asdict
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from ra_bench.cohorts.layouts.layout import Found, Layout
from ra_bench.cohorts.layouts.parts import (
    EROSION,
    NARROWING,
    SVH_HAND,
    part_score,
    sum_of_parts,
    tables_with,
    told_incomplete,
)
from ra_bench.cohorts.table import Entry, is_blank, read_table
from ra_bench.errors import TableError
from ra_bench.values import SVH_HANDS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ra_bench.cohorts.table import Row, Table

PATIENT = "Patient_ID"

_EROSIONS = (
    "mcp_E__ip",
    *(f"pip_E__{finger}" for finger in range(2, 6)),
    *(f"mcp_E__{finger}" for finger in range(1, 6)),
    *(f"wrist_E__{bone}" for bone in ("mc1", "mul", "nav", "lunate", "radius", "ulna")),
)
_NARROWINGS = (
    *(f"pip_J__{finger}" for finger in range(2, 6)),
    *(f"mcp_J__{finger}" for finger in range(1, 6)),
    *(f"wrist_J__{joint}" for joint in ("cmc3", "cmc4", "cmc5", "mna", "capnlun", "radcar")),
)

#: The columns of a hand without `LH_` or `RH_`, each with its highest grade: 16 of 5 and 15 of 4, together 140.
HAND_PARTS = {**dict.fromkeys(_EROSIONS, EROSION), **dict.fromkeys(_NARROWINGS, NARROWING)}


def _settles(compose: bool) -> Mapping[str, Any]:  # noqa: FBT001  called by position through `Layout`
    scale = SVH_HANDS if compose else SVH_HAND
    return {"image": PATIENT, "patient": PATIENT, "score": "score", "scale": asdict(scale)}


def _read(file: Path, compose: bool) -> Found:  # noqa: FBT001  called by position through `Layout`
    table = read_table(file)
    _check_columns(table)
    entries: list[Entry] = []
    incomplete: dict[str, str] = {}
    seen: dict[str, int] = {}
    for row in table.rows:
        patient = row.cells[PATIENT]
        if is_blank(patient):
            raise TableError(
                f"{file}, row {row.number}, column '{PATIENT}': found '{patient}', where an id must stand."
            )
        if patient in seen:
            raise TableError(
                f"{file}, row {row.number}, column '{PATIENT}': '{patient}' stands in row {seen[patient]} too. "
                "Keep one row a patient."
            )
        seen[patient] = row.number
        entries += _entries(table, row, patient, incomplete, compose=compose)
    return Found(entries=tuple(entries), remarks=told_incomplete(incomplete, len(entries)))


def _entries(table: Table, row: Row, patient: str, incomplete: dict[str, str], *, compose: bool) -> list[Entry]:
    """One film with both hands, or one a hand."""
    left, right = f"{patient}-LH", f"{patient}-RH"
    films: dict[str, tuple[str, ...]] = {patient: ("LH", "RH")} if compose else {left: ("LH",), right: ("RH",)}
    made = []
    for film, hands in films.items():
        total = sum_of_parts(
            {
                f"{hand}_{part}": part_score(
                    row.cells[f"{hand}_{part}"], highest, f"{table.file}, row {row.number}, column '{hand}_{part}'"
                )
                for hand in hands
                for part, highest in HAND_PARTS.items()
            }
        )
        if isinstance(total, str):
            incomplete[film] = total
        made.append(
            Entry(
                row=row.number,
                film=film,
                patient=patient,
                visit="",
                side=None,
                readings={} if isinstance(total, str) else {"score": total},
                hands=(left, right) if compose else None,
            )
        )
    return made


def _check_columns(table: Table) -> None:
    for name in (PATIENT, *(f"{hand}_{part}" for hand in ("LH", "RH") for part in HAND_PARTS)):
        if name not in table.columns:
            nearest = get_close_matches(name, table.columns, n=1)
            guess = f" Did you rename it to '{nearest[0]}'?" if nearest else ""
            raise TableError(
                f"{table.file}: no column '{name}', so no hand's score is whole.{guess} RA2-DREAM's training.csv has "
                f"31 columns a hand and '{PATIENT}'; found {len(table.columns)} columns."
            )


RA2_DREAM = Layout(
    name="ra2-dream",
    settles=_settles,
    facts={"citation": "RA2-DREAM Challenge, Synapse syn20545111", "licence": "as agreed with the RA2-DREAM Challenge"},
    composes=True,
    composed_at_first=True,
    tables=lambda folder: tables_with(folder, (PATIENT, "LH_mcp_E__ip", "RH_wrist_J__radcar")),
    read=_read,
)
