"""Table 2: each reader's mean and SD, and how readers agree."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan
from typing import TYPE_CHECKING, Literal

import numpy as np

from ra_bench.boards.evaluate import rounded
from ra_bench.reports.paper.flags import flags_of

if TYPE_CHECKING:
    from ra_bench.boards.held_out import Floats
    from ra_bench.boards.published_file import PublishedRow, PublishedTable
    from ra_bench.reports.audit import Audit
    from ra_bench.reports.board_films import BoardFilms
    from ra_bench.values import BoardRow


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderRow:
    """A reader, with mean and SD, or readers against one another, with measures of agreement.

    `films` counts the test films that the reader read; mean and SD (n - 1) are of these, nan where none of them is
    known. Of a printed row `mean` and `sd` stay text.
    """

    name: str
    source: Literal["measured", "PUBLISHED"]
    films: int | None = None
    mean: float | str = ""
    sd: float | str = ""
    agreement: BoardRow | None = None
    printed: PublishedRow | None = None
    flags: tuple[str, ...] = ()


def reader_rows(found: BoardFilms) -> tuple[ReaderRow, ...]:
    """What was measured of the readers: one row each where films are known, then the board's rows of agreement."""
    readings = {} if found.films is None else found.films.readings
    return (
        *(_reader(name, scores) for name, scores in readings.items()),
        *(
            ReaderRow(name=row.name, source="measured", films=row.films, agreement=row)
            for row in found.board.rows
            if row.kind == "reader"
        ),
    )


def printed_readers(table: PublishedTable, checked: Audit) -> tuple[ReaderRow, ...]:
    """What a paper printed of its readers, in the same form.

    The row "B against A" prints the mean and SD of A as those of the reference.
    """
    rows: list[ReaderRow] = []
    for row, found in zip(table.rows, checked.rows, strict=True):
        if not row.reader:
            continue
        flags = flags_of(found, checked)
        own, against, other = row.name.partition(" against ")
        names = (other, own) if against else (f"{row.name}, first", f"{row.name}, second")
        for name, mean, sd in zip(
            names, (row.mean_reference, row.mean_predicted), (row.sd_reference, row.sd_predicted), strict=True
        ):
            if mean is not None or sd is not None:
                rows.append(
                    ReaderRow(name=name, source="PUBLISHED", films=row.films, mean=mean or "", sd=sd or "", flags=flags)
                )
        rows.append(ReaderRow(name=row.name, source="PUBLISHED", films=row.films, printed=row, flags=flags))
    return tuple(rows)


def _reader(name: str, scores: Floats) -> ReaderRow:
    read = scores[np.isfinite(scores)]
    return ReaderRow(
        name=name,
        source="measured",
        films=int(read.size),
        mean=rounded(float(read.mean())) if read.size else nan,
        sd=rounded(float(read.std(ddof=1))) if read.size > 1 else nan,
    )
