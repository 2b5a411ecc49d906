"""Ridge regression on what a film shows from afar, its strength chosen on the validation films."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from ra_bench import FilmSet, FitTask

#: What to choose from: 10 000 to 0.000 001 in half powers of ten, strongest first, so that the strongest wins a tie.
STRENGTHS = 10.0 ** (np.arange(8, -13, -1) / 2)


class Ridge:
    """Ridge on `features` of a film, centred but not scaled: their own units can be compared with each other.

    Scaling each to variance 1 would blow up a pixel, or a bin, that is almost constant in training.
    """

    def __init__(self, features: Callable[[FilmSet], NDArray[np.float64]]) -> None:
        self._features = features
        self._intercept = float("nan")
        self._coefficients = np.empty(0)

    def fit(self, task: FitTask) -> int:
        """Keep the strength with the least validation RMSE; gives the number of fitted coefficients."""
        features = self._features(task.train)
        candidates = solve(features, task.train_scores)  # (strengths, features)
        intercepts = task.train_scores.mean() - candidates @ features.mean(axis=0)
        predicted = intercepts + self._features(task.validation) @ candidates.T  # (films, strengths)
        squared_errors = (predicted - task.validation_scores[:, np.newaxis]) ** 2
        best = int(np.argmin(squared_errors.mean(axis=0)))
        self._intercept, self._coefficients = float(intercepts[best]), candidates[best]
        return self._coefficients.size + 1

    def predict(self, films: FilmSet) -> NDArray[np.float64]:
        """Give one score a film, shape (n,)."""
        predicted: NDArray[np.float64] = self._intercept + self._features(films) @ self._coefficients
        return predicted


def solve(
    features: NDArray[np.float64], scores: NDArray[np.float64], strengths: NDArray[np.float64] = STRENGTHS
) -> NDArray[np.float64]:
    """Coefficients for each strength, shape (strengths, features).

    They minimise |y - X b|² + penalty |b|² for centred X and y, where penalty is the strength times the mean over the
    features of |column of X|²: a strength then means the same for few films and for many.
    """
    u, singular, vt = np.linalg.svd(features - features.mean(axis=0), full_matrices=False)
    unit = np.sum(singular**2) / features.shape[1]
    if unit == 0.0:  # all films look the same: nothing but the mean can be learnt
        return np.zeros((strengths.size, features.shape[1]))
    shrunk = singular / (singular**2 + unit * strengths[:, np.newaxis])  # (strengths, rank)
    coefficients: NDArray[np.float64] = (shrunk * (u.T @ (scores - scores.mean()))) @ vt
    return coefficients
