"""A board's folder: board.md, board.json, and the records from which anybody can make them again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ra_bench.boards.board import measured_again
from ra_bench.boards.columns import OWN
from ra_bench.boards.figures import Written, remove_figures, write_figures
from ra_bench.boards.folder import BOARD, PUBLISHED, RECORDS, record_folder
from ra_bench.boards.publishable import publishable
from ra_bench.boards.published import read_published, with_published
from ra_bench.boards.render import json
from ra_bench.boards.thumbnails import read_thumbnails, remove_thumbnails
from ra_bench.errors import PluginError, RecordError, UnknownNameError
from ra_bench.files import write_text
from ra_bench.runs.records import RECORD, read_record, remove_record, write_record
from ra_bench.values import BoardFiles

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ra_bench.specs import MetricSpec, RendererSpec
    from ra_bench.values import Board, RunRecord

_PRIVATE = "drawn again from board.json: the cohort is private, its predictions are not here"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """A board that was made again, a sentence on what it was made from, and the records, if it was those."""

    board: Board
    source: str
    records: tuple[RunRecord, ...] = ()


def save_board(
    board: Board,
    records: Sequence[RunRecord],
    folder: Path,
    renderers: Sequence[RendererSpec],
    *,
    figures: bool = True,
) -> Board:
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
        A file `<stem><suffix>` each; board.json is always written.
    figures : bool
        Whether to draw the figures, which takes seconds. If not, those of before go: they show other numbers.

    Returns
    -------
    Board
        As it was written.

    Raises
    ------
    RecordError
        A model's name that cannot be a folder, or is one with another's; or published rows of another cohort.
    PluginError
        A renderer that raised, or a figure that cannot be drawn; all else is written by then.
    StorageError
        A file cannot be written.
    """
    if (folder / PUBLISHED).exists():
        board = with_published(board, read_published(folder / PUBLISHED))
    kept = [] if board.private else publishable(records, keep_ids=board.simulated)
    folders = {record_folder(record.job): record for record in kept}
    _check_folders(kept, folders)
    for name, record in folders.items():
        write_record(folder / RECORDS / name, record)
    if figures:
        written = write_figures(board, records, folder)
    else:
        remove_figures(folder)
        written = Written(board=board)
    if board.private:
        remove_thumbnails(folder)
    _write_board(written, kept, folder, renderers)
    for stale in sorted((folder / RECORDS).glob("*")):
        if stale.name not in folders:
            remove_record(stale)
    return written.board


def _check_folders(records: Sequence[RunRecord], folders: Mapping[str, RunRecord]) -> None:
    """A slash in a model's name is written `--`, which another model's name may have."""
    for record in records:
        other = folders[record_folder(record.job)]
        if other.job.model != record.job.model:
            raise RecordError(
                f"The records of '{record.job.model}' and '{other.job.model}' would lie in one folder, "
                f"'{record_folder(record.job)}'. Take one of the two off the board, and give it another name."
            )


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
        A file `<stem><suffix>` each.
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
    # Of a private cohort none belong here, and what somebody left is not published.
    kept = [] if old.private else sorted((folder / RECORDS).glob(f"*/{RECORD}"))
    records = [read_record(file.parent) for file in kept]
    found = _made_again(old, published, records, folder, metrics)
    written = write_figures(found.board, records, into or folder)
    _write_board(written, records, folder, renderers, into=into)
    return replace(found, board=written.board)


def _made_again(
    old: Board, published: Board | None, records: Sequence[RunRecord], folder: Path, metrics: Sequence[MetricSpec]
) -> Rebuilt:
    if records:
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


def _write_board(
    written: Written,
    published: Sequence[RunRecord],
    folder: Path,
    renderers: Sequence[RendererSpec],
    *,
    into: Path | None = None,
) -> None:
    """Write all files of a board, elsewhere if `into` says so, beside the figures that are written already."""
    board = written.board
    files = BoardFiles(records=tuple(published), thumbnails=read_thumbnails(folder, published), charts=written.charts)
    folder = into or folder
    write_text(folder / f"{BOARD}.json", json.render(board))
    broken = list(written.broken)
    for spec in renderers:
        name = f"{spec.stem}{spec.suffix}"
        if name == f"{BOARD}.json":
            continue
        try:
            text = spec.render(board, files) if spec.takes_files else spec.render(board)
        except Exception as error:  # noqa: BLE001 - a guest's renderer may raise anything, and must not stop the others
            broken.append(f"The renderer '{spec.name}' cannot draw this board: {type(error).__name__}: {error}")
        else:
            write_text(folder / name, text)
    if broken:
        raise PluginError(
            "\n".join([*broken, "All other files of the board are written. Mend what is named, or leave it out."])
        )
