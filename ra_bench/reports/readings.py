"""Readings of two readers or more, from a wide table (a column a reader) or a long one (a row a reading)."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ra_bench.cohorts.propose import NO_SCORE, SCORE
from ra_bench.cohorts.table import image_columns, is_blank
from ra_bench.errors import TableError
from ra_bench.reports.columns import Columns, film_and_patient, named
from ra_bench.reports.headers import (
    TOGETHER,
    mostly_numbers,
    names_films,
    plain_heading,
    quoted,
    reader_columns,
    reader_name,
)
from ra_bench.reports.tables import cell_number, film_names, films_of, numbers_of, patients_of, read_scores_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ra_bench.cohorts.table import Table

_READER = re.compile(r"(reader|rater|observer|scorer|expert|radiologist|rheumatologist)( ?(id|no|nr|number|name))?")
_READING = re.compile(r"(reading|score|value|rating|grade)s?")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderTable:
    """What readers said of films; nan where one did not read. Without known patients each film is a patient."""

    name: str
    source: str
    ids: tuple[str, ...]
    patients: tuple[str, ...]
    readings: Mapping[str, tuple[float, ...]]
    patients_known: bool
    guesses: tuple[str, ...] = ()


def read_readings(file: Path, columns: Columns | None = None, *, score: str | None = None) -> ReaderTable:
    """Read a table of readings, wide or long.

    Parameters
    ----------
    file : Path
        A csv, tsv or xlsx.
    columns : Columns, optional
        Columns that the user names: film, patient and readers. Of a long table the one column that names the reader.
    score : str, optional
        The column of the scores of a long table; naming it says that the table is long.

    Returns
    -------
    ReaderTable
        Films in the order in which they appear.

    Raises
    ------
    TableError
        The table cannot be read, a column is missing, a film or a reading stands twice, a cell is no number, there are
        fewer than two readers, or one that shares no film with another.
    """
    table, asked = read_scores_table(file), columns or Columns()
    guesses: list[str] = []
    reader = _reader_column(table, asked, score)
    found = _wide(table, asked, guesses) if reader is None else _long(table, asked, reader, score, guesses)
    _check_readers(table, found.readings)
    return found


def _reader_column(table: Table, asked: Columns, score: str | None) -> str | None:
    """The column that names the reader of a long table; None for a wide one."""
    if score is not None:
        if len(asked.readers) > 1:
            raise TableError("--score says that the table is long: name one --reader, the column with their names.")
        if asked.readers:
            return named(table, asked.readers[0])
    if len(asked.readers) > 1:
        return None
    names = asked.readers or table.columns
    found = [name for name in names if _READER.fullmatch(plain_heading(name)) and name in table.columns]
    if score is not None and not found:
        raise TableError(
            f"{table.file}: no column names the readers. Found: {', '.join(table.columns)}. "
            "Name it with --reader COLUMN."
        )
    if asked.readers or score is not None:
        return found[0] if found else None
    return found[0] if len(found) == 1 and _is_long(table, found[0]) else None


def _is_long(table: Table, reader: str) -> bool:
    """Whether a column headed "reader" names readers, and does not hold the scores of one: words or films repeat."""
    if not _score_columns(table, reader):
        return False
    columns = [reader] if not mostly_numbers(table, reader) else [name for name in table.columns if names_films(name)]
    return any(len({row.cells[column] for row in table.rows}) < len(table.rows) for column in columns)


def _score_columns(table: Table, reader: str) -> list[str]:
    """Columns that may hold the scores of a long table, the likeliest kind only."""
    numeric = [name for name in table.columns if name != reader and mostly_numbers(table, name)]
    for pattern in (_READING.fullmatch, SCORE.search):
        if found := [name for name in numeric if pattern(plain_heading(name))]:
            return found
    return [name for name in numeric if not NO_SCORE.fullmatch(name)]


# --- wide -------------------------------------------------------------------------------------------------------------


def _wide(table: Table, asked: Columns, guesses: list[str]) -> ReaderTable:
    readers = tuple(str(named(table, reader)) for reader in asked.readers)
    own = readers or reader_columns(table, {asked.film, asked.patient})
    named_here = Columns(film=named(table, asked.film), patient=named(table, asked.patient))
    film, patient = film_and_patient(table, named_here, set(own), guesses, needs_film=False)
    if not readers:
        own = own if len(own) > 1 else _other_numbers(table, {film, patient})
        if len(own) > 1:
            guesses.append(f"Readers: columns {quoted(own)}.")
    if film is None:
        guesses.append("Film: no column found, so every row counts as a film.")
    if others := [name for name in table.columns if name not in {*image_columns(film or ""), patient, *own}]:
        guesses.append(f"Not used: {quoted(others)}.")
    ids = tuple(f"row {row.number}" for row in table.rows) if film is None else films_of(table, film)
    return ReaderTable(
        name=table.file.stem,
        source=table.file.name,
        ids=ids,
        patients=ids if patient is None else patients_of(table, patient),
        readings={reader_name(column): numbers_of(table, column) for column in own},
        patients_known=patient is not None,
        guesses=tuple(guesses),
    )


def _other_numbers(table: Table, taken: set[str | None]) -> tuple[str, ...]:
    """All columns of numbers that may be scores, where no heading says reader."""
    free = [name for name in table.columns if name not in taken and mostly_numbers(table, name)]
    return tuple(name for name in free if not NO_SCORE.fullmatch(name) and not TOGETHER.search(plain_heading(name)))


# --- long -------------------------------------------------------------------------------------------------------------


def _long(table: Table, asked: Columns, reader: str, score: str | None, guesses: list[str]) -> ReaderTable:
    scores = [str(named(table, score))] if score is not None else _score_columns(table, reader)
    named_here = Columns(film=named(table, asked.film), patient=named(table, asked.patient))
    if len(scores) > 1:
        raise TableError(
            f"{table.file}: {len(scores)} columns may hold the score: {quoted(scores)}. Choose one with --score COLUMN."
        )
    if not scores:
        raise TableError(f"{table.file}: no column of scores. Found: {', '.join(table.columns)}. Name it with --score.")
    guesses.append(f"Long table: column '{reader}' names the reader, '{scores[0]}' holds the score.")
    film, patient = film_and_patient(table, named_here, {reader, scores[0]}, guesses)
    names = film_names(table, str(film))
    people = names if patient is None else patients_of(table, patient)
    readings = _pivoted(table, names, reader, scores[0])
    ids = tuple(dict.fromkeys(names))
    return ReaderTable(
        name=table.file.stem,
        source=table.file.name,
        ids=ids,
        patients=_one_patient(table, names, people, str(patient)),
        readings={name: tuple(values.get(one, math.nan) for one in ids) for name, values in readings.items()},
        patients_known=patient is not None,
        guesses=tuple(guesses),
    )


def _pivoted(table: Table, films: Sequence[str], reader: str, score: str) -> dict[str, dict[str, float]]:
    """Scores by reader and film."""
    readings: dict[str, dict[str, float]] = {}
    rows: dict[tuple[str, str], int] = {}
    for row, film in zip(table.rows, films, strict=True):
        name = row.cells[reader]
        if is_blank(name):
            raise TableError(
                f"{table.file}, row {row.number}, column '{reader}': found '{name}', where the reader must stand. "
                "Fill it in, or delete the row."
            )
        if (name, film) in rows:
            raise TableError(
                f"{table.file}, row {row.number}, column '{reader}': '{name}' read film '{film}' in row "
                f"{rows[name, film]} too. Keep one reading a reader and film; if it is another visit, say so in the "
                "name of the film: --film '{patient}_{visit}'."
            )
        rows[name, film] = row.number
        readings.setdefault(name, {})[film] = cell_number(table, row.number, score, row.cells[score])
    return readings


def _one_patient(table: Table, films: Sequence[str], people: Sequence[str], column: str) -> tuple[str, ...]:
    """The patient of each film, in the order in which films appear."""
    patients: dict[str, str] = {}
    for row, film, patient in zip(table.rows, films, people, strict=True):
        if patients.setdefault(film, patient) != patient:
            raise TableError(
                f"{table.file}, row {row.number}, column '{column}': found '{patient}' for film '{film}', which is of "
                f"'{patients[film]}' above. Correct the patient, or the name of the film."
            )
    return tuple(patients.values())


def _check_readers(table: Table, readings: Mapping[str, Sequence[float]]) -> None:
    """Refuse fewer than two readers, and one who shares no film with another."""
    if len(readings) < 2:
        found = f"one reader, '{next(iter(readings))}'" if readings else "no column of a reader"
        raise TableError(
            f"{table.file}: found {found}, and agreement takes two. Found: {', '.join(table.columns)}. "
            "Name each with --reader COLUMN, or of a long table --reader COLUMN --score COLUMN."
        )
    present = {name: {row for row, value in enumerate(own) if not math.isnan(value)} for name, own in readings.items()}
    for name, own in present.items():
        if not any(own & other for reader, other in present.items() if reader != name):
            count = f"read {len(own)} films, none of which another reader read" if own else "read no film"
            raise TableError(
                f"{table.file}: reader '{name}' {count}, so that nothing can be compared. Correct the names of the "
                "films, or leave the reader out by naming the others with --reader."
            )
