"""Table 6: four films with readers, mean and predictions, by a rule that looks at no prediction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from ra_bench.boards.evaluate import rounded
from ra_bench.reports.paper.models import EVERY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ra_bench.boards.held_out import HeldOut
    from ra_bench.reports.board_films import BoardFilms
    from ra_bench.values import Board

#: More than this off the mean of the readers is red in the paper. It calls the rest near, without another number.
FAR = 15.0
FILMS, SEED = 4, 0
Mark: TypeAlias = Literal["near", "above", "below", ""]


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmRow:
    """One film: readings by reader, their mean, predictions by model; nan where missing."""

    film: str
    readings: Mapping[str, float]
    mean: float
    predicted: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmView:
    """The films; `why` says why there are none. `seeds` are those of the predictions, by model."""

    rows: tuple[FilmRow, ...] = ()
    printed: tuple[FilmRow, ...] = ()
    seeds: Mapping[str, int]
    why: str = ""


#: As printed: reader 1, reader 2, mean, predicted.
_PRINTED = ((4, 8, 6, 15), (42, 58, 50, 64), (74, 90, 82, 83), (175, 163, 169, 186))
_PRIVATE = (
    "Not shown: the cohort is private, and what was read and predicted of single films is shown on no board of it."
)
_NO_FILMS = "Not shown: no predictions stand beside this board."


def mark_of(predicted: float, mean: float) -> Mark:
    """How far a prediction lies from the mean of the readers, as the paper colours it.

    Examples
    --------
    >>> mark_of(15, 6), mark_of(186, 169), mark_of(10, 26), mark_of(65, 50), mark_of(float("nan"), 1)
    ('near', 'above', 'below', 'near', '')
    """
    off = predicted - mean
    if not np.isfinite(off):
        return ""
    if abs(off) <= FAR:
        return "near"
    return "above" if off > 0 else "below"


def sample_films(found: BoardFilms, *, with_printed: bool) -> FilmView:
    """Four films: those with a reference in the order of it, cut in four parts, one film drawn from each.

    Parameters
    ----------
    found : BoardFilms
        From `published_films`, so that films have the ids that may be published.
    with_printed : bool
        Whether the paper's own four films stand beside them: on its own cohort.

    Returns
    -------
    FilmView
        From mild to severe. Fewer where there are fewer films; none of a private cohort.
    """
    printed = tuple(_printed_film(number, *row) for number, row in enumerate(_PRINTED, 1)) if with_printed else ()
    if found.board.private or found.films is None:
        return FilmView(printed=printed, seeds={}, why=_PRIVATE if found.board.private else _NO_FILMS)
    films = found.films
    models = _models(found.board, films)
    return FilmView(
        rows=tuple(_film(films, place, models) for place in drawn(films)),
        printed=printed,
        seeds={model: films.seeds[model][0] for model in models},
        why="" if films.scored else "Not shown: no film has a reference.",
    )


def drawn(films: HeldOut) -> tuple[int, ...]:
    """Places of the films: one from each quarter by reference, ties by id."""
    scored = [place for place in range(len(films.ids)) if np.isfinite(films.reference[place])]
    order = sorted(scored, key=lambda place: (films.reference[place], films.ids[place]))
    generator = np.random.default_rng(SEED)
    parts = [part for part in np.array_split(np.array(order, dtype=np.intp), FILMS) if part.size]
    return tuple(int(part[generator.integers(part.size)]) for part in parts)


def _models(board: Board, films: HeldOut) -> list[str]:
    """The paper's models that were measured; where there is none, the first of the board."""
    own = [one.model for one in EVERY if one.model in films.predicted]
    return own or [row.name for row in board.rows if row.kind == "model" and row.name in films.predicted][:1]


def _film(films: HeldOut, place: int, models: list[str]) -> FilmRow:
    return FilmRow(
        film=films.ids[place],
        readings={reader: float(scores[place]) for reader, scores in films.readings.items()},
        mean=rounded(float(films.reference[place])),
        predicted={model: rounded(float(films.predicted[model][0][place])) for model in models},
    )


def _printed_film(number: int, first: float, second: float, mean: float, predicted: float) -> FilmRow:
    return FilmRow(
        film=f"the paper's film {number}",
        readings={"reader 1": first, "reader 2": second},
        mean=mean,
        predicted={"predicted": predicted},
    )
