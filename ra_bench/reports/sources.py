"""What a comparison is made of: run folders, folders of runs, boards, files of predictions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ra_bench.boards.folds import pool_folds
from ra_bench.errors import RecordError, TableError
from ra_bench.reports.columns import Columns, find_columns
from ra_bench.reports.tables import read_model_predictions, read_scores_table
from ra_bench.runs.records import RECORD, standing_records

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ra_bench.cohorts.table import Table
    from ra_bench.reports.tables import ModelPredictions
    from ra_bench.values import Predictions, RunRecord

_BOARD = "board.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """A model with the predictions of each of its seeds; `seeds` is empty for a file. `guesses` are about its table.

    A file without a reference has predictions without readings: those of another contender stand in.
    """

    name: str
    source: str
    predictions: tuple[Predictions, ...]
    seeds: tuple[int, ...] = ()
    patients_known: bool = True
    guesses: tuple[str, ...] = ()


def read_contenders(paths: Sequence[Path]) -> tuple[Contender, ...]:
    """Read all models that are to be compared, each under a name of its own.

    Parameters
    ----------
    paths : sequence of Path
        Each a run's folder, a folder with records below it (a board, or runs/<board>), or a file of predictions.

    Returns
    -------
    tuple of Contender
        In the given order; the models of a folder by name. Several seeds of a model in one folder are one contender;
        two contenders of one name are told apart by where they come from.

    Raises
    ------
    RecordError
        Nothing that could be compared in a folder, or two finished runs of one model and seed.
    TableError
        A file cannot be read.
    """
    found = [contender for path in paths for contender in _contenders(path)]
    names = [contender.name for contender in found]
    named = [_renamed(contender) if names.count(contender.name) > 1 else contender for contender in found]
    for number, contender in enumerate(named):
        for other in named[:number]:
            if contender.name == other.name:
                raise RecordError(
                    f"'{contender.name}' is given twice. Leave one out, or put the two into folders of different names."
                )
    return tuple(named)


def _contenders(path: Path) -> list[Contender]:
    if (path / RECORD).exists() or path.name == RECORD:
        return [_of_one(read_model_predictions(path), path)]
    if not path.is_dir():
        return [_of_one(_of_file(path), path)]
    records, broken = standing_records(path)
    if broken:
        raise broken[0]
    if not records:
        private = (path / _BOARD).exists()
        why = "keeps no predictions: its cohort is private, or nothing is measured yet" if private else "holds no run"
        raise RecordError(
            f"{path} {why}. Name a file of predictions, the folder of a finished run (it has a {RECORD}), a board with "
            "records/, or a folder below runs/."
        )
    pooled = pool_folds(records)
    if pooled.missing and not pooled.records:
        (model, seed), folds = next(iter(pooled.missing.items()))
        raise RecordError(
            f"{path}: of {model}, seed {seed}, {folds} missing, and no other model is whole. Run it again: "
            "what stands is not trained again."
        )
    models: dict[str, list[RunRecord]] = {}
    for record in pooled.records:
        models.setdefault(record.job.model, []).append(record)
    first, *others = [_of_seeds(model, models[model], path) for model in sorted(models)]
    left = [f"Left out: {model}, seed {seed}, {folds} missing." for (model, seed), folds in pooled.missing.items()]
    return [replace(first, guesses=(*first.guesses, *left)), *others]


def _of_file(file: Path) -> ModelPredictions:
    try:
        return read_model_predictions(file, needs_reference=_has_reference(read_scores_table(file)))
    except TableError as error:
        if "--" not in str(error):
            raise
        raise TableError(
            f"{error}\nThose are options of 'ra-bench score'. Here, head the columns film, patient (where known), "
            "reference and predicted."
        ) from error


def _has_reference(table: Table) -> bool:
    """Whether a table has readings, or at least cannot be understood without them."""
    try:
        find_columns(table, Columns())
    except TableError:
        try:
            find_columns(table, Columns(), needs_reference=False)
        except TableError:
            return True
        return False
    return True


def _of_one(given: ModelPredictions, path: Path) -> Contender:
    seeds = () if given.record is None else (given.record.job.seed,)
    return Contender(
        name=given.name,
        source=str(path),
        predictions=(given.predictions,),
        seeds=seeds,
        patients_known=given.patients_known,
        guesses=given.guesses,
    )


def _of_seeds(model: str, records: list[RunRecord], path: Path) -> Contender:
    records = sorted(records, key=lambda record: record.job.seed)
    seeds = tuple(record.job.seed for record in records)
    for seed in seeds:
        if seeds.count(seed) > 1:
            raise RecordError(
                f"{path} holds {seeds.count(seed)} finished runs of {model} seed {seed}. Name the folders of the runs "
                "that you mean, or the board, which holds those that stand."
            )
    return Contender(
        name=model, source=str(path), predictions=tuple(record.predictions for record in records), seeds=seeds
    )


def _renamed(contender: Contender) -> Contender:
    return replace(contender, name=f"{contender.name} ({contender.source})")
