"""Sums of part scores: of all parts or of none. A missing part is never read as 0, which would mean healthy."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ra_bench.cohorts.sheets import TABLE_SUFFIXES, read_header
from ra_bench.cohorts.table import is_blank, number_in
from ra_bench.errors import TableError
from ra_bench.values import Scale

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

#: The highest grade of one part.
EROSION, NARROWING = 5, 4

#: Erosions 0-80 (16 parts) and joint space narrowing 0-60 (15 parts) of one hand.
SVH_HAND = Scale(name="SvH, one hand", minimum=0.0, maximum=140.0, unit="SvH units")


def told_incomplete(incomplete: Mapping[str, str], total: int) -> tuple[str, ...]:
    """A sentence for the board on films that lack a part, given with the first part that each lacks; or none."""
    if not incomplete:
        return ()
    film, part = next(iter(incomplete.items()))
    count = f"{len(incomplete)} of {total} films lack a part of the score and have no reading"
    return (f"{count}, such as '{film}' ({part}): a missing part is not 0.",)


def sum_of_parts(scores: Mapping[str, float | None]) -> float | str:
    """The sum of the parts, or the name of the first that is missing.

    Examples
    --------
    >>> sum_of_parts({"ulna": 2.0, "radius": 1.0}), sum_of_parts({"ulna": 2.0, "radius": None})
    (3.0, 'radius')
    """
    for part, score in scores.items():
        if score is None:
            return part
    return math.fsum(score for score in scores.values() if score is not None)


def part_score(value: object, highest: int, where: str) -> float | None:
    """The score of one part, None where nobody gave one; `where` is the file, the row and the column of the value.

    Raises
    ------
    TableError
        The value is no number, or not between 0 and the highest grade.
    """
    if value is None or (isinstance(value, str) and is_blank(value)):
        return None
    score: float | None = None
    if isinstance(value, str):
        score = number_in(value)
    elif isinstance(value, float):
        score = value
    elif isinstance(value, int) and not isinstance(value, bool):
        score = float(max(-1, min(value, highest + 1)))  # JSON has integers that no float can hold
    if score is None:
        raise TableError(f"{where}: found '{value}', which is no number. Correct it, or leave it empty if not scored.")
    if math.isnan(score):
        return None
    if not 0 <= score <= highest:
        raise TableError(f"{where}: found '{value}', outside 0 to {highest}, the grades of one part. Correct it.")
    return score


def tables_with(folder: Path, columns: Iterable[str], name: str = "") -> list[Path]:
    """Tables of a folder and of the folders in it that have all these columns, and `name` in their own name."""
    files = sorted(
        file
        for pattern in ("*", "*/*")
        for file in folder.glob(pattern)
        if file.suffix.lower() in TABLE_SUFFIXES and name in file.stem.casefold() and file.is_file()
        if not file.name.startswith(("~$", "."))  # what a program keeps open
    )
    wanted = set(columns)
    return [file for file in files if wanted <= _columns(file)]


def _columns(file: Path) -> set[str]:
    """The columns of a table; none of one that cannot be read, which is told when it is asked for by name."""
    try:
        return set(read_header(file))
    except TableError:
        return set()
