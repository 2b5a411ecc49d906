"""What the figures are drawn of: the films of the board, and the models and the reader that are shown."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan
from typing import TYPE_CHECKING

import numpy as np

from ra_bench.boards.evaluate import draw
from ra_bench.boards.figures.style import unit_of
from ra_bench.boards.folds import pool_folds
from ra_bench.boards.held_out import held_out, mean_reading
from ra_bench.boards.publishable import publishable
from ra_bench.boards.readers import further_reader_rmse
from ra_bench.errors import RecordError, UnknownNameError
from ra_bench.metrics import complete_pairs, rmse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ra_bench.boards.held_out import Floats, HeldOut
    from ra_bench.metrics import Resampling
    from ra_bench.values import Board, RunRecord

#: How many models are shown film by film if none is named.
BEST = 3
#: As many as have a colour and a shape of their own, beside the reader.
MOST_MODELS = 4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pairs:
    """A rater against a reference, film by film: arrays of shape (n,), all finite, in the order of the ids.

    `against` and `own` say what the two are; `further` is the RMSE that a further reader would have against the same
    reference, nan where that is not known. `reader` tells readers from models.
    """

    name: str
    against: str
    own: str
    ids: tuple[str, ...]
    reference: Floats
    predicted: Floats
    further: float
    reader: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Source:
    """A board with its films; `models` are those that are shown, best first, `which` says how they were chosen."""

    board: Board
    films: HeldOut
    resampling: Resampling
    records: tuple[RunRecord, ...]
    models: tuple[str, ...]
    which: str
    unit: str

    @property
    def ranked(self) -> tuple[str, ...]:
        """The ranked models, best first."""
        return tuple(row.name for row in self.board.rows if row.rank is not None)


def source_of(board: Board, records: Sequence[RunRecord], models: Sequence[str] = ()) -> Source | None:
    """The films that figures show; None where nothing was measured.

    Raises
    ------
    UnknownNameError, RecordError
        A model without predictions on this board, or too many.
    """
    if len(models) > MOST_MODELS:
        raise RecordError(f"Figures show at most {MOST_MODELS} models: {len(models)} are named. Name fewer.")
    whole = pool_folds(publishable(records, keep_ids=board.simulated)).records
    if not whole:
        return None
    films = held_out(whole)
    rated = [name for name, own in films.predicted.items() if np.isfinite(own[0] + films.reference).any()]
    for name in models:
        if name not in rated:
            raise UnknownNameError("model", name, rated, advice="Name one that this board has predictions of.")
    rows = [row for row in board.rows if row.name in rated]
    found = tuple(models) or tuple(row.name for row in rows if row.kind == "model") or tuple(row.name for row in rows)
    if not found:
        return None
    best = found if models else found[:BEST]
    which = "" if len(best) == len(found) else f"The {len(best)} best of {len(found)} models."
    return Source(
        board=board,
        films=films,
        resampling=draw(films),
        records=tuple(records),
        models=best,
        which=which,
        unit=unit_of(board),
    )


def model_pairs(source: Source, model: str) -> Pairs:
    """A model against the reference; of several seeds the first, since a mean over seeds would be another model."""
    films = source.films
    readers = len(films.readings)
    seeds = films.seeds[model]
    own = films.predicted[model][0]
    there = np.isfinite(films.reference) & np.isfinite(own)
    return Pairs(
        name=model if len(seeds) == 1 else f"{model}, seed {seeds[0]} (one of {len(seeds)})",
        against=f"mean of {readers} readers" if readers > 1 else next(iter(films.readings), "reference"),
        own="prediction",
        ids=tuple(np.array(films.ids, dtype=object)[there]),
        reference=films.reference[there],
        predicted=own[there],
        further=further_reader_rmse(list(films.readings.values())) if readers > 1 else nan,
    )


def reader_pairs(source: Source) -> Pairs | None:
    """The second reader against the first; of more the middle one by RMSE, against the mean of the others.

    None where there is one reader only, or no film that two of them read.
    """
    names, scores = list(source.films.readings), list(source.films.readings.values())
    if len(names) < 2:
        return None
    found = []
    for place, (name, own) in enumerate(zip(names, scores, strict=True)):
        if len(names) == 2 and place == 0:
            continue  # the board has one row of two readers: the second against the first
        others = scores[0] if len(names) == 2 else mean_reading([score for score in scores if score is not own])
        there = np.isfinite(others) & np.isfinite(own)
        if there.any():
            found.append((rmse(*complete_pairs(others, own)), name, others, own, there))
    if not found:
        return None
    error, name, others, own, there = sorted(found, key=lambda one: one[:2])[(len(found) - 1) // 2]
    against = names[0] if len(names) == 2 else "mean of the others"
    chosen = (
        f"{name} against {against}"
        if len(names) == 2
        else f"{name} against the others (middle of {len(names)} readers)"
    )
    return Pairs(
        name=chosen,
        against=against,
        own=name,
        ids=tuple(np.array(source.films.ids, dtype=object)[there]),
        reference=others[there],
        predicted=own[there],
        further=error,
        reader=True,
    )


def all_pairs(source: Source) -> list[Pairs]:
    """Every panel: the models that are shown, then the reader."""
    reader = reader_pairs(source)
    return [model_pairs(source, model) for model in source.models] + ([] if reader is None else [reader])


def drawn(scores: Floats, most: int) -> list[int]:
    """At most so many films, evenly spaced by their score: the mildest and the most severe among them.

    Examples
    --------
    >>> drawn(np.array([5.0, 1.0, 3.0, 2.0, 4.0]), 3)
    [1, 2, 0]
    """
    order = np.argsort(scores, kind="stable")
    if order.size <= most:
        return [int(row) for row in order]
    chosen = np.round(np.linspace(0, order.size - 1, most)).astype(int)
    return [int(row) for row in order[chosen]]
