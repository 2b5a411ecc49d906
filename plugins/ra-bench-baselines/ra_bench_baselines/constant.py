"""Models that never look at a film: one number for all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from ra_bench import FilmSet, FitTask


class Constant:
    """Predicts a statistic of the training scores, whatever the film."""

    def __init__(self, statistic: Callable[[NDArray[np.float64]], float]) -> None:
        self._statistic = statistic
        self._value = float("nan")

    def fit(self, task: FitTask) -> int:
        """Compute the statistic; gives the number of fitted coefficients, 1."""
        self._value = self._statistic(task.train_scores)
        return 1

    def predict(self, films: FilmSet) -> NDArray[np.float64]:
        """Give the same score for each film, shape (n,)."""
        return np.full(len(films.ids), self._value)


def mean(scores: NDArray[np.float64]) -> float:
    """Mean: the constant with the least squared error."""
    return float(np.mean(scores))


def median(scores: NDArray[np.float64]) -> float:
    """Median: the constant with the least absolute error."""
    return float(np.median(scores))
