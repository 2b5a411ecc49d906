"""A board with the films that it was measured on, from the records beside it or from the runs that it was made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ra_bench.boards.folder import BOARD, RECORDS
from ra_bench.boards.folds import pool_folds
from ra_bench.boards.held_out import held_out
from ra_bench.boards.publishable import publishable
from ra_bench.boards.render.json import read_board
from ra_bench.errors import RecordError
from ra_bench.reports.rescore import read_scorable
from ra_bench.runs.records import standing_records

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ra_bench.boards.held_out import HeldOut
    from ra_bench.specs import MetricSpec
    from ra_bench.values import Board, RunRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardFilms:
    """A board and its test films; `films` is None where no predictions stand beside it and there are no runs."""

    board: Board
    films: HeldOut | None
    #: Whether the films have the ids that the user gave them, and not numbers.
    own_ids: bool = False


def published_films(folder: Path, runs: Path, metrics: Sequence[MetricSpec]) -> BoardFilms:
    """A board with its films as they may be published: from its own records; of a private cohort from its runs.

    Parameters
    ----------
    folder : Path
        The board's folder.
    runs : Path
        The folder of its runs, which need not be there.
    metrics : sequence of MetricSpec
        The registered columns, with which runs are checked to be those of the board.

    Raises
    ------
    RecordError
        There is no board, or records that cannot be read or stand side by side.
    """
    board = _board(folder)
    records = _records(folder / RECORDS)
    if not records and board.private and runs.is_dir():
        records = publishable(read_scorable(folder, runs, metrics).records, keep_ids=False)
    return BoardFilms(board=board, films=_films(records))


def own_films(folder: Path, runs: Path, metrics: Sequence[MetricSpec]) -> BoardFilms:
    """A board with its films under the ids that the user gave them: from its runs, where they are here.

    Without runs the records beside the board stand in; `own_ids` is then False: films may be numbered.

    Raises
    ------
    RecordError
        There is no board, runs that are not those of the board, or records that cannot be read.
    """
    board = _board(folder)
    if runs.is_dir() and not board.before:
        return BoardFilms(board=board, films=_films(read_scorable(folder, runs, metrics).records), own_ids=True)
    return BoardFilms(board=board, films=_films(_records(folder / RECORDS)), own_ids=board.simulated)


def _board(folder: Path) -> Board:
    file = folder / f"{BOARD}.json"
    if not file.is_file():
        raise RecordError(
            f"There is no board in {folder}. Make it with 'ra-bench run', or name the folder of boards with --boards."
        )
    return read_board(file.read_text(encoding="utf-8"))


def _records(folder: Path) -> list[RunRecord]:
    records, broken = standing_records(folder)
    if broken:
        raise broken[0]
    return records


def _films(records: Sequence[RunRecord]) -> HeldOut | None:
    whole = pool_folds(records).records
    return held_out(whole) if whole else None
