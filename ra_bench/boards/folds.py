"""Out-of-fold predictions put together: each film once, by the model of the fold that did not see its patient.

A training in folds counts when all its folds stand. Until then it is no row with fewer films, but one that says which
folds are missing: on other films a model is not the like of the others.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain
from math import fsum
from typing import TYPE_CHECKING

from ra_bench.errors import RecordError
from ra_bench.runs.names import job_name
from ra_bench.values import BoardRow, Predictions, RunRecord, Uncertainty

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Pooled:
    """Trainings that are whole, a record each; folds that are missing, by model and seed; the site of each film."""

    records: tuple[RunRecord, ...]
    missing: Mapping[tuple[str, int], str]
    sites: Mapping[str, str]


def pool_folds(records: Sequence[RunRecord]) -> Pooled:
    """One record for each model and seed whose folds all stand; records of a single split stay as they are.

    The films of all folds are put together. Times are added up, memory is the largest, and seconds an epoch are the
    mean over the folds.

    Raises
    ------
    RecordError
        Two records of one model, seed and fold, or folds of different plans.
    """
    trainings: dict[tuple[str, int], list[RunRecord]] = {}
    whole = [record for record in records if record.job.fold is None]
    for record in records:
        if record.job.fold is not None:
            trainings.setdefault((record.job.model, record.job.seed), []).append(record)
    missing, sites = {}, {}
    for (model, seed), found in trainings.items():
        found.sort(key=_number)
        _check(found)
        of = found[0].job.fold.of if found[0].job.fold is not None else 0
        absent = sorted(set(range(1, of + 1)) - {_number(record) for record in found})
        if absent:
            missing[model, seed] = f"{folds_text(absent)} of {of}"
            continue
        whole.append(_together(found))
        sites.update({film: r.job.fold.site for r in found if r.job.fold is not None for film in r.predictions.ids})
    return Pooled(records=tuple(whole), missing=missing, sites=sites if all(sites.values()) else {})


def missing_rows(pooled: Pooled, unfinished: Iterable[BoardRow]) -> list[BoardRow]:
    """A row for each training with missing folds of which no row that did not finish tells."""
    told = {(row.name, seed) for row in unfinished for seed in row.seeds}
    return [
        BoardRow(
            kind="waiting",
            name=model,
            seeds=(seed,),
            remark=f"{folds[0].upper()}{folds[1:]} missing: it is measured when all folds stand. Run it again.",
        )
        for (model, seed), folds in sorted(pooled.missing.items())
        if (model, seed) not in told
    ]


def folds_text(numbers: Sequence[int]) -> str:
    """Folds by their numbers.

    Examples
    --------
    >>> folds_text([2]), folds_text([1, 2, 5])
    ('fold 2', 'folds 1, 2 and 5')
    """
    *most, last = map(str, numbers)
    return f"folds {', '.join(most)} and {last}" if most else f"fold {last}"


def _number(record: RunRecord) -> int:
    return 0 if record.job.fold is None else record.job.fold.number


def _check(found: Sequence[RunRecord]) -> None:
    first = found[0]
    numbers = [_number(record) for record in found]
    for record in found:
        who = job_name(record.job)
        if numbers.count(_number(record)) > 1:
            raise RecordError(f"Two records of {who}. Keep one of them.")
        if _plan(record) != _plan(first):
            raise RecordError(
                f"{who} is of another split plan than fold {_number(first)} of the same model and seed: out-of-fold "
                "predictions of two plans cannot be put together.\nGive each its own board, or run the older one again."
            )


def _plan(record: RunRecord) -> tuple[object, ...]:
    return record.job.cohort, record.job.split, record.job.protocol_hash, record.job.fold and record.job.fold.of


def _together(found: Sequence[RunRecord]) -> RunRecord:
    epochs = [record.seconds_per_epoch for record in found if record.seconds_per_epoch is not None]
    return replace(
        found[0],
        job=replace(found[0].job, fold=None),
        predictions=join_predictions([record.predictions for record in found]),
        validation=None,
        history=(),
        seconds=fsum(record.seconds for record in found),
        seconds_per_epoch=fsum(epochs) / len(epochs) if epochs else None,
        peak_memory=max((record.peak_memory for record in found if record.peak_memory is not None), default=None),
        kept_epoch=None,
        device=", ".join(sorted({record.device for record in found})),
        finished=max(record.finished for record in found),
    )


def join_predictions(parts: Sequence[Predictions]) -> Predictions:
    """One table of several; a reader who read none of a part's films has no readings there."""
    readers = dict.fromkeys(reader for part in parts for reader in part.readings)
    nothing = float("nan")
    return Predictions(
        ids=tuple(chain.from_iterable(part.ids for part in parts)),
        patients=tuple(chain.from_iterable(part.patients for part in parts)),
        readings={
            reader: tuple(chain.from_iterable(part.readings.get(reader, (nothing,) * len(part.ids)) for part in parts))
            for reader in readers
        },
        predicted=tuple(chain.from_iterable(part.predicted for part in parts)),
        pixels=tuple(chain.from_iterable(part.pixels for part in parts)) if all(p.pixels for p in parts) else (),
        uncertainty=_join_uncertainties([part.uncertainty for part in parts]),
        visits=tuple(chain.from_iterable(part.visits or (0,) * len(part.ids) for part in parts))
        if any(part.visits for part in parts)
        else (),
    )


def _join_uncertainties(parts: Sequence[Uncertainty | None]) -> Uncertainty | None:
    """What all parts say; intervals only where they are of one level."""
    given = [part for part in parts if part is not None]
    if len(given) < len(parts):
        return None
    names = ["sd"] if len({part.level for part in given}) > 1 else ["sd", "lower", "upper"]
    columns = {
        name: tuple(chain.from_iterable(getattr(part, name) for part in given))
        for name in names
        if all(getattr(part, name) for part in given)
    }
    return replace(given[0], **dict.fromkeys(("sd", "lower", "upper"), ()) | columns) if columns else None
