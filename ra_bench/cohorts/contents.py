"""What a `cohort.toml` and its table say, before any film is opened: a table of any columns, or a known layout."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ra_bench.cohorts.description import read_description
from ra_bench.cohorts.layouts.known import GENERIC, LAYOUTS
from ra_bench.cohorts.table import read_entries, read_table

if TYPE_CHECKING:
    from pathlib import Path

    from ra_bench.cohorts.description import Description
    from ra_bench.cohorts.table import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """The description, completed by what only the table tells; the table; what it says of each film; remarks."""

    description: Description
    table: Path
    entries: tuple[Entry, ...]
    remarks: tuple[str, ...] = ()


def read_contents(file: Path) -> Contents:
    """Read a `cohort.toml` and the table that it names.

    Raises
    ------
    DescriptionError, TableError
        Something is wrong with either.
    """
    description = read_description(file)
    table = file.parent / description.table
    if description.layout == GENERIC:
        return Contents(description=description, table=table, entries=read_entries(read_table(table), description))
    found = LAYOUTS[description.layout].read(table, description.compose)
    if found.readers:
        description = replace(description, readers=found.readers)
    return Contents(
        description=replace(description, scale=found.scale or description.scale),
        table=table,
        entries=found.entries,
        remarks=found.remarks,
    )
