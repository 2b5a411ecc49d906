"""What a heading says: the words by which columns are guessed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ra_bench.cohorts.propose import READER, numbered_alike
from ra_bench.cohorts.table import is_blank, number_in

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from ra_bench.cohorts.table import Table

#: How ra-bench's own predictions.csv heads the column of a reader.
READING = "reading:"

#: A column of all readers together is no reader.
TOGETHER = re.compile(r"\b(mean|average|avg|consensus|median|number|count|diff\w*)\b")

#: What stands beside a reader's score and is none.
_BESIDE = re.compile(r"\b(comment|note|remark|date|time|name|id|quality|confidence)s?\b")

_FILM = re.compile(
    r"(film|image|img|sample|file|picture|radiograph|x ?ray|scan|study|exam|accession)s?"
    r"( ?(id|no|nr|number|name|key|code))?|id|ids|filename|path",
)


def plain_heading(name: str) -> str:
    """A heading without case and signs.

    Examples
    --------
    >>> plain_heading("  Predicted_Score (SvH)")
    'predicted score svh'
    """
    return " ".join(re.findall(r"\w+", name.replace("_", " ").casefold()))


def names_films(column: str) -> bool:
    """Whether a heading says that the column names films.

    Examples
    --------
    >>> names_films("Film Nr"), names_films("image_id"), names_films("reader")
    (True, True, False)
    """
    return _FILM.fullmatch(plain_heading(column)) is not None


def reader_columns(table: Table, taken: Collection[str | None]) -> tuple[str, ...]:
    """The columns that seem to be readers: by the word, or alike but for a last figure or letter."""
    free = [name for name in table.columns if name not in taken]
    if own := [name for name in free if name.startswith(READING)]:
        return tuple(own)
    single = [name for name in free if not TOGETHER.search(plain_heading(name))]
    by_word = [name for name in single if READER.search(name) and not _BESIDE.search(plain_heading(name))]
    return tuple(by_word or numbered_alike([name for name in single if mostly_numbers(table, name)]))


def mostly_numbers(table: Table, column: str) -> bool:
    """Whether most cells that are not blank hold numbers: one that does not is then an error, not another kind."""
    cells = [row.cells[column] for row in table.rows if not is_blank(row.cells[column])]
    return 2 * sum(number_in(cell) is not None for cell in cells) > len(cells)


def reader_name(column: str) -> str:
    """A reader's name from the heading of the column.

    Examples
    --------
    >>> reader_name("reading:reader 1"), reader_name("Reader B")
    ('reader 1', 'Reader B')
    """
    return column.removeprefix(READING)


def quoted(names: Iterable[str]) -> str:
    """Names in quotes with commas between.

    Examples
    --------
    >>> quoted(["A", "B"])
    "'A', 'B'"
    """
    return ", ".join(f"'{name}'" for name in names)
