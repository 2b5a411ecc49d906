"""Change between visits as tables of text, for every kind of page."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ra_bench.boards.change import BIAS, CCC, FIXED, MAE, SDC, SRM
from ra_bench.boards.facts import scale_of
from ra_bench.boards.render.numbers import as_text, fixed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ra_bench.values import Board, ChangeResult, ChangeRow

HEADING = "Change between visits"
#: Metric, heading and decimals.
_MEASURES = (
    (CCC, "CCC ↑", 2),
    (MAE, "MAE ↓", 1),
    (BIAS, "bias →0", 1),
    (SDC, "SDC ↓", 1),
    (SRM, "SRM", 2),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeTable:
    """Headings and cells, row by row, and what is said below; the first column names the rater, others hold numbers."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


def change_tables(board: Board) -> tuple[ChangeTable, ...]:
    """Agreement of the changes, then a table for each cut-off; nothing where no patient has two visits."""
    found = board.change
    if found is None:
        return ()
    improvement = f"implausible improvement, below {-found.improvement:.1f}"
    agreement = ChangeTable(
        title=HEADING,
        columns=("Model", "patients", *(heading for _, heading, _ in _MEASURES), improvement),
        rows=tuple(
            (
                row.name,
                f"{row.patients:,} ({row.missing:,} missing)" if row.missing else f"{row.patients:,}",
                *(as_text(row.metrics.get(metric), digits) for metric, _, digits in _MEASURES),
                _count(row.improved),
            )
            for row in found.rows
        ),
        note=" ".join(found.said),
    )
    *some, last = (table for table in (agreement, *_progressors(found)) if table.rows)
    return (*some, replace(last, note=" ".join(filter(None, (last.note, _how(board))))))


def _progressors(found: ChangeResult) -> Iterator[ChangeTable]:
    measured = [row for row in found.rows if row.progressors]
    for place, above in enumerate(found.cutoffs):
        name = f"{above:g}" if above in FIXED else f"{above:.1f}, the SDC of the reference"
        yield ChangeTable(
            title=f"Progressors: patients who get worse by more than {name}",
            columns=("Model", "found", "missed", "sensitivity ↑", "false alarms", "specificity ↑"),
            rows=tuple(_progressor_cells(row, place) for row in measured),
        )


def _progressor_cells(row: ChangeRow, place: int) -> tuple[str, ...]:
    own = row.progressors[place]
    return (
        row.name,
        f"{_count(own.found)} of {own.progressed:,}",
        _count(own.progressed - own.found),
        as_text(own.sensitivity, 2),
        f"{_count(own.false)} of {own.others:,}",
        as_text(own.specificity, 2),
    )


def _how(board: Board) -> str:
    scale = scale_of(board)
    unit = f"MAE, bias, SDC and cut-offs in {scale.unit}. " if scale else ""
    return (
        f"{unit}CCC, MAE and bias are of the changes, with 95 % intervals (CCC: percentile bootstrap; MAE: BCa "
        "bootstrap; bias: t; shares: Wilson). A row's SDC is that of its own change scores: what the reference itself "
        "errs is taken off, and 0 means less than these patients can tell. SRM: mean change over the SD of changes. "
        "Joints do not heal: an improvement beyond the limit is an error of the rater. Of several seeds: means. A "
        "reader is held to the same cut-offs, but against readers who err more than the mean of all."
    )


def _count(patients: float) -> str:
    """A number of patients; of a mean over seeds one decimal."""
    return f"{patients:,.0f}" if patients == round(patients) else fixed(patients, 1)
