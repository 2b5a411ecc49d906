"""Files of published rows for an audit: TOML as a board takes it, a csv with a row a row, or the paper's own."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from ra_bench.boards.published_file import COUNTS, FIGURES, NUMBERS, PublishedRow, PublishedTable, read_row
from ra_bench.boards.published_file import read_table as read_toml
from ra_bench.cohorts.table import is_blank, number_in, read_table
from ra_bench.errors import RecordError

if TYPE_CHECKING:
    from ra_bench.cohorts.table import Row

#: Tables 2 to 5 of Wang et al. 2022, the same file as leaderboards/wang2022/published.toml.
PAPER = Path(__file__).parent / "wang2022.toml"
_WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def read_rows(file: Path | None = None) -> PublishedTable:
    """Read published rows; without a file, those of the paper that the suite started from.

    Parameters
    ----------
    file : Path, optional
        `.toml`: facts of the table, then `[[rows]]`. Anything else: a csv, tsv or xlsx, headed by the keys of a row.

    Raises
    ------
    RecordError
        There is no such file, or an unknown key, a missing name or a value that is no printed number: says which.
    TableError
        The csv cannot be read.
    """
    file = PAPER if file is None else file
    if not file.is_file():
        raise RecordError(
            f"{file}: there is no such file. Name a TOML or csv file of printed rows, or none to audit those of "
            "Wang et al. 2022."
        )
    if file.suffix.lower() == ".toml":
        return read_toml(file)
    table = read_table(file)
    known = {field.name.casefold(): field.name for field in fields(PublishedRow)}
    rows = [_row(row, known, f"{file}, row {row.number}") for row in table.rows]
    return PublishedTable(title=file.name, rows=tuple(rows))


def _row(row: Row, known: dict[str, str], where: str) -> PublishedRow:
    given: dict[str, object] = {}
    for header, cell in row.cells.items():
        key = known.get(header.casefold(), header)
        if key not in known.values() or not is_blank(cell):
            given[key] = _value(key, cell)
    return read_row(given, where)


def _value(key: str, cell: str) -> object:
    """A cell as a TOML file would hold it; what it should not be stays text, and is then refused."""
    if key == "reader":
        return _WORDS.get(cell.casefold(), cell)
    if key in COUNTS:
        return int(cell) if cell.isdecimal() else cell
    if key in NUMBERS:
        number = number_in(cell)
        return cell if number is None else number
    return cell.replace(",", ".") if key in (*FIGURES, "p", "parameters_in_millions") else cell
