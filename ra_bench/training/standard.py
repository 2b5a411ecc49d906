"""Mean and SD of the training set: of its grey values and of its scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ra_bench.errors import TrainingError

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Mean and standard deviation (over n, not n - 1), in the unit of what was measured."""

    mean: float
    sd: float

    def standardise(self, value: float) -> float:
        """A value as a z-score."""
        return (value - self.mean) / self.sd


def spread_of_films(films: NDArray[np.uint8 | np.uint16]) -> Spread:
    """Mean and SD over all grey values of films (n, height, width), read one film at a time.

    Raises
    ------
    TrainingError
        All grey values are equal.
    """
    greys = np.arange(np.iinfo(films.dtype).max + 1)
    counts = np.zeros(len(greys), dtype=np.int64)
    for film in films:
        counts += np.bincount(film.ravel(), minlength=len(greys))
    mean = float(counts @ greys / counts.sum())
    sd = float(np.sqrt(counts @ (greys - mean) ** 2 / counts.sum()))
    if sd == 0:
        raise TrainingError(f"All training films are plain grey ({mean:.0f}). Look at the films: were they decoded?")
    return Spread(mean=mean, sd=sd)


def spread_of_scores(scores: NDArray[np.float64]) -> Spread:
    """Mean and SD of the training scores, shape (n,).

    Raises
    ------
    TrainingError
        A score that is no number, or scores that are all equal.
    """
    if not np.isfinite(scores).all():
        raise TrainingError(f"Training score {np.flatnonzero(~np.isfinite(scores))[0]} is no number. Check the table.")
    spread = Spread(mean=float(scores.mean()), sd=float(scores.std()))
    if spread.sd == 0:
        raise TrainingError(f"All {len(scores)} training scores are {spread.mean:g}: there is nothing to learn.")
    return spread
