"""Ensembles: the predictions of finished runs put together film by film. Nothing is trained, and nothing is guessed.

Members are runs of one board, so that cohort, split and protocol are the same. An ensemble stands as long as all its
members do, with the predictions that it was made of.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, TypeVar

import numpy as np

from ra_bench.boards.columns import COMMAND
from ra_bench.boards.held_out import in_order
from ra_bench.errors import RecordError
from ra_bench.runs.merge import same_films
from ra_bench.runs.names import job_name
from ra_bench.runs.records import ENSEMBLE
from ra_bench.values import Ensemble, Failure, Member, RunRecord, Uncertainty

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ra_bench.boards.facts import Facts
    from ra_bench.boards.held_out import Floats
    from ra_bench.values import Board, Job, Predictions

How = Literal["mean", "median"]
Number = TypeVar("Number", int, float)


def ensembles_of(
    records: Sequence[RunRecord],
    models: Sequence[str],
    *,
    name: str,
    seeds: Sequence[int] = (),
    how: How = "mean",
    together: bool = False,
    facts: Facts = (),
) -> list[RunRecord]:
    """The records of an ensemble: one for all seeds of one model; of several models one a seed, or one for all.

    Parameters
    ----------
    records : sequence of RunRecord
        Those of one board.
    models : sequence of str
        The members' models, in any order.
    name : str
        What the row is called.
    seeds : sequence of int
        Those to take; if not given, all that each of the models has.
    how : str
        Whether a film's prediction is the mean of the members' or their median.
    together : bool
        Whether all seeds of several models make one ensemble, and not an ensemble a seed.
    facts : tuple of (name, value)
        Those of the board, for the command that would train what is missing.

    Returns
    -------
    list of RunRecord
        By seed, and a record a fold where there are folds. The same members give the same bytes.

    Raises
    ------
    RecordError
        A member that is not on the board, is an ensemble itself, or is of other films; or fewer than two members.
    """
    models = sorted(dict.fromkeys(models))
    if not models:
        raise RecordError("No model is named. Name those of the board that are to be members: --models a,b.")
    own = {model: [record for record in records if record.job.model == model] for model in models}
    for model, found in own.items():
        _check_model(model, found, records, facts)
    there = {model: {record.job.seed for record in found} for model, found in own.items()}
    chosen = sorted(set(seeds) or set.intersection(*there.values()))
    for model, known in there.items():
        if missing := [seed for seed in chosen if seed not in known]:
            raise RecordError(
                f"'{model}' has no finished run of seed {missing[0]} on this board; it has {_numbers(known)}. "
                f"{_train(facts, [model], missing)}"
            )
    if not chosen:
        raise RecordError(
            f"No seed is common to {_names(models)}: {'; '.join(f'{m} has {_numbers(there[m])}' for m in models)}. "
            f"An ensemble of several models takes the same seeds of each. {_train(facts, models, [])}"
        )
    if len(models) == 1 and len(chosen) == 1:
        raise RecordError(
            f"An ensemble takes two runs or more, and there is one: '{models[0]}', seed {chosen[0]}. Name more models, "
            f"or train more seeds. {_train(facts, models, [chosen[0], chosen[0] + 1])}"
        )
    groups = [chosen] if together or len(models) == 1 else [[seed] for seed in chosen]
    runs = [[record for model in models for record in own[model] if record.job.seed in group] for group in groups]
    return [record for group in runs for record in _of_folds(name, group, how)]


def stale_ensembles(records: Sequence[RunRecord]) -> list[Failure]:
    """A failure for each record of an ensemble of which a member is gone or has other predictions than it had."""
    if all(record.ensemble is None for record in records):
        return []
    standing = {
        (record.job.key, predictions_digest(record.predictions)) for record in records if record.ensemble is None
    }
    gone: dict[str, Member] = {}
    for record in records:
        for member in () if record.ensemble is None else record.ensemble.members:
            if (member.key, member.predictions) not in standing:
                gone.setdefault(record.job.model, member)
    return [
        Failure(
            job=record.job,
            reason=(
                f"Its member {gone[name].model}, seed {gone[name].seed}, was made anew since, or is no longer on the "
                "board."
            ),
            log="",
            advice=f"Make it anew: {ensemble_command([other for other in records if other.job.model == name])}",
        )
        for record in records
        if (name := record.job.model) in gone
    ]


def without_stale(records: Sequence[RunRecord]) -> tuple[list[RunRecord], list[Failure]]:
    """The records that stand, and the failures of `stale_ensembles`."""
    stale = stale_ensembles(records)
    gone = {failure.job.model for failure in stale}
    return [record for record in records if record.job.model not in gone], stale


def unlike_their_members(records: Sequence[RunRecord]) -> list[str]:
    """A sentence on each record of an ensemble that is not what its members' predictions give."""
    by_key = {record.job.key: record for record in records if record.ensemble is None}
    said = [f"{job_name(failure.job)}: {failure.reason}" for failure in stale_ensembles(records)]
    for record in records:
        members = [by_key.get(member.key) for member in record.ensemble.members] if record.ensemble is not None else []
        group = [member for member in members if member is not None]
        if record.ensemble is None or len(group) < len(members):
            continue  # no ensemble, or its members are not there: that is told
        made = _combined(group, [member.predictions for member in group], record.ensemble.how)
        if not np.allclose(made.predicted, in_order(record.predictions).predicted, rtol=1e-12, equal_nan=True):
            said.append(f"{job_name(record.job)}: its predictions are not the {record.ensemble.how} of its members'.")
    return said


def predictions_digest(given: Predictions) -> str:
    """sha256 of what is predicted, in the order of the films; films that are numbered anew keep that order."""
    return hashlib.sha256("\n".join(repr(float(value)) for value in in_order(given).predicted).encode()).hexdigest()


def ensemble_text(records: Sequence[RunRecord]) -> str:
    """What a row of an ensemble is made of, in a sentence; empty for other rows."""
    found = [record.ensemble for record in records if record.ensemble is not None]
    if not found:
        return ""
    models: dict[str, list[int]] = {}
    for ensemble in found:
        for member in ensemble.members:
            models.setdefault(member.model, []).append(member.seed)
    size = len(found[0].members)
    if len({record.job.seed for record in records}) > 1:
        parts = f"{_names(list(models))}, seed by seed"
    else:
        parts = "; ".join(f"{model}, {_numbers(sorted(set(seeds)))}" for model, seeds in models.items())
    return f"Ensemble, the {found[0].how} of {size} runs: {parts}. Its costs are those of all {size} together."


def ensemble_values(board: Board, folder: Path, records: Sequence[RunRecord]) -> dict[str, object]:
    """The row of an ensemble, and what it is made of, for programs."""
    name = records[0].job.model
    return {
        "board": board.name,
        "folder": str(folder),
        "row": next(row for row in board.rows if row.name == name),
        "ensembles": [
            {
                "seed": record.job.seed,
                "fold": record.job.fold,
                "how": record.ensemble.how,
                "members": record.ensemble.members,
            }
            for record in records
            if record.ensemble is not None
        ],
    }


def ensemble_command(records: Sequence[RunRecord]) -> str:
    """The command that makes an ensemble again."""
    first = records[0]
    members = [member for record in records for member in (record.ensemble.members if record.ensemble else ())]
    models, seeds = sorted({member.model for member in members}), sorted({member.seed for member in members})
    own = {record.job.seed for record in records}
    together = len(models) > 1 and len(seeds) > len(own)
    how = first.ensemble.how if first.ensemble is not None else "mean"
    return (
        f"ra-bench ensemble {first.job.board} --models {','.join(models)} --seeds {','.join(map(str, seeds))}"
        f"{' --together' if together else ''}{'' if how == 'mean' else f' --how {how}'} --name {first.job.model}"
    )


def _check_model(model: str, found: Sequence[RunRecord], records: Sequence[RunRecord], facts: Facts) -> None:
    if not found:
        there = sorted({record.job.model for record in records if record.ensemble is None})
        raise RecordError(
            f"The board has no finished run of '{model}'. It has {', '.join(there)}. {_train(facts, [model], [])}"
        )
    if found[0].ensemble is not None:
        members = sorted({member.model for member in found[0].ensemble.members})
        raise RecordError(f"'{model}' is an ensemble already. Name its members instead: {','.join(members)}.")


def _of_folds(name: str, group: Sequence[RunRecord], how: How) -> list[RunRecord]:
    """A record a fold; one where the films are split once."""
    folds: dict[int, list[RunRecord]] = {}
    for record in group:
        folds.setdefault(0 if record.job.fold is None else record.job.fold.number, []).append(record)
    runs = {(record.job.model, record.job.seed) for record in group}
    for number, found in folds.items():
        absent = sorted(runs - {(record.job.model, record.job.seed) for record in found})
        if absent:
            model, seed = absent[0]
            raise RecordError(
                f"'{model}', seed {seed}, has no finished run of fold {number}, and other members have. Run it again: "
                "what stands is not trained again."
            )
    return [_together(name, found, how) for _, found in sorted(folds.items())]


def _together(name: str, group: Sequence[RunRecord], how: How) -> RunRecord:
    first = group[0]
    validations = [record.validation for record in group]
    memory = [record.peak_memory for record in group if record.peak_memory is not None]
    uncounted = [record.uncounted for record in group if record.uncounted is not None]
    return RunRecord(
        job=_job(name, [record.job for record in group], how),
        protocol={},
        predictions=_combined(group, [record.predictions for record in group], how),
        validation=_combined(group, [given for given in validations if given is not None], how)
        if None not in validations
        else None,
        history=(),
        parameters=_sum([record.parameters for record in group]),
        madds=_sum([record.madds for record in group]),
        seconds=sum(record.seconds for record in group),
        seconds_per_epoch=_sum([record.seconds_per_epoch for record in group]),
        peak_memory=max(memory, default=None),
        kept_epoch=None,
        pretrained_on=", ".join(sorted({record.pretrained_on for record in group if record.pretrained_on})) or None,
        overrides={},
        device=", ".join(sorted({record.device for record in group})),
        # Not when it was put together: made again, it is the same to the byte
        finished=max(record.finished for record in group),
        environment={},
        trained_on=first.trained_on,
        uncounted=tuple(sorted({operation for names in uncounted for operation in names})) if uncounted else None,
        ensemble=Ensemble(
            how=how,
            members=tuple(
                Member(
                    model=record.job.model,
                    seed=record.job.seed,
                    key=record.job.key,
                    predictions=predictions_digest(record.predictions),
                )
                for record in group
            ),
        ),
    )


def _combined(group: Sequence[RunRecord], tables: Sequence[Predictions], how: How) -> Predictions:
    for record, table in zip(group, tables, strict=True):
        if not same_films(tables[0], table):
            raise RecordError(
                f"{job_name(group[0].job)} and {job_name(record.job)} are of different films, patients or readings, so "
                "that their predictions do not belong together. Run the older one again."
            )
    tables = [in_order(table) for table in tables]
    predicted = np.array([table.predicted for table in tables])
    middle = predicted.mean(axis=0) if how == "mean" else np.median(predicted, axis=0)
    return replace(
        tables[0],
        predicted=tuple(map(float, middle)),
        uncertainty=Uncertainty(sd=tuple(map(float, _spread(predicted, tables)))),
    )


def _spread(predicted: Floats, tables: Sequence[Predictions]) -> Floats:
    """SD among the members; where each gives an SD of its own, that of their mixture (law of total variance)."""
    own = [table.uncertainty.sd for table in tables if table.uncertainty is not None and table.uncertainty.sd]
    if len(own) < len(tables):
        among: Floats = predicted.std(axis=0, ddof=1)
        return among
    mixture: Floats = np.sqrt(np.square(own).mean(axis=0) + predicted.var(axis=0))
    return mixture


def _job(name: str, members: Sequence[Job], how: How) -> Job:
    first = members[0]
    seed = min(job.seed for job in members)
    # The same key for the same name and seed, so that an ensemble that is made anew replaces the one before
    identity = (ENSEMBLE, name, first.cohort, first.split, first.protocol_hash, seed, first.fold)
    return replace(
        first,
        key=hashlib.sha256("\n".join(map(str, identity)).encode()).hexdigest(),
        model=name,
        seed=seed,
        plugin="ensemble",
        plugin_version=how,
        plugin_source="",
        trainer=ENSEMBLE,
        trainer_source="",
        pretraining=None,
        pretraining_version=None,
        weights=None,
    )


def _sum(values: Sequence[Number | None]) -> Number | None:
    """Their sum; None where one is not known."""
    known = [value for value in values if value is not None]
    return sum(known[1:], start=known[0]) if len(known) == len(values) else None


def _train(facts: Facts, models: Sequence[str], seeds: Sequence[int]) -> str:
    """How a run that is missing is had."""
    command = dict(facts).get(COMMAND, "")
    if "--models all" not in command or any("+" in model for model in models):
        return ""
    chosen = f" --seeds {','.join(map(str, seeds))}" if seeds else ""
    wanted = f"--models {','.join(models)}{chosen}"
    return f"Train what is missing: {command.replace('--models all', wanted)}"


def _numbers(seeds: Sequence[int] | set[int]) -> str:
    return f"{'seed' if len(seeds) == 1 else 'seeds'} {', '.join(map(str, sorted(seeds)))}"


def _names(models: Sequence[str]) -> str:
    *most, last = models
    return f"{', '.join(most)} and {last}" if most else last
