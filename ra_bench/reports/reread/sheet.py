"""The sheet for the re-reader, which tells nothing, and the key beside it, which tells all."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ra_bench.boards.render.escape import is_formula
from ra_bench.errors import RecordError
from ra_bench.files import write_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from ra_bench.reports.reread.suspects import LabelAudit, Suspect

SEED = 0
#: A control is drawn from so many films whose reference is nearest to the suspect's.
NEAREST = 5
FILM = "film"
SUSPECT, CONTROL = "suspect", "control"
_KEY = ("film", "kind", "reference", "models_off", "models_same_side", "models_beyond", "models", "margin")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """Films to read again, in the order in which they are read."""

    films: tuple[str, ...]
    suspects: tuple[Suspect, ...]
    controls: tuple[tuple[str, float], ...]


def make_sheet(found: LabelAudit, films: int) -> Sheet:
    """At most so many suspects, as many controls, in random order.

    A control is a film that is not suspect. It is drawn from those with the nearest reference, so that severity does
    not tell which is which.
    """
    generator = np.random.default_rng(SEED)
    suspects = found.suspects[:films]
    left = sorted(found.others)
    controls = []
    for place in generator.permutation(len(suspects)):
        if not left:
            break
        reference = suspects[place].reference
        left.sort(key=lambda one: (abs(one[1] - reference), one[0]))
        controls.append(left.pop(int(generator.integers(min(NEAREST, len(left))))))
    every = sorted([*(one.film for one in suspects), *(film for film, _ in controls)])
    return Sheet(
        films=tuple(every[place] for place in generator.permutation(len(every))),
        suspects=suspects,
        controls=tuple(controls),
    )


def key_file(sheet: Path) -> Path:
    """Where the key of a sheet is."""
    return sheet.with_name(f"{sheet.stem}-key.csv")


def write_sheet(sheet: Sheet, found: LabelAudit, readers: Sequence[str], file: Path) -> Path:
    """Write the sheet, and its key beside it; give the path of the key.

    Raises
    ------
    RecordError
        One of the two is there already: it may hold scores.
    StorageError
        A file cannot be written.
    """
    key = key_file(file)
    for there in (file, key):
        if there.exists():
            raise RecordError(f"{there} is there already and may hold scores. Name another file with --out.")
    write_text(key, _csv(_KEY, _key_rows(sheet, found)))
    write_text(file, _csv((FILM, *readers), ((film, *("" for _ in readers)) for film in sheet.films)))
    return key


def guarded(text: str) -> str:
    """A cell that no spreadsheet takes for a formula; one that begins as a guarded cell is guarded too.

    Examples
    --------
    >>> guarded("=1+1"), guarded("film 1"), unguarded(guarded("'a")), unguarded("a'")
    ("'=1+1", 'film 1', "'a", "a'")
    """
    return f"'{text}" if is_formula(text) or text.lstrip().startswith("'") else text


def unguarded(text: str) -> str:
    """What `guarded` was given."""
    return text[1:] if text.startswith("'") else text


def _key_rows(sheet: Sheet, found: LabelAudit) -> Iterable[tuple[str, ...]]:
    suspects = {one.film: one for one in sheet.suspects}
    controls = dict(sheet.controls)
    models, margin = str(len(found.models)), f"{found.margin:g}"
    for film in sheet.films:
        if film in suspects:
            one = suspects[film]
            votes = (f"{one.off:.2f}", str(one.same_side), str(one.beyond))
            yield (film, SUSPECT, f"{one.reference:g}", *votes, models, margin)
        else:
            yield (film, CONTROL, f"{controls[film]:g}", "", "", "", models, margin)


def _csv(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([guarded(cell) for cell in head])
    # Numbers of the key are ours: a minus before one is no formula.
    writer.writerows([guarded(row[0]), *row[1:]] for row in rows)
    return text.getvalue()
