"""A row for predictions that were made elsewhere, on a board that is there: the same films, marked as what it is."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ra_bench.boards.board import measured_again
from ra_bench.boards.ensembles import without_stale
from ra_bench.boards.folder import BOARD, RECORDS
from ra_bench.boards.folds import pool_folds
from ra_bench.boards.held_out import in_order
from ra_bench.boards.leaderboard import save_board
from ra_bench.boards.render.json import read_board
from ra_bench.boards.rows import unfinished_rows
from ra_bench.errors import RecordError
from ra_bench.reports.known_films import films_of_predictions, listed, matched
from ra_bench.runs.records import (
    SCORED,
    is_trained,
    job_folder,
    predictions_csv,
    remove_record,
    standing_records,
    write_record,
)
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
        keys = {record.job.key for record in published}
        own = [record for record in own if record.job.key in keys]
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
    check_name(opened, model.name, installed, replaces=SCORED)
    return put_row(opened, [_record(opened, model)], runs=runs, metrics=metrics, renderers=renderers)


def put_row(
    opened: OpenBoard,
    made: Sequence[RunRecord],
    *,
    runs: Path,
    metrics: Sequence[MetricSpec],
    renderers: Sequence[RendererSpec],
) -> Board:
    """Put records of one name on the board, in place of those of that name, and keep them among the runs."""
    name = made[0].job.model
    records, stale = without_stale([*(record for record in opened.records if record.job.model != name), *made])
    told = {name} | {failure.job.model for failure in stale}
    rows = [*(row for row in opened.board.rows if row.name not in told), *unfinished_rows(stale, [])]
    board = measured_again(replace(opened.board, rows=tuple(rows)), records, metrics)
    _forget_others(made, runs)
    for record in made:
        write_record(job_folder(runs, record.job), record)
    return save_board(board, records, opened.folder, renderers)


def _forget_others(made: Sequence[RunRecord], runs: Path) -> None:
    """Remove records of that name, made in that way, which these replace: of other seeds. Never those of a training."""
    kept = {job_folder(runs, record.job) for record in made}
    for record in standing_records(job_folder(runs, made[0].job).parent)[0]:
        folder = job_folder(runs, record.job)
        if record.job.trainer == made[0].job.trainer and folder not in kept:
            remove_record(folder)


def check_name(opened: OpenBoard, name: str, installed: Collection[str], *, replaces: str) -> None:
    """Refuse a name for a row that cannot be a folder, or that is not that of a row of the same kind.

    Raises
    ------
    RecordError
        What is wrong with it.
    """
    if not _NAME.fullmatch(name):
        raise RecordError(
            f"The name '{name}' cannot name a row of a board. Use letters, digits, '.', '_', '+' and '-': --name NAME."
        )
    others = {record.job.model: record.job for record in opened.records if record.job.trainer != replaces}
    trained = {model for model, job in others.items() if is_trained(job)}
    if name in {model.replace("/", "--") for model in trained | set(installed)}:  # as their folders are named
        raise RecordError(
            f"'{name}' is a model that ra-bench trains. Give these predictions another name: --name NAME."
        )
    if name in others:
        raise RecordError(
            f"'{name}' is a row already, {others[name].trainer}. Give these predictions another name: --name NAME."
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
