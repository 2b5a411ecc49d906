"""A row for predictions that were made elsewhere, on a board that is there: the same films, marked as what it is."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ra_bench.boards.board import measured_again
from ra_bench.boards.folder import BOARD, RECORDS
from ra_bench.boards.folds import pool_folds
from ra_bench.boards.held_out import in_order
from ra_bench.boards.leaderboard import save_board
from ra_bench.boards.render.json import read_board
from ra_bench.errors import RecordError
from ra_bench.reports.known_films import films_of_predictions, listed, matched
from ra_bench.runs.records import SCORED, job_folder, predictions_csv, standing_records, write_record
from ra_bench.values import Predictions, RunRecord

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from ra_bench.reports.tables import ModelPredictions
    from ra_bench.specs import MetricSpec, RendererSpec
    from ra_bench.values import Board, Job

_NAME = re.compile(r"[A-Za-z0-9_+][A-Za-z0-9._+-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenBoard:
    """A measured board, its folder, the records that it was made of, and its test films, those of all folds."""

    folder: Path
    board: Board
    records: tuple[RunRecord, ...]
    films: Predictions


def open_board(folder: Path, runs: Path) -> OpenBoard:
    """Read a board and its records; those of the runs where they are here, since published ones may have other ids.

    Parameters
    ----------
    folder : Path
        The board's folder.
    runs : Path
        The folder of the board's runs; it need not be there.

    Raises
    ------
    RecordError
        There is no such board, or it has no record to measure by.
    """
    file = folder / f"{BOARD}.json"
    if not file.is_file():
        raise RecordError(
            f"There is no board in {folder}. Make it with 'ra-bench run', or name the folder of boards with --boards."
        )
    board = read_board(file.read_text(encoding="utf-8"))
    if board.before:
        raise RecordError(
            f"The board in {folder} shows predictions on other labels. Add the row to the board that it was made from, "
            "and re-score that again."
        )
    published, own = standing_records(folder / RECORDS)[0], standing_records(runs)[0]
    if published:
        shared = {(record.job.cohort, record.job.split, record.job.protocol_hash) for record in published}
        own = [record for record in own if (record.job.cohort, record.job.split, record.job.protocol_hash) in shared]
    whole = {_who(record) for record in published} <= {_who(record) for record in own}
    records = own if own and whole else published
    if not records:
        raise RecordError(
            f"The board in {folder} has no records, so that nothing says which films it is measured on. "
            "If its cohort is private, name the folder of its runs with --runs."
        )
    whole_records = pool_folds(records).records
    if not whole_records:
        raise RecordError(
            f"No model of the board in {folder} has all its folds, so that its test films are not known. Run it again: "
            "what stands is not trained again."
        )
    return OpenBoard(folder=folder, board=board, records=tuple(records), films=whole_records[0].predictions)


def on_board(model: ModelPredictions, opened: OpenBoard) -> ModelPredictions:
    """The predictions with readings and patients of the board's test films, all of which they must name.

    Raises
    ------
    CohortError, RecordError
        Films that are not on the board, or films of the board that are not in the table.
    """
    films = opened.films
    found = matched(model, films_of_predictions(films, f"the test films of the board '{opened.board.name}'"))
    if missing := sorted(set(films.ids) - set(found.predictions.ids)):
        raise RecordError(
            f"{model.source}: {len(missing)} of the {len(films.ids)} test films of the board '{opened.board.name}' are "
            f"not in it: {listed(missing)}. A board compares models on the same films: add the rows; a film that the "
            "model could not read may have an empty cell."
        )
    return found


def add_row(
    opened: OpenBoard,
    model: ModelPredictions,
    *,
    runs: Path,
    installed: Collection[str],
    metrics: Sequence[MetricSpec],
    renderers: Sequence[RendererSpec],
) -> Board:
    """Put the predictions on the board, and keep them so that the board can be made again.

    Parameters
    ----------
    opened : OpenBoard
        The board.
    model : ModelPredictions
        From `on_board`. An earlier row of that name, scored from predictions too, is replaced.
    runs : Path
        The folder of the board's runs; the record is kept there too, so that the next run does not drop the row.
    installed : collection of str
        Names of installed models, which a row may not take.
    metrics, renderers
        The registered ones.

    Returns
    -------
    Board
        As it was written.

    Raises
    ------
    RecordError
        A name that is taken, or that cannot name a folder.
    """
    _check_name(opened, model.name, installed)
    record = _record(opened, model)
    records = [*(other for other in opened.records if other.job.model != model.name), record]
    board = measured_again(opened.board, records, metrics)
    write_record(job_folder(runs, record.job), record)
    return save_board(board, records, opened.folder, renderers)


def _check_name(opened: OpenBoard, name: str, installed: Collection[str]) -> None:
    if not _NAME.fullmatch(name):
        raise RecordError(
            f"The name '{name}' cannot name a row of a board. Use letters, digits, '.', '_', '+' and '-': --name NAME."
        )
    trained = {record.job.model for record in opened.records if record.job.trainer != SCORED}
    taken = {model.replace("/", "--") for model in trained | set(installed)}  # as their folders are named
    if name in taken:
        raise RecordError(
            f"'{name}' is a model that ra-bench trains. Give these predictions another name: --name NAME."
        )


def _record(opened: OpenBoard, model: ModelPredictions) -> RunRecord:
    """What is kept: the board's setting, the predictions, and that nobody here knows how they were made."""
    pixels = dict(zip(opened.films.ids, opened.films.pixels, strict=False))  # none where they are not known
    given = model.predictions
    predictions = in_order(replace(given, pixels=tuple(pixels[film] for film in given.ids) if pixels else ()))
    content = hashlib.sha256(predictions_csv(predictions).encode()).hexdigest()
    return RunRecord(
        job=_job(opened, model.name, content),
        protocol={},
        predictions=predictions,
        history=(),
        parameters=None,
        madds=None,
        seconds=0.0,
        seconds_per_epoch=None,
        peak_memory=None,
        kept_epoch=None,
        pretrained_on=None,
        overrides={},
        device="elsewhere",
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
        environment={},
    )


def _job(opened: OpenBoard, name: str, content: str) -> Job:
    shared = opened.records[0].job
    # The same key for the same name, so that a better table replaces the record of the one before
    key = hashlib.sha256("\n".join((SCORED, name, shared.cohort, shared.split, shared.protocol_hash)).encode())
    return replace(
        shared,
        key=key.hexdigest(),
        board=opened.board.name,
        model=name,
        seed=0,
        plugin="predictions",
        plugin_version=content[:8],
        plugin_source=content[:16],
        trainer=SCORED,
        trainer_source="",
        pretraining=None,
        pretraining_version=None,
        fold=None,
    )


def _who(record: RunRecord) -> tuple[str, int, int]:
    return record.job.model, record.job.seed, 0 if record.job.fold is None else record.job.fold.number
