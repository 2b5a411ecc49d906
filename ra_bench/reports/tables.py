"""Predictions of one model, from a table that any tool wrote or from the folder of a finished run."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ra_bench.cohorts.matching import film_stem
from ra_bench.cohorts.table import image_columns, is_blank, number_in, read_table
from ra_bench.errors import RecordError, TableError
from ra_bench.reports.columns import Columns, find_columns
from ra_bench.reports.headers import reader_name
from ra_bench.runs.names import short_name
from ra_bench.runs.records import PREDICTIONS, RECORD, read_record
from ra_bench.values import Predictions, Uncertainty

if TYPE_CHECKING:
    from pathlib import Path

    from ra_bench.cohorts.table import Table
    from ra_bench.values import RunRecord

#: No score of any scale is larger; squares of absurd numbers would overflow.
LARGEST = 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPredictions:
    """What one model says of some films, and the readings that it is measured against.

    `predictions` has nan where a cell was blank; `readings` holds one column a reader, or the reference as the only
    one, and is empty where they are still to come from a cohort. Without known patients each film is a patient.
    `guesses` says, a sentence each, what was guessed of the table; `rows` and `film_column` where its films stand in a
    spreadsheet. `record` is the run's, where it is one of ours.
    """

    name: str
    source: str
    predictions: Predictions
    patients_known: bool
    guesses: tuple[str, ...] = ()
    record: RunRecord | None = None
    rows: tuple[int, ...] = ()
    film_column: str = ""


def read_model_predictions(
    path: Path, columns: Columns | None = None, *, name: str | None = None, needs_reference: bool = True
) -> ModelPredictions:
    """Read the predictions of one model, whoever made them.

    Parameters
    ----------
    path : Path
        A csv, tsv or xlsx with a row a film, or a folder with the record.json of a finished run.
    columns : Columns, optional
        Columns that the user names; the others are guessed from the headers.
    name : str, optional
        What the model is called; else the name of its file, or the model of the run.
    needs_reference : bool
        False where the readings come from a cohort or a board.

    Returns
    -------
    ModelPredictions
        Films in the order of the table.

    Raises
    ------
    TableError
        The table cannot be read, a column is missing, a film is unnamed or stands twice, or a cell is no number: file,
        row, column, value and what to do. Or columns are named for a run.
    RecordError
        A folder without a finished run.
    """
    if path.is_dir() or path.name == RECORD:
        if columns not in (None, Columns()):
            raise TableError(f"{path}: a run has no columns to name. Leave the options for columns out.")
        return _of_run(path.parent if path.name == RECORD else path, name)
    return _of_table(read_scores_table(path), columns or Columns(), name, needs_reference=needs_reference)


def read_scores_table(file: Path) -> Table:
    """Read a table of predictions or readings as text.

    Raises
    ------
    TableError
        There is no such file, or it is no table.
    """
    if not file.is_file():
        raise TableError(
            f"{file}: there is no such file. "
            "Name a csv, tsv or xlsx with a row a film, or the folder of a finished run."
        )
    return read_table(file)


def films_of(table: Table, column: str) -> tuple[str, ...]:
    """The name of the film of each row, another in each.

    Raises
    ------
    TableError
        A film without a name, or one that stands in two rows.
    """
    seen: dict[str, int] = {}
    for row, film in zip(table.rows, film_names(table, column), strict=True):
        if film in seen:
            raise TableError(
                f"{table.file}, row {row.number}, column '{column}': film '{film}' stands in row {seen[film]} too. "
                "Keep one row a film."
            )
        seen[film] = row.number
    return tuple(seen)


def film_names(table: Table, column: str) -> tuple[str, ...]:
    """The name of the film of each row, without the ending of an image file; `column` may be a pattern of columns.

    Raises
    ------
    TableError
        A film without a name.
    """
    names = []
    for row in table.rows:
        film = column
        for part in image_columns(column):
            cell = row.cells[part]
            if is_blank(cell):
                raise TableError(
                    f"{table.file}, row {row.number}, column '{part}': found '{cell}', where the name of the film must "
                    "stand. Fill it in, or delete the row."
                )
            film = film.replace(f"{{{part}}}", cell) if "{" in column else cell
        names.append(film_stem(film))
    return tuple(names)


def patients_of(table: Table, column: str) -> tuple[str, ...]:
    """The patient of each row.

    Raises
    ------
    TableError
        A row without a patient.
    """
    for row in table.rows:
        if is_blank(row.cells[column]):
            raise TableError(
                f"{table.file}, row {row.number}, column '{column}': found '{row.cells[column]}', where the patient "
                "must stand. Fill it in for every film, or leave the column out."
            )
    return tuple(row.cells[column] for row in table.rows)


def numbers_of(table: Table, column: str) -> tuple[float, ...]:
    """The numbers of a column, nan where a cell is blank.

    Raises
    ------
    TableError
        A cell holds something else, or a number that no scale has.
    """
    return tuple(cell_number(table, row.number, column, row.cells[column]) for row in table.rows)


def cell_number(table: Table, row: int, column: str, cell: str) -> float:
    """The number in a cell, nan for a blank one.

    Raises
    ------
    TableError
        As `numbers_of`.
    """
    if is_blank(cell):
        return math.nan
    value = number_in(cell)
    where = f"{table.file}, row {row}, column '{column}': found '{cell}'"
    if value is None:
        raise TableError(f"{where}, which is no number. Correct it, or leave the cell empty if there is none.")
    if not abs(value) <= LARGEST:
        raise TableError(f"{where}, a number that no scale has. Correct it, or leave the cell empty if there is none.")
    return value


def _of_run(folder: Path, name: str | None) -> ModelPredictions:
    if not (folder / RECORD).exists():
        below = sorted(str(file.parent) for file in folder.glob(f"*/**/{RECORD}"))
        instead = f"one of {len(below)} below it, such as {below[0]}" if below else "the folder of a run, or a table"
        raise RecordError(f"{folder} holds no finished run: {RECORD} is missing. Name {instead}.")
    record = read_record(folder)
    given = record.predictions
    return ModelPredictions(
        name=name or short_name(record.job),
        source=f"{folder.name}/{PREDICTIONS}",
        predictions=given,
        patients_known=len(set(given.patients)) < len(given.ids) or given.patients != given.ids,
        record=record,
    )


def _of_table(table: Table, asked: Columns, name: str | None, *, needs_reference: bool) -> ModelPredictions:
    found = find_columns(table, asked, needs_reference=needs_reference)
    columns = found.columns
    ids = films_of(table, str(columns.film))
    scores = columns.readers or ((columns.reference,) if columns.reference is not None else ())
    predictions = Predictions(
        ids=ids,
        patients=ids if columns.patient is None else patients_of(table, columns.patient),
        readings={reader_name(column): numbers_of(table, column) for column in scores},
        predicted=numbers_of(table, str(columns.predicted)),
        uncertainty=_uncertainty_of(table, columns),
    )
    _check_something(table, columns, predictions)
    return ModelPredictions(
        name=name or table.file.stem,
        source=table.file.name,
        predictions=predictions,
        patients_known=columns.patient is not None,
        guesses=found.guesses,
        rows=tuple(row.number for row in table.rows),
        film_column=str(columns.film),
    )


def _uncertainty_of(table: Table, columns: Columns) -> Uncertainty | None:
    """The model's SD and interval, where there are columns of them; blank where it says nothing of a film."""
    sd, lower, upper = (
        () if name is None else numbers_of(table, name) for name in (columns.sd, columns.lower, columns.upper)
    )
    if not (sd or lower):
        return None
    for row, value in zip(table.rows, sd, strict=False):  # no rows of a column that is not there
        if value < 0:
            raise TableError(
                f"{table.file}, row {row.number}, column '{columns.sd}': found {value:g}. An SD is 0 or more: "
                "correct it, or head the column otherwise if it is none."
            )
    for row, low, high in zip(table.rows, lower, upper, strict=False):
        if low > high:
            raise TableError(
                f"{table.file}, row {row.number}: '{columns.lower}' is {low:g}, above '{columns.upper}', {high:g}. "
                "Correct the row, or head the columns otherwise if they are no interval."
            )
    return Uncertainty(sd=sd, lower=lower, upper=upper, level=columns.level)


def _check_something(table: Table, columns: Columns, predictions: Predictions) -> None:
    """Refuse a column that measures nothing: no prediction at all, or a reader of none of the predicted films."""
    predicted = [not math.isnan(value) for value in predictions.predicted]
    if not any(predicted):
        raise TableError(
            f"{table.file}, column '{columns.predicted}': every cell is blank. Name another column with --predicted."
        )
    for reader, values in predictions.readings.items():
        read = [not math.isnan(value) for value in values]
        if not any(both for both in map(all, zip(predicted, read, strict=True))):
            found = (
                f"none of the {sum(read)} films that it reads has a prediction" if any(read) else "every cell is blank"
            )
            raise TableError(
                f"{table.file}, column '{reader}': {found}. Correct the column, or name others with --reader or "
                "--reference."
            )
