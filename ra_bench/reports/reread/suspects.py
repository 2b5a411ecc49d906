"""Which films to read again: those where most models err to one side by more than two readers differ."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import ceil, isfinite, sqrt
from typing import TYPE_CHECKING

import numpy as np

from ra_bench.boards.evaluate import rounded
from ra_bench.errors import RecordError
from ra_bench.metrics import complete_pairs, limits_of_agreement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ra_bench.boards.held_out import Floats, HeldOut
    from ra_bench.values import Board

#: Fewer models than this agree by chance too often.
LEAST_MODELS = 3
#: Share of the models that must err to one side.
MOST = 0.75
#: Less than this is no side: what rounding leaves of a model that answers the same for all.
_NOTHING = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """A film where models agree against the reference.

    `off` is the median over models of prediction minus reference, less what each model is off at such a reference
    anyway: above 0 the models read more damage. `same_side` and `beyond` count the models on that side, and those of
    them by more than the margin.
    """

    film: str
    reference: float
    off: float
    same_side: int
    beyond: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelAudit:
    """All suspects, the most consistent first; the other films with a reference; and what they were held against."""

    suspects: tuple[Suspect, ...]
    others: tuple[tuple[str, float], ...]
    models: tuple[str, ...]
    margin: float
    margin_given: bool


def audit_labels(board: Board, films: HeldOut, margin: float | None = None) -> LabelAudit:
    """Find the films whose reference most ranked models contradict.

    Parameters
    ----------
    board : Board
        Says which models are ranked; only these have a voice, whatever the number of their seeds.
    films : HeldOut
        Of the same board.
    margin : float, optional
        By how much models must be off, in the unit of the scale. If not given: half the width of the 95 % limits of
        agreement of two readers, the root mean square over all pairs of readers.

    Returns
    -------
    LabelAudit
        A film is suspect if at least three quarters of the models err to one side and their median error is beyond
        the margin. Each model's error is taken less its straight line on the reference, since models shrink: they
        read severe films too low and mild ones too high whatever the readers did.

    Raises
    ------
    RecordError
        Fewer than three ranked models, fewer than three films with a reference, or no margin: none is given, and no
        two readers differ.
    """
    models = [row.name for row in board.rows if row.rank is not None and row.name in films.predicted]
    if len(models) < LEAST_MODELS:
        raise RecordError(
            f"The board '{board.name}' has {len(models)} ranked models, and films are told apart by models that agree: "
            f"it takes {LEAST_MODELS} or more. Train more with 'ra-bench run', or add predictions with 'ra-bench score "
            "--board'."
        )
    if films.scored < LEAST_MODELS:
        raise RecordError(f"Only {films.scored} films of the board '{board.name}' have a reference. It takes three.")
    limit = reader_margin(list(films.readings.values())) if margin is None else margin
    if limit is None:
        raise RecordError(
            f"The board '{board.name}' knows no two readers who read the same films, so how far readers differ is not "
            "known. Say with --margin how far models must be off, in units of the score."
        )
    if not (isfinite(limit) and limit > 0):
        raise RecordError(
            f"Models must be off by more than {limit:g}: that is no yardstick. Say with --margin how far, in units "
            "of the score, above 0."
        )
    scored = np.flatnonzero(np.isfinite(films.reference))
    off = np.stack([errors_beyond_shrinkage(films.reference, films.predicted[model]) for model in models])[:, scored]
    median, same_side, beyond = _votes(off, limit)
    suspect = (np.abs(median) > limit) & (same_side >= ceil(MOST * len(models)))
    found = [
        Suspect(
            film=films.ids[place],
            reference=rounded(float(films.reference[place])),
            off=rounded(float(median[at])),
            same_side=int(same_side[at]),
            beyond=int(beyond[at]),
        )
        for at, place in enumerate(scored)
        if suspect[at]
    ]
    return LabelAudit(
        suspects=tuple(sorted(found, key=lambda one: (-one.beyond, -abs(one.off), one.film))),
        others=tuple(
            (films.ids[place], float(films.reference[place])) for at, place in enumerate(scored) if not suspect[at]
        ),
        models=tuple(models),
        margin=rounded(limit),
        margin_given=margin is not None,
    )


def reader_margin(readings: Sequence[Floats]) -> float | None:
    """Half the width of the limits of agreement of two readers: 1.96 SD of their differences, over all pairs.

    None where no two readers share two films.

    Examples
    --------
    >>> round(reader_margin([np.array([10.0, 20.0, 30.0]), np.array([11.0, 19.0, 30.0])]), 2)
    1.96
    """
    pairs = [complete_pairs(first, second) for first, second in combinations(readings, 2)]
    limits = [limits_of_agreement(*pair) for pair in pairs if pair[0].size > 1]
    if not limits:
        return None
    return sqrt(float(np.mean([((one.high - one.low) / 2) ** 2 for one in limits])))


def errors_beyond_shrinkage(reference: Floats, predicted: Floats) -> Floats:
    """How far a model is off film by film, less its least-squares line on the reference.

    Parameters
    ----------
    reference : ndarray of shape (n,)
        nan where missing.
    predicted : ndarray of shape (seeds, n)
        nan where missing; the mean of the seeds counts.

    Returns
    -------
    ndarray of shape (n,)
        nan where missing. A model that answers the same for all films is off by nothing: it says nothing of any.
    """
    error: Floats = np.mean(predicted, axis=0) - reference
    known = np.isfinite(error)
    if known.sum() < 2 or np.ptp(reference[known]) == 0:
        return error - np.mean(error[known]) if known.any() else error
    centred = reference - np.mean(reference[known])
    slope = np.sum(centred[known] * error[known]) / np.sum(np.square(centred[known]))
    left: Floats = error - np.mean(error[known]) - slope * centred
    return left


def _votes(off: Floats, limit: float) -> tuple[Floats, Floats, Floats]:
    """By film: median over models, models on the side of the median, and those of them beyond the limit."""
    median = np.median(off, axis=0)
    toward = off * np.sign(median)
    return median, (toward > _NOTHING).sum(axis=0), (toward > limit).sum(axis=0)
