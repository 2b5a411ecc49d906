"""Rows that a paper prints: shown beside measured ones, checked for sense, never ranked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ra_bench.boards.columns import COMMAND
from ra_bench.boards.published_file import p_bound, read_table, seconds_of
from ra_bench.errors import RecordError
from ra_bench.metrics import PrintedRow, failed_checks, max_bias, needed_predicted_sd, rounding_box
from ra_bench.values import Board, BoardRow, Column, MetricValue

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ra_bench.boards.published_file import PublishedRow, PublishedTable
    from ra_bench.metrics import Box

IMPOSSIBLE = "the printed figures cannot all describe one sample"
_ABOVE_0, _BELOW_1 = 1e-12, 1 - 1e-12
NO_AGREEMENT = (
    "p > 0.05 in a paper is not evidence of agreement. It only bounds the difference of the means, by the number that "
    "stands beside each row; a model that answers one and the same mean for every film can get p = 1."
)


def read_published(path: Path) -> Board:
    """Read a paper's rows into a board without measured rows.

    Parameters
    ----------
    path : Path
        A published.toml.

    Returns
    -------
    Board
        All rows of kind "published"; the fact `command` is what would measure.

    Raises
    ------
    RecordError
        The file cannot be read, lacks what a board shows, or holds an unknown key or no printed number where one
        belongs.
    """
    table = read_table(path)
    for key in ("name", "title", "citation", "command", "unit"):
        if not getattr(table, key):
            raise RecordError(f"{path}: the key '{key}' is missing at the top of the file. A board needs it.")
    return Board(
        name=table.name,
        title=table.title,
        columns=(
            Column(metric="rho", label="rho", unit="", best="high", digits=2),
            Column(metric="mae", label="MAE", unit=table.unit, best="low", digits=2),
            Column(metric="rmse", label="RMSE", unit=table.unit, best="low", digits=2),
        ),
        rows=tuple(_row(row, table) for row in table.rows),
        facts=(("published rows", table.citation), (COMMAND, table.command)),
        remarks=(*table.remarks, NO_AGREEMENT, *_strained(table)),
    )


def with_published(board: Board, published: Board) -> Board:
    """Put a paper's rows below the measured ones, in their own section.

    Raises
    ------
    RecordError
        The board's cohort is simulated: it is not the one that the paper measured on.
    """
    if board.simulated:
        raise RecordError(
            f"The rows of '{published.name}' were measured on real films, and the board '{board.name}' on simulated "
            "ones. Choose another name for the board."
        )
    names = {name for name, _ in board.facts}
    return replace(
        board,
        rows=(*(row for row in board.rows if row.kind != "published"), *published.rows),
        facts=(*(fact for fact in published.facts if fact[0] not in names), *board.facts),
        remarks=(*board.remarks, *(remark for remark in published.remarks if remark not in board.remarks)),
    )


def _row(row: PublishedRow, table: PublishedTable) -> BoardRow:
    printed = {"rho": row.rho, "mae": row.mae, "rmse": row.rmse}
    millions = row.parameters_in_millions
    failed = failed_checks(printed_row(row, table))
    said = [
        table_of(row),
        _significance(row),
        f"Check: {IMPOSSIBLE} ({'; '.join(failed)})." if failed else "",
    ]
    return BoardRow(
        kind="published",
        name=row.name,
        films=row.films,
        metrics={name: MetricValue(value=float(text)) for name, text in printed.items() if text is not None},
        parameters=None if millions is None else round(float(millions) * 1e6),
        seconds_per_epoch=None if row.epoch is None else seconds_of(row.epoch),
        pretrained_on=row.pretrained_on,
        remark=" ".join(sentence for sentence in said if sentence),
    )


def table_of(row: PublishedRow) -> str:
    """`Tables 3, 4.`; empty where it is not said."""
    return f"{'Tables' if ',' in row.tables else 'Table'} {row.tables}." if row.tables else ""


def printed_row(row: PublishedRow, table: PublishedTable) -> PrintedRow:
    """The row as the checks take it."""
    return PrintedRow(
        rho=row.rho,
        mae=row.mae,
        rmse=row.rmse,
        p=row.p,
        mean_reference=row.mean_reference,
        mean_predicted=row.mean_predicted,
        sd_reference=row.sd_reference,
        sd_predicted=row.sd_predicted,
        n=row.films,
        minimum=table.minimum if row.minimum is None else row.minimum,
        maximum=table.maximum if row.maximum is None else row.maximum,
        granularity=row.granularity,
    )


def _significance(row: PublishedRow) -> str:
    """What the printed p leaves possible."""
    if row.p is None:
        return ""
    text, bound = f"p is printed as {row.p}", allowed_bias(row)
    if bound is None:
        return f"{text}."
    return f"{text}: on {row.films} films this allows the means to differ by up to {bound:.1f}."


def needed_sd(row: PublishedRow, table: PublishedTable) -> tuple[Box, Box] | None:
    """The smaller and the larger SDs that a row's predictions can have had, over all that rounding and p leave open.

    None where the row does not print what it takes, where nothing is supposed of the reference's SD, or where no SD
    would do.
    """
    supposed = supposed_sd(row, table)
    if row.rho is None or row.rmse is None or (row.sd_reference is None and supposed is None):
        return None
    rho, rmse = rounding_box(row.rho), rounding_box(row.rmse)
    sd = (
        (supposed, supposed)
        if supposed is not None and row.sd_reference is None
        else rounding_box(row.sd_reference or "")
    )
    if rho[1] < 0 or sd[0] <= 0 or rmse[0] <= 0:
        return None
    # SDs may have been taken with n or with n - 1; a large sample where n is not printed.
    factors = (1.0,) if row.films is None else (1.0, (row.films - 1) / row.films)
    found = [needed_predicted_sd(mean_differences(row), sd, rho, rmse, k) for k in factors]
    spans = [span for span in found if span is not None]
    return (around([span[0] for span in spans]), around([span[1] for span in spans])) if spans else None


def around(boxes: Sequence[Box]) -> Box:
    """The least box that holds all of them."""
    return min(box[0] for box in boxes), max(box[1] for box in boxes)


def supposed_sd(row: PublishedRow, table: PublishedTable) -> float | None:
    """The SD that the reference is supposed to have where none is printed: the row's own before the table's."""
    return table.supposed_sd_reference if row.supposed_sd_reference is None else row.supposed_sd_reference


def mean_differences(row: PublishedRow) -> Box:
    """Mean differences that a row leaves open: by its means, else by its p, else none but 0 is supposed."""
    if row.mean_reference is not None and row.mean_predicted is not None:
        reference, predicted = rounding_box(row.mean_reference), rounding_box(row.mean_predicted)
        return predicted[0] - reference[1], predicted[1] - reference[0]
    bounds = bias_by_p(row)
    return (0.0, 0.0) if bounds is None else (-bounds[1], bounds[1])


def allowed_bias(row: PublishedRow) -> float | None:
    """Largest difference of the means that a printed `p > alpha` leaves possible; None where it cannot be told."""
    bounds = bias_by_p(row)
    return bounds[1] if bounds is not None and row.p is not None and p_bound(row.p)[0] == ">" else None


def bias_by_p(row: PublishedRow) -> Box | None:
    """Least and largest difference of the means, without sign, that a printed p leaves possible.

    None where it cannot be told: no p, no RMSE or no number of films is printed.
    """
    if row.p is None or row.films is None or row.rmse is None:
        return None
    sign, p = p_bound(row.p)
    smallest, largest = p, p
    if sign == "=":
        smallest, largest = rounding_box(row.p.strip().lstrip("="))
    rmse = rounding_box(row.rmse)
    # The difference is largest where p is smallest; no difference exceeds the RMSE.
    most = rmse[1] if sign == "<" or smallest <= 0 else max_bias(rmse[1], row.films, min(smallest, _BELOW_1))
    least = 0.0 if sign == ">" or largest >= 1 else max_bias(max(0.0, rmse[0]), row.films, max(largest, _ABOVE_0))
    return least, most


def _strained(table: PublishedTable) -> list[str]:
    """The SDs that predictions must have had, were the reference's as supposed."""
    sd = table.supposed_sd_reference
    found = [needed_sd(row, table) for row in table.rows if row.sd_reference is None]
    spans = [span for span in found if span is not None]
    if sd is None or not spans:
        return []
    small, large = around([span[0] for span in spans]), around([span[1] for span in spans])
    needed = f"{small[0]:.0f} to {small[1]:.0f} or of {large[0]:.0f} to {large[1]:.0f}"
    supposed = f"were the SD of the reference near {sd:g}, their rho and RMSE would need predictions with an SD of"
    return [f"The rows that print no SD are strained: {supposed} {needed}."]
