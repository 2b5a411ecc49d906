"""The table of a cohort: read as text, then cell by cell, so that every complaint names file, row, column and value.

Rows are counted as a spreadsheet shows them: the header is row 1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING

from ra_bench.cohorts.matching import film_stem
from ra_bench.cohorts.sheets import read_cells
from ra_bench.errors import TableError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ra_bench.cohorts.description import Description, SplitColumn

#: What people write where there is nothing.
BLANK = frozenset({"", "nan", "na", "n/a", "#n/a", "none", "null", "-", "."})

#: Columns with facts of a film that no model sees; `ra-bench cohort check` asks what they alone tell of the score.
FACTS = ("site", "year", "sex", "age", "marker")

_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row: its number in a spreadsheet, and its cells by column, stripped."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table as text. Blank rows are left out, but counted in the numbers of the others."""

    file: Path
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a row says of one film. `patient` is None without a column, `side` None where the split has no word.

    `film` names it; where it is composed of two, `hands` names the films of the left and the right hand. `place` is
    where it stands in a file without rows. `facts` are its site, year, sex, age and marker, as far as they are known.
    """

    row: int
    film: str
    patient: str | None
    visit: str
    side: str | None
    readings: Mapping[str, float]
    hands: tuple[str, str] | None = None
    place: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)


def read_table(file: Path) -> Table:
    """Read a csv or tsv, UTF-8 with or without BOM, comma, semicolon, tab or bar between cells; or a workbook.

    Spaces around headers and cells go, and so do columns without a name.

    Raises
    ------
    TableError
        The file is missing, of another kind, not UTF-8, empty, has a header twice or a row that is too long.
    """
    lines = read_cells(file)
    header = lines[0] if lines else []
    columns = [(place, name) for place, name in enumerate(header) if name and not name.startswith("Unnamed:")]
    names = [name for _, name in columns]
    for name in names:
        if names.count(name) > 1:
            raise TableError(f"{file}, row 1: two columns are called '{name}'. Rename one.")
    rows = []
    for number, cells in enumerate(lines[1:], start=2):
        if not any(cells):
            continue
        if any(cells[len(header) :]):
            raise TableError(
                f"{file}, row {number}: {len(cells)} cells under {len(header)} headers. "
                "If numbers have decimal commas, put ';' between cells or quotes around numbers."
            )
        rows.append(Row(number=number, cells={name: cells[i] if i < len(cells) else "" for i, name in columns}))
    if not names:
        raise TableError(f"{file}: the table is empty. The first row must name the columns.")
    if not rows:
        raise TableError(f"{file}: the table has a header and no rows. One row a film is needed.")
    return Table(file=file, columns=tuple(names), rows=tuple(rows))


def place_of(entry: Entry) -> str:
    """Where an entry stands in its file, for an error: "row 3"."""
    return entry.place or f"row {entry.row}"


def number_in(cell: str) -> float | None:
    """The number that a cell holds, None if it holds something else. A decimal comma is a decimal point.

    Examples
    --------
    >>> number_in("12,5"), number_in("1e1"), number_in("about 12"), number_in("inf")
    (12.5, 10.0, None, None)
    """
    return float(cell.replace(",", ".")) if _NUMBER.fullmatch(cell) else None


def is_blank(cell: str) -> bool:
    """Whether a cell says nothing: empty, or one of the words for it.

    Examples
    --------
    >>> is_blank(" NaN "), is_blank("0")
    (True, False)
    """
    return cell.strip().casefold() in BLANK


def filled(table: Table, row: Row, column: str) -> str:
    """A cell in which a name must stand.

    Raises
    ------
    TableError
        It says nothing.
    """
    cell = row.cells[column]
    if is_blank(cell):
        raise TableError(f"{table.file}, row {row.number}, column '{column}': found '{cell}', where a name must stand.")
    return cell


def read_entries(table: Table, description: Description) -> tuple[Entry, ...]:
    """What each row says of its film; rows without any reading have empty `readings`.

    Raises
    ------
    TableError
        A column is missing, a cell that must be filled is not, a reading is no number or outside the scale, a word of
        the split is unknown, or two rows name one film.
    """
    _check_columns(table, description)
    entries = [_entry(table, row, description) for row in table.rows]
    seen: dict[str, int] = {}
    for entry in entries:
        film = film_stem(entry.film)
        if film in seen:
            raise TableError(
                f"{table.file}, row {entry.row}, column '{description.image}': film '{entry.film}' stands in row "
                f"{seen[film]} too. Keep one row a film."
            )
        seen[film] = entry.row
    return tuple(entries)


# --- reading a row --------------------------------------------------------------------------------------------------


def _check_columns(table: Table, description: Description) -> None:
    films = [name for name in (description.image, description.left, description.right) if name is not None]
    named = [*(column for film in films for column in image_columns(film)), *description.readers]
    others = (description.score, description.patient, description.visit, *_facts(description).values())
    named += [name for name in others if name is not None]
    if description.split is not None:
        named.append(description.split.column)
    for name in named:
        if name not in table.columns:
            nearest = get_close_matches(name, table.columns, n=1, cutoff=0.5)
            guess = f" Did you mean '{nearest[0]}'?" if nearest else ""
            raise TableError(f"{table.file}: no column '{name}'.{guess} Found: {', '.join(table.columns)}.")


def image_columns(image: str) -> list[str]:
    """The columns that name the film.

    Examples
    --------
    >>> image_columns("id"), image_columns("{patient}_{visit}.png")
    (['id'], ['patient', 'visit'])
    """
    return re.findall(r"{([^{}]*)}", image) or [image]


def _entry(table: Table, row: Row, description: Description) -> Entry:
    cells = row.cells
    hands = None
    if description.left is not None and description.right is not None:
        hands = (_film_name(table, row, description.left), _film_name(table, row, description.right))
    columns = description.readers or ((description.score,) if description.score is not None else ())
    readings = {column: _reading(table, row, column, description) for column in columns}
    return Entry(
        row=row.number,
        film=_film_name(table, row, description.image),
        hands=hands,
        patient=None if description.patient is None else filled(table, row, description.patient),
        visit="" if description.visit is None else cells[description.visit],
        side=None if description.split is None else _side(table, row, description.split),
        readings={column: value for column, value in readings.items() if value is not None},
        facts={fact: cells[column] for fact, column in _facts(description).items() if not is_blank(cells[column])},
    )


def _facts(description: Description) -> dict[str, str]:
    """The column of each fact that the description names."""
    named = {fact: getattr(description, fact) for fact in FACTS}
    return {fact: column for fact, column in named.items() if column is not None}


def _film_name(table: Table, row: Row, image: str) -> str:
    """What a column, or a pattern of columns, calls a film."""
    film = image
    for column in image_columns(image):
        value = filled(table, row, column)
        film = film.replace(f"{{{column}}}", value) if "{" in image else value
    return film


def _reading(table: Table, row: Row, column: str, description: Description) -> float | None:
    cell = row.cells[column]
    if is_blank(cell):
        return None
    value = number_in(cell)
    where = f"{table.file}, row {row.number}, column '{column}': found '{cell}'"
    if value is None:
        raise TableError(f"{where}, which is no number. Correct it, or leave the cell empty if nobody scored the film.")
    scale = description.scale
    if not scale.minimum <= value <= scale.maximum:
        raise TableError(
            f"{where}, outside the scale '{scale.name}', {scale.minimum:g} to {scale.maximum:g} {scale.unit}. "
            "Correct the cell, or [scale] in cohort.toml."
        )
    return value


def _side(table: Table, row: Row, split: SplitColumn) -> str | None:
    cell = row.cells[split.column]
    if is_blank(cell):
        return None
    words = {word.casefold(): side for side in ("train", "validation", "test") for word in getattr(split, side)}
    if cell.casefold() not in words:
        raise TableError(
            f"{table.file}, row {row.number}, column '{split.column}': found '{cell}', which [split] in cohort.toml "
            f"does not name. Named: {', '.join(words)}."
        )
    return words[cell.casefold()]
