"""RAM-W600: wrists, `<patient>_<visit>_<L|R>.bmp`, 600 x 600, with six erosion sites and no joint space narrowing.

`JointBE_SvdH_GT.json` is a list of `{"identifier": "0172_0003_L", "joints": {"Scaphoid": 0, ...}}`.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from ra_bench.cohorts.layouts.json_file import as_scores, read_json
from ra_bench.cohorts.layouts.layout import Found, Layout
from ra_bench.cohorts.layouts.parts import EROSION, part_score, sum_of_parts, told_incomplete
from ra_bench.cohorts.matching import film_stem
from ra_bench.cohorts.table import Entry
from ra_bench.errors import TableError
from ra_bench.values import Scale

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SITES = 6
FILE = "JointBE_SvdH_GT.json"
PARTIAL = "A partial SvH score: six erosion sites of the wrist, no joint space narrowing, no fingers."

_IDENTIFIER = re.compile(r"(?P<patient>[^_]+)_(?P<visit>[^_]+)_(?P<hand>[LR])", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wrist:
    """One film: who, when, which hand, and the sum of its sites or the first one missing."""

    number: int
    identifier: str
    patient: str
    visit: str
    hand: str
    total: float | str


def _settles(compose: bool) -> Mapping[str, Any]:  # noqa: FBT001  called by position through `Layout`
    wrists = "two wrists" if compose else "one wrist"
    scale = Scale(
        name=f"SvH erosion, 6 sites of {wrists}",
        minimum=0.0,
        maximum=float(SITES * EROSION * (2 if compose else 1)),
        unit="SvH units",
    )
    return {"image": "identifier", "patient": "patient", "visit": "visit", "score": "score", "scale": asdict(scale)}


def _read(file: Path, compose: bool) -> Found:  # noqa: FBT001  called by position through `Layout`
    wrists = _wrists(file)
    incomplete: dict[str, str] = {}
    if compose:
        entries, alone = _pairs(wrists, incomplete)
    else:
        entries, alone = [_entry(wrist, wrist.identifier, wrist.total, incomplete) for wrist in wrists], []
    remarks = [PARTIAL, *told_incomplete(incomplete, len(entries))]
    if alone:
        remarks.append(f"{len(alone)} wrists have no film of the other hand and are left out, such as '{alone[0]}'.")
    return Found(entries=tuple(entries), remarks=tuple(remarks))


def _wrists(file: Path) -> list[_Wrist]:
    content = read_json(file)
    if not isinstance(content, list) or not content:
        raise TableError(f"{file}: a list with an entry a wrist must stand here, as in RAM-W600's {FILE}.")
    scores: dict[str, dict[str, Any]] = {}
    for number, entry in enumerate(content, start=1):
        where = f"{file}, entry {number}"
        if not isinstance(entry, dict) or not isinstance(entry.get("identifier"), str) or "joints" not in entry:
            raise TableError(f"{where}: found {entry!r}, where 'identifier' and 'joints' must stand.")
        identifier = film_stem(entry["identifier"].strip())
        if identifier.casefold() in {known.casefold() for known in scores}:
            raise TableError(f"{where}: '{identifier}' stands in an earlier entry too. Keep one.")
        scores[identifier] = as_scores(entry["joints"], f"{where}, 'joints'")
    sites = list(dict.fromkeys(site for joints in scores.values() for site in joints))
    if len(sites) != SITES:
        raise TableError(
            f"{file}: {len(sites)} sites are named ({', '.join(sites) or 'none'}), and RAM-W600 has {SITES}. "
            "One may be misspelt somewhere."
        )
    return [
        _wrist(file, number, identifier, {site: joints.get(site) for site in sites})
        for number, (identifier, joints) in enumerate(scores.items(), start=1)
    ]


def _wrist(file: Path, number: int, identifier: str, joints: Mapping[str, object]) -> _Wrist:
    match = _IDENTIFIER.fullmatch(identifier)
    if match is None:
        raise TableError(
            f"{file}, entry {number}: found the identifier '{identifier}', where patient, visit and hand must stand, "
            "such as '0172_0003_L'."
        )
    where = f"{file}, entry {number} ('{identifier}')"
    total = sum_of_parts({site: part_score(joints[site], EROSION, f"{where}, '{site}'") for site in joints})
    return _Wrist(
        number=number,
        identifier=identifier,
        patient=match["patient"],
        visit=match["visit"],
        hand=match["hand"].upper(),
        total=total,
    )


def _pairs(wrists: list[_Wrist], incomplete: dict[str, str]) -> tuple[list[Entry], list[str]]:
    """Two wrists of one patient at one visit as one film; and the wrists that stand alone."""
    visits: dict[tuple[str, str], dict[str, _Wrist]] = {}
    for wrist in wrists:
        visits.setdefault((wrist.patient, wrist.visit), {})[wrist.hand] = wrist
    entries, alone = [], []
    for (patient, visit), hands in visits.items():
        if len(hands) < 2:
            alone += [wrist.identifier for wrist in hands.values()]
            continue
        left, right = hands["L"], hands["R"]
        missing = next((wrist.total for wrist in (left, right) if isinstance(wrist.total, str)), None)
        total = missing if missing is not None else float(left.total) + float(right.total)
        pair = (left.identifier, right.identifier)
        entries.append(_entry(left, f"{patient}_{visit}", total, incomplete, pair))
    return entries, alone


def _entry(
    wrist: _Wrist, film: str, total: float | str, incomplete: dict[str, str], hands: tuple[str, str] | None = None
) -> Entry:
    if isinstance(total, str):
        incomplete[film] = total
    return Entry(
        row=wrist.number,
        film=film,
        patient=wrist.patient,
        visit=wrist.visit,
        side=None,
        readings={} if isinstance(total, str) else {"score": total},
        hands=hands,
        place=f"entry {wrist.number}",
    )


RAM_W600 = Layout(
    name="ram-w600",
    settles=_settles,
    facts={
        "citation": "Yang S et al. RAM-W600: a multi-task wrist dataset and benchmark for rheumatoid arthritis. "
        "arXiv 2507.05193, 2025",
    },
    composes=True,
    tables=lambda folder: sorted(folder.rglob(FILE)),
    read=_read,
)
