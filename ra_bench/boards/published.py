"""Rows that a paper prints: shown beside measured ones, checked for sense, never ranked."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from ra_bench.boards.columns import COMMAND
from ra_bench.errors import RecordError
from ra_bench.metrics import PrintedRow, failed_checks, implied_predicted_sd, max_bias, rounding_box
from ra_bench.values import Board, BoardRow, Column, MetricValue

if TYPE_CHECKING:
    from pathlib import Path

IMPOSSIBLE = "the printed figures cannot all describe one sample"
NO_AGREEMENT = (
    "p > 0.05 in a paper is not evidence of agreement. It only bounds the difference of the means, by the number that "
    "stands beside each row; a model that answers one and the same mean for every film can get p = 1."
)
_STRICT = {"extra": "forbid"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedRow:
    """A printed row; figures as text, with the digits that were printed."""

    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT

    name: str
    tables: str
    films: int | None = None
    rho: str | None = None
    mae: str | None = None
    rmse: str | None = None
    p: str | None = None
    mean_reference: str | None = None
    mean_predicted: str | None = None
    sd_reference: str | None = None
    sd_predicted: str | None = None
    parameters_in_millions: str | None = None
    epoch: str | None = None
    pretrained_on: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedTable:
    """A published.toml: the rows of one paper on one cohort and split."""

    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT

    name: str
    title: str
    citation: str
    command: str
    unit: str
    minimum: float
    maximum: float
    supposed_sd_reference: float | None = None
    remarks: tuple[str, ...] = ()
    rows: tuple[PublishedRow, ...]


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
        The file cannot be read, or holds an unknown key or no printed number where one belongs.
    """
    from pydantic import TypeAdapter

    try:
        table = TypeAdapter(PublishedTable).validate_python(tomllib.loads(path.read_text(encoding="utf-8")))
        rows = tuple(_row(row, table) for row in table.rows)
    except (OSError, ValueError) as error:
        raise RecordError(
            f"{path} cannot be read: {error}\nCompare it with leaderboards/wang2022/published.toml."
        ) from error
    return Board(
        name=table.name,
        title=table.title,
        columns=(
            Column(metric="rho", label="rho", unit="", best="high", digits=2),
            Column(metric="mae", label="MAE", unit=table.unit, best="low", digits=2),
            Column(metric="rmse", label="RMSE", unit=table.unit, best="low", digits=2),
        ),
        rows=rows,
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
    return BoardRow(
        kind="published",
        name=row.name,
        metrics={name: MetricValue(value=float(text)) for name, text in printed.items() if text is not None},
        parameters=None if millions is None else round(float(millions) * 1e6),
        seconds_per_epoch=None if row.epoch is None else _seconds(row.epoch),
        pretrained_on=row.pretrained_on,
        remark=" ".join(
            [f"{'Tables' if ',' in row.tables else 'Table'} {row.tables}.", *_significance(row), *_failures(row, table)]
        ),
    )


def _significance(row: PublishedRow) -> list[str]:
    """What the printed p leaves possible."""
    if row.p is None:
        return []
    text = f"p is printed as {row.p}"
    if row.films is None or row.rmse is None or not row.p.startswith(">"):
        return [f"{text}."]
    bound = max_bias(float(row.rmse), row.films, float(row.p.lstrip("> ")))
    return [f"{text}: on {row.films} films this allows the means to differ by up to {bound:.1f}."]


def _failures(row: PublishedRow, table: PublishedTable) -> list[str]:
    failed = failed_checks(
        PrintedRow(
            rho=row.rho,
            mae=row.mae,
            rmse=row.rmse,
            p=row.p,
            mean_reference=row.mean_reference,
            mean_predicted=row.mean_predicted,
            sd_reference=row.sd_reference,
            sd_predicted=row.sd_predicted,
            n=row.films,
            minimum=table.minimum,
            maximum=table.maximum,
        )
    )
    return [f"Check: {IMPOSSIBLE} ({'; '.join(failed)})."] if failed else []


def _strained(table: PublishedTable) -> list[str]:
    """The SDs that predictions must have had, were the reference's as supposed."""
    sd = table.supposed_sd_reference
    rows = [row for row in table.rows if row.sd_reference is None and row.rho is not None and row.rmse is not None]
    if sd is None or not rows:
        return []
    spans = [
        implied_predicted_sd(0.0, sd, rho, float(row.rmse or "nan"))
        for row in rows
        for rho in rounding_box(row.rho or "nan")
    ]
    small, large = [span[0] for span in spans], [span[1] for span in spans]
    needed = f"{min(small):.0f} to {max(small):.0f} or of {min(large):.0f} to {max(large):.0f}"
    supposed = f"were the SD of the reference near {sd:g}, their rho and RMSE would need predictions with an SD of"
    return [f"The rows that print no SD are strained: {supposed} {needed}."]


def _seconds(text: str) -> float:
    minutes, seconds = text.split(":")
    return 60.0 * int(minutes) + int(seconds)
