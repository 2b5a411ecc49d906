"""The cells of a table file as text: csv, tsv and, with the extra `xlsx`, a workbook with one sheet."""

from __future__ import annotations

import csv
import io
import re
import warnings
from datetime import date, datetime, time
from typing import TYPE_CHECKING

from ra_bench.errors import TableError

if TYPE_CHECKING:
    from pathlib import Path

    from openpyxl.cell.cell import Cell, MergedCell
    from openpyxl.workbook import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

#: Endings of files that are looked at as tables, in any case.
TABLE_SUFFIXES = (".csv", ".tsv", ".xlsx", ".xlsm")

_WORKBOOKS = {".xlsx", ".xlsm"}
_OTHER_WORKBOOKS = {".xls", ".xlsb", ".ods", ".numbers"}


def read_cells(file: Path) -> list[list[str]]:
    """The cells of each row as text, stripped; the header is the first row.

    A workbook's cells are written as the sheet means them: whole numbers without a point, `007` where the cell is
    formatted with zeros, dates as 2021-01-31.

    Raises
    ------
    TableError
        The file is missing, of another kind, not UTF-8, or a workbook that leaves open what is meant.
    """
    suffix = file.suffix.lower()
    if suffix in _OTHER_WORKBOOKS:
        raise TableError(f"{file}: {file.suffix} tables cannot be read. Save the sheet as xlsx or as 'CSV UTF-8'.")
    if suffix in _WORKBOOKS:
        return _workbook_cells(file)
    text = _text(file)
    separator = _separator(text, file)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True)
    try:
        return [[cell.strip() for cell in line] for line in reader]
    except csv.Error as error:
        raise TableError(f"{file}, row {reader.line_num}: {error}. Is a quote left open in this row?") from None


def read_header(file: Path) -> list[str]:
    """The first row of a table, without reading the others of one that is text.

    Raises
    ------
    TableError
        As `read_cells`.
    """
    if file.suffix.lower() not in {".csv", ".tsv"}:
        return next(iter(read_cells(file)), [])
    try:
        with file.open("rb") as lines:
            first = lines.readline(100_000).decode("utf-8-sig")
        cells = next(csv.reader([first], delimiter=_separator(first, file), skipinitialspace=True), [])
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TableError(f"{file}, row 1: the header cannot be read ({error}).") from None
    return [cell.strip() for cell in cells]


# --- text -----------------------------------------------------------------------------------------------------------


def _text(file: Path) -> str:
    raw = _bytes(file)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = raw[: error.start].count(b"\n") + 1
        raise TableError(f"{file}, row {row}: the file is not UTF-8 text. Save the sheet as 'CSV UTF-8'.") from None


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise TableError(f"Cannot read the table {file}: {error.strerror}. Check the path in cohort.toml.") from error


def _separator(text: str, file: Path) -> str:
    """The sign between cells: the one that the header has most of, outside quotes."""
    header = re.sub(r'"[^"]*"', "", text.partition("\n")[0])
    first = "\t" if file.suffix.lower() in {".tsv", ".tab"} else ","
    return max((first, ";", "\t", ",", "|"), key=header.count)


# --- workbooks ------------------------------------------------------------------------------------------------------


def _workbook_cells(file: Path) -> list[list[str]]:
    content = _bytes(file)
    values, formulas = _open(file, content, values=True), _open(file, content, values=False)
    name = _the_sheet(file, values)
    wide: list[list[str]] = []
    rows = zip(values[name].iter_rows(), formulas[name].iter_rows(), strict=True)
    for number, (cells, written) in enumerate(rows, start=1):
        line = []
        for cell, formula in zip(cells, written, strict=True):
            if cell.value is None and formula.value is not None:
                raise TableError(
                    f"{file}, row {number}, cell {formula.coordinate}: found the formula '{formula.value}' without a "
                    "value. Open the workbook in a spreadsheet program and save it, or save the sheet as 'CSV UTF-8'."
                )
            line.append(_shown(cell))
        wide.append(line)
    return wide


def _open(file: Path, content: bytes, *, values: bool) -> Workbook:
    """The workbook with the values that its formulas had when it was saved, or with the formulas."""
    try:
        from openpyxl import load_workbook
    except ImportError:
        raise TableError(
            f"{file}: xlsx needs a package that is not installed. Install it with \"pip install 'ra-bench[xlsx]'\", "
            "or save the sheet as 'CSV UTF-8'."
        ) from None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what a table looks like in the program that wrote it is not asked for
        try:
            return load_workbook(io.BytesIO(content), data_only=values)
        except Exception as error:  # noqa: BLE001  a damaged archive, XML or style may fail in any way
            raise TableError(
                f"{file}: is no workbook that can be read ({type(error).__name__}: {str(error).rstrip('.')}). "
                "Save it anew as xlsx or as 'CSV UTF-8'; a workbook with a password must be saved without."
            ) from None


def _the_sheet(file: Path, workbook: Workbook) -> str:
    """The name of the one sheet that holds anything."""
    filled = [sheet.title for sheet in workbook.worksheets if _is_filled(sheet)]
    if not filled:
        raise TableError(f"{file}: no sheet holds anything. The first row must name the columns.")
    if len(filled) > 1:
        names = ", ".join(f"'{name}'" for name in filled)
        raise TableError(
            f"{file}: {len(filled)} sheets hold something ({names}), and which is meant is not said. "
            "Keep one, or save the one that is meant as 'CSV UTF-8'."
        )
    return filled[0]


def _is_filled(sheet: Worksheet) -> bool:
    return any(cell is not None for row in sheet.iter_rows(values_only=True) for cell in row)


def _shown(cell: Cell | MergedCell) -> str:
    """A cell as the sheet means it."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and re.fullmatch("0+", cell.number_format):
        return f"{value:0{len(cell.number_format)}d}"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ")
    if isinstance(value, date):
        return value.isoformat()
    return str(value).strip()
