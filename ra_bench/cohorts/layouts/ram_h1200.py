"""RAM-H1200: one hand a film, scored in two JSON files a split.

`<split>/_annotation_be_scores.json` and `<split>/_annotation_jsn_scores.json`, in one folder or in two that lie apart,
each `{"<hand image>": {"BE_R": 0, ...}}`. The cohort's "table" is the folder above them. What the images are called is
not fixed by the layout, so neither patient nor hand is read from their names.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ra_bench.cohorts.layouts.json_file import as_scores, read_json
from ra_bench.cohorts.layouts.layout import Found, Layout
from ra_bench.cohorts.layouts.parts import EROSION, NARROWING, SVH_HAND, part_score, sum_of_parts, told_incomplete
from ra_bench.cohorts.matching import film_stem
from ra_bench.cohorts.table import Entry
from ra_bench.errors import TableError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

EROSIONS_FILE, NARROWINGS_FILE = "_annotation_be_scores.json", "_annotation_jsn_scores.json"

_MCP = tuple(f"MCP-{finger}" for finger in "TIMRS")  # thumb, index, middle, ring, small
_PIP = tuple(f"PIP-{finger}" for finger in "IMRS")
EROSIONS = tuple(f"BE_{part}" for part in ("R", "U", "IP", "L", *_MCP, "CMC-T", *_PIP, "S", "Tm"))
NARROWINGS = tuple(f"JSN_{part}" for part in (*_MCP, *_PIP, "CMC-M", "CMC-R", "CMC-S", "SC", "SR", "STT"))

SIDES = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
}


def _settles(compose: bool) -> Mapping[str, Any]:  # noqa: ARG001, FBT001  one hand a film; called through `Layout`
    words = {side: [word for word, meant in SIDES.items() if meant == side] for side in ("train", "validation", "test")}
    return {"image": "hand image", "score": "score", "scale": asdict(SVH_HAND), "split": {"column": "folder", **words}}


def _read(folder: Path, compose: bool) -> Found:  # noqa: ARG001, FBT001  one hand a film; called through `Layout`
    erosions, narrowings = _by_split(folder, EROSIONS_FILE), _by_split(folder, NARROWINGS_FILE)
    for split in sorted(erosions.keys() ^ narrowings.keys()):
        there, absent = (EROSIONS_FILE, NARROWINGS_FILE) if split in erosions else (NARROWINGS_FILE, EROSIONS_FILE)
        raise TableError(f"{folder}: split '{split}' has {there} and no {absent}, so no hand of it has a whole score.")
    if not erosions:
        raise TableError(
            f"{folder}: no {EROSIONS_FILE} in a folder below. 'table' must be the folder above RAM-H1200's splits."
        )
    entries: dict[str, Entry] = {}
    incomplete: dict[str, str] = {}
    for split in sorted(erosions):
        for entry in _entries(split, erosions[split], narrowings[split], incomplete):
            if entry.film in entries:
                raise TableError(
                    f"{folder}: hand image '{entry.film}' stands twice, in split '{split}' and in "
                    f"{entries[entry.film].place}. Keep one."
                )
            entries[entry.film] = entry
    return Found(entries=tuple(entries.values()), remarks=told_incomplete(incomplete, len(entries)))


def _by_split(folder: Path, name: str) -> dict[str, Path]:
    """The file of each split, by the name of the folder that it is in."""
    found: dict[str, Path] = {}
    for file in sorted(folder.rglob(name)):
        split = file.parent.name.casefold()
        if split not in SIDES:
            raise TableError(f"{file}: its folder is '{file.parent.name}', and must be one of {', '.join(SIDES)}.")
        if split in found:
            raise TableError(f"{folder}: split '{split}' has two files: {found[split]} and {file}. Keep one.")
        found[split] = file
    return found


def _entries(split: str, erosions: Path, narrowings: Path, incomplete: dict[str, str]) -> list[Entry]:
    of_erosion, of_narrowing = _hands(erosions, EROSIONS, EROSION), _hands(narrowings, NARROWINGS, NARROWING)
    made = []
    for number, film in enumerate(dict.fromkeys((*of_erosion, *of_narrowing)), start=1):
        scores = {
            **of_erosion.get(film, dict.fromkeys(EROSIONS)),
            **of_narrowing.get(film, dict.fromkeys(NARROWINGS)),
        }
        total = sum_of_parts(scores)
        if isinstance(total, str):
            incomplete[film] = total
        made.append(
            Entry(
                row=number,
                film=film,
                patient=None,
                visit="",
                side=SIDES[split],
                readings={} if isinstance(total, str) else {"score": total},
                place=f"split '{split}', image {number}",
            )
        )
    return made


def _hands(file: Path, parts: tuple[str, ...], highest: int) -> dict[str, dict[str, float | None]]:
    """The parts of each hand. A part that the layout does not have is an error: it may be one that is misspelt."""
    hands: dict[str, dict[str, float | None]] = {}
    for image, value in as_scores(read_json(file), str(file)).items():
        scores = as_scores(value, f"{file}, '{image}'")
        for part in scores:
            if part not in parts:
                raise TableError(f"{file}, '{image}': unknown part '{part}'. Known: {', '.join(parts)}.")
        film = film_stem(image.strip())
        if film in hands:
            raise TableError(f"{file}: hand image '{film}' stands twice, with two endings. Keep one.")
        hands[film] = {part: part_score(scores.get(part), highest, f"{file}, '{image}', '{part}'") for part in parts}
    return hands


RAM_H1200 = Layout(
    name="ram-h1200",
    settles=_settles,
    facts={
        "citation": "RAM-H1200: hand radiographs with erosion and joint space narrowing scores",
        "licence": "CC BY 4.0",
    },
    composes=False,
    tables=lambda folder: [folder] if any(folder.rglob(EROSIONS_FILE)) else [],
    read=_read,
)
