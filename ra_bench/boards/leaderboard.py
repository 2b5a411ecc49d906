"""A board's folder: board.md, board.json, and the records from which anybody can make them again."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ra_bench.boards.board import measured_again
from ra_bench.boards.columns import OWN
from ra_bench.boards.publishable import publishable
from ra_bench.boards.published import read_published, with_published
from ra_bench.boards.render import json
from ra_bench.errors import PluginError, RecordError, UnknownNameError
from ra_bench.files import write_text
from ra_bench.runs.records import HISTORY, PREDICTIONS, RECORD, read_record, write_record

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ra_bench.specs import MetricSpec, RendererSpec
    from ra_bench.values import Board, RunRecord

BOARD, RECORDS, PUBLISHED = "board", "records", "published.toml"
_PRIVATE = "drawn again from board.json: the cohort is private, its predictions are not here"
_SAFE = re.compile(r"[A-Za-z0-9_+][A-Za-z0-9._+-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """A board that was made again, a sentence on what it was made from, and the records, if it was those."""

    board: Board
    source: str
    records: tuple[RunRecord, ...] = ()


def save_board(board: Board, records: Sequence[RunRecord], folder: Path, renderers: Sequence[RendererSpec]) -> Board:
    """Write a board and what it takes to make it again; records that are no longer on it go last.

    Parameters
    ----------
    board : Board
        As `build_board` made it.
    records : sequence of RunRecord
        The records of the board. Patients are renumbered; of a private cohort nothing is written.
    folder : Path
        The board's folder. Rows of a `published.toml` in it are added.
    renderers : sequence of RendererSpec
        A file `board<suffix>` each; board.json is always written.

    Returns
    -------
    Board
        As it was written.

    Raises
    ------
    RecordError
        A model's name that cannot be a folder, or published rows of another cohort.
    PluginError
        A renderer that raised; all else is written by then.
    StorageError
        A file cannot be written.
    """
    if (folder / PUBLISHED).exists():
        board = with_published(board, read_published(folder / PUBLISHED))
    kept = [] if board.private else publishable(records, keep_ids=board.simulated)
    folders = {_folder_name(record): record for record in kept}
    for name, record in folders.items():
        write_record(folder / RECORDS / name, record)
    _write_board(board, folder, renderers)
    for stale in sorted((folder / RECORDS).glob("*")):
        if stale.name not in folders:
            _remove_record(stale)
    return board


def rebuild(
    folder: Path, metrics: Sequence[MetricSpec], renderers: Sequence[RendererSpec], *, into: Path | None = None
) -> Rebuilt:
    """Make a board's files again from what lies in its folder; unchanged results give unchanged bytes.

    Parameters
    ----------
    folder : Path
        A folder that `save_board` wrote, or one that holds only a published.toml.
    metrics : sequence of MetricSpec
        The registered columns.
    renderers : sequence of RendererSpec
        A file `board<suffix>` each.
    into : Path, optional
        Where the files are written, if not into `folder`, which is then only read.

    Returns
    -------
    Rebuilt
        The board, and what it was made from.

    Raises
    ------
    RecordError
        Nothing to make a board of, or files that cannot be read.
    UnknownNameError
        The board has a column whose metric is not registered.
    """
    published = read_published(folder / PUBLISHED) if (folder / PUBLISHED).exists() else None
    board_file = folder / f"{BOARD}.json"
    measured = any((folder / RECORDS).glob(f"*/{RECORD}"))
    # Without board.json nothing says which of the records are baselines.
    old = json.read_board(board_file.read_text(encoding="utf-8")) if board_file.exists() else published
    if old is None or (measured and not board_file.exists()):
        lacks = f"records, but no {BOARD}.json" if measured else f"neither {BOARD}.json nor {PUBLISHED}"
        raise RecordError(f"{folder} holds {lacks}. Name a folder that 'ra-bench run' made.")
    found = _made_again(old, published, folder, metrics)
    _write_board(found.board, into or folder, renderers)
    return found


def _made_again(old: Board, published: Board | None, folder: Path, metrics: Sequence[MetricSpec]) -> Rebuilt:
    records = [read_record(file.parent) for file in sorted((folder / RECORDS).glob(f"*/{RECORD}"))]
    if records and not old.private:
        _check_columns(old, metrics)
        board = measured_again(old, records, metrics)
        board = board if published is None else with_published(board, published)
        size = "1 record" if len(records) == 1 else f"{len(records)} records"
        source = f"measured again from {size}{_new_columns(old, board)}"
        return Rebuilt(board=board, source=source, records=tuple(records))
    if old.private:
        return Rebuilt(board=old, source=_PRIVATE + _not_added(old, metrics))
    if any(row.kind in ("model", "baseline", "reader") for row in old.rows):
        raise RecordError(f"{folder / RECORDS} holds no records, but the board has measured rows. Restore the folder.")
    if published is not None and not any(row.kind in ("failed", "waiting") for row in old.rows):
        return Rebuilt(board=published, source=f"made from {PUBLISHED}: nothing is measured yet")
    return Rebuilt(board=old, source="drawn again from board.json: nothing is measured yet")


def _check_columns(old: Board, metrics: Sequence[MetricSpec]) -> None:
    known = {spec.name for spec in metrics} | {column.metric for column in OWN}
    for column in old.columns:
        if column.metric not in known:
            raise UnknownNameError(
                "metric",
                column.metric,
                known,
                advice=(
                    "The board has a column of it: install the package it came with, or give its file with -p. "
                    "'ra-bench run' writes the board without it."
                ),
            )


def _new_columns(old: Board, board: Board) -> str:
    before = {column.metric for column in old.columns}
    new = [column.label for column in board.columns if column.metric not in before]
    return f"; new: {', '.join(new)}" if new else ""


def _not_added(old: Board, metrics: Sequence[MetricSpec]) -> str:
    """What a board without predictions cannot show, and where it can be measured."""
    before = {column.metric for column in old.columns}
    new = [spec.label for spec in metrics if spec.name not in before]
    if not new:
        return ""
    return f". So it has no {', '.join(new)}: 'ra-bench run' measures it where the runs are, and trains nothing anew"


def _write_board(board: Board, folder: Path, renderers: Sequence[RendererSpec]) -> None:
    write_text(folder / f"{BOARD}.json", json.render(board))
    broken = []
    for spec in renderers:
        if spec.suffix == ".json":
            continue
        try:
            text = spec.render(board)
        except Exception as error:  # noqa: BLE001 - a guest's renderer may raise anything, and must not stop the others
            broken.append(f"The renderer '{spec.name}' cannot draw this board: {type(error).__name__}: {error}")
        else:
            write_text(folder / f"{BOARD}{spec.suffix}", text)
    if broken:
        raise PluginError(
            "\n".join([*broken, "All other files of the board are written. Mend the renderer, or leave it out."])
        )


def _folder_name(record: RunRecord) -> str:
    model = record.job.model.replace("/", "--")
    if not _SAFE.fullmatch(model):
        raise RecordError(
            f"The model name '{record.job.model}' cannot name a folder. Use letters, digits, '.', '_', '+' and '-'."
        )
    fold = "" if record.job.fold is None else f"-fold{record.job.fold.number}"
    return f"{model}-seed{record.job.seed}{fold}"


def _remove_record(folder: Path) -> None:
    """Remove the files that a record consists of, and the folder if nothing else is in it."""
    if not folder.is_dir():
        return
    for name in (RECORD, PREDICTIONS, HISTORY):
        (folder / name).unlink(missing_ok=True)
    if not any(folder.iterdir()):
        folder.rmdir()
