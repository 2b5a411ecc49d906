"""Rows of a board: models by rank, baselines, and what did not finish."""

from __future__ import annotations

from dataclasses import replace
from math import isnan, nan
from typing import TYPE_CHECKING, Literal

from ra_bench.boards.columns import P_BEST, RANK, READER_RATIO
from ra_bench.boards.ensembles import ensemble_text
from ra_bench.boards.evaluate import rounded
from ra_bench.boards.folds import folds_text
from ra_bench.boards.rank import compared, places_of
from ra_bench.runs.records import SCORED
from ra_bench.runs.weights import weights_text
from ra_bench.values import BoardRow, MetricValue

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from ra_bench.boards.evaluate import Measured
    from ra_bench.boards.rank import Place
    from ra_bench.values import Failure, Job, RunRecord

#: The baseline that every model is held against: it answers the mean of the training scores for every film.
MEAN_BASELINE = "mean"


def measured_rows(
    records: Sequence[RunRecord],
    measured: Mapping[str, Measured],
    *,
    baselines: Collection[str],
    benchmark: float,
    scored: int,
) -> list[BoardRow]:
    """Models by rank, then those that cannot be ranked, then baselines by RMSE.

    Parameters
    ----------
    records : sequence of RunRecord
        All runs that were measured.
    measured : mapping of str to Measured
        By model.
    baselines : collection of str
        Models that are shown but not ranked.
    benchmark : float
        RMSE of a further reader, nan without two readers.
    scored : int
        Test films that have a reference: a model that leaves one out is not ranked.
    """
    models = {name: found for name, found in measured.items() if name not in baselines}
    places = places_of({name: found for name, found in models.items() if found.films == scored})
    others = [name for name in models if name not in places]
    floor = measured.get(MEAN_BASELINE) if MEAN_BASELINE in baselines else None
    rows = []
    for name in (*places, *others):
        said = [_missing(measured[name], scored, "It is not ranked."), _against_mean(measured[name], floor)]
        rows.append(_row("model", name, records, measured[name], places.get(name), benchmark, scored, said))
    for name in sorted(measured.keys() & set(baselines), key=lambda name: (measured[name].rmse.estimate, name)):
        said = [_missing(measured[name], scored, "")]
        rows.append(_row("baseline", name, records, measured[name], None, benchmark, scored, said))
    return rows


def unfinished_rows(failures: Sequence[Failure], waiting: Sequence[Job]) -> list[BoardRow]:
    """A row a model and reason, with the seeds that it holds for; failed ones first."""
    failed = {_which(failure.job) for failure in failures}
    reasons: dict[tuple[str, str], list[Job]] = {}
    for failure in sorted(failures, key=lambda failure: _which(failure.job)):
        said = " ".join(sentence for sentence in (failure.reason, failure.advice) if sentence)
        reasons.setdefault((failure.job.model, said), []).append(failure.job)
    later: dict[str, list[Job]] = {}
    for job in sorted(waiting, key=_which):
        if _which(job) not in failed:
            later.setdefault(job.model, []).append(job)
    return [_unfinished("failed", jobs, reason) for (_, reason), jobs in reasons.items()] + [
        _unfinished("waiting", jobs, "Not run yet.") for jobs in later.values()
    ]


def _unfinished(kind: Literal["failed", "waiting"], jobs: Sequence[Job], reason: str) -> BoardRow:
    folds = sorted({job.fold.number for job in jobs if job.fold is not None})
    return BoardRow(
        kind=kind,
        name=jobs[0].model,
        seeds=tuple(dict.fromkeys(job.seed for job in jobs)),
        remark=f"{folds_text(folds).capitalize()}: {reason}" if folds else reason,
    )


def _which(job: Job) -> tuple[str, int, int]:
    return job.model, job.seed, 0 if job.fold is None else job.fold.number


def still_unfinished(rows: Iterable[BoardRow], records: Sequence[RunRecord]) -> list[BoardRow]:
    """Failed and waiting rows without the seeds that have a record by now."""
    done = {(record.job.model, record.job.seed) for record in records}
    left = [replace(row, seeds=tuple(seed for seed in row.seeds if (row.name, seed) not in done)) for row in rows]
    return [row for row in left if row.seeds]


def _row(
    kind: str,
    name: str,
    records: Sequence[RunRecord],
    measured: Measured,
    place: Place | None,
    benchmark: float,
    scored: int,
    said: Sequence[str],
) -> BoardRow:
    own = sorted((record for record in records if record.job.model == name), key=lambda record: record.job.seed)
    values = dict(measured.values)
    if not isnan(benchmark):
        # Readers who agree on every film leave nothing to divide by.
        values[READER_RATIO] = MetricValue(value=rounded(measured.rmse.estimate / benchmark) if benchmark else nan)
    if place is not None:
        values |= {RANK: place.interval, P_BEST: MetricValue(value=place.best)}
    seconds = [record.seconds_per_epoch for record in own if record.seconds_per_epoch is not None]
    memory = [record.peak_memory for record in own if record.peak_memory is not None]
    return BoardRow(
        kind="baseline" if kind == "baseline" else "model",
        name=name,
        rank=None if place is None else place.rank,
        seeds=tuple(record.job.seed for record in own),
        films=measured.films,
        missing=scored - measured.films,
        metrics=values,
        parameters=own[0].parameters,
        madds=own[0].madds,
        seconds_per_epoch=rounded(sum(seconds) / len(seconds)) if seconds else None,
        peak_memory=max(memory, default=None),
        pretrained_on=", ".join(sorted({record.pretrained_on for record in own if record.pretrained_on})) or None,
        remark=" ".join(
            sentence
            for sentence in (
                *said,
                ensemble_text(own),
                *_elsewhere(own),
                *_weights(own),
                *_overrides(own),
                *_in_parts(own),
                *_on_devices(own),
                *_uncounted(own),
                *measured.problems,
            )
            if sentence
        ),
    )


def _missing(measured: Measured, scored: int, consequence: str) -> str:
    if measured.films == scored:
        return ""
    return f"{scored - measured.films} of {scored} films have no prediction. {consequence}".strip()


def _against_mean(measured: Measured, floor: Measured | None) -> str:
    if floor is None or measured.films != floor.films:
        return ""
    side = compared(measured.rmse, floor.rmse)
    if side < 0:
        return ""
    if side > 0:
        return "Worse than the mean baseline."
    return "Not separated from the mean baseline: on these films, answering the same mean for all is about as good."


def _elsewhere(records: Sequence[RunRecord]) -> list[str]:
    if not any(record.job.trainer == SCORED for record in records):
        return []
    return ["Scored from predictions: made elsewhere, so its training and whether it saw the test films are not known."]


def _weights(records: Sequence[RunRecord]) -> list[str]:
    return sorted({weights_text(record.weights) for record in records if record.weights is not None})


def _overrides(records: Sequence[RunRecord]) -> list[str]:
    changes = sorted({f"{key} = {value}" for record in records for key, value in record.overrides.items()})
    return [f"Changes the protocol: {', '.join(changes)}."] if changes else []


def _in_parts(records: Sequence[RunRecord]) -> list[str]:
    """Said, since batch normalisation then sees a part at a time."""
    most = max(record.batch_parts for record in records)
    return [f"Each batch went through the network in {most} parts."] if most > 1 else []


def _on_devices(records: Sequence[RunRecord]) -> list[str]:
    """Said, since batch normalisation sees the share of one device at a time, unless the protocol says otherwise."""
    most = max(record.devices for record in records)
    if most == 1:
        return []
    synchronised = all(record.protocol.get("compute", {}).get("sync_batch_norm") for record in records)
    seen = "the whole batch" if synchronised else "the share of one device at a time"
    return [f"Each batch was shared by {most} devices; batch normalisation, if there is any, saw {seen}."]


def _uncounted(records: Sequence[RunRecord]) -> list[str]:
    names = sorted({name for record in records for name in record.uncounted or ()})
    return [f"More MAdds than said: not counted: {', '.join(names)}."] if names else []
