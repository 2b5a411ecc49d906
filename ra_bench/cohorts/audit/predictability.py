"""What part of a score some columns predict, by a cross-validated regression, and whether that could be chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_FOLDS = 10
#: Added to the diagonal for standardised columns: columns that say the same do not break the regression.
_RIDGE = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicted:
    """`share` of the score's variance, out of fold: at most 1, 0 or less where nothing is predicted.

    `p` is the share of permutations in which the best of all predictors does as well by chance.
    """

    share: float
    p: float


def predictability(
    predictors: Mapping[str, Floats], scores: Floats, *, permutations: int = 999, seed: int = 0
) -> dict[str, Predicted]:
    """Predict scores from each group of columns by ridge regression over ten folds, and permute scores for p.

    Parameters
    ----------
    predictors : mapping of name to ndarray of shape (n, columns)
        Groups of columns. Rows must be exchangeable: one a patient.
    scores : ndarray of shape (n,)
    permutations : int
        Scores are shuffled so often; p is at least 1 / (permutations + 1).
    seed : int

    Returns
    -------
    dict of name to Predicted
        p is adjusted for there being several predictors: each is held against the best of all in every permutation
        (Westfall and Young 1993), so that one alarm in a hundred cohorts is chance at p = 0.01, not one in ten.

    Examples
    --------
    >>> import numpy as np
    >>> bytes_, noise = np.random.default_rng(0).normal(size=(2, 100, 1))
    >>> found = predictability({"size": bytes_, "noise": noise}, 3 * bytes_[:, 0] + 20)
    >>> round(found["size"].share, 2), found["size"].p, found["noise"].p > 0.1
    (1.0, 0.001, True)
    """
    import numpy as np

    draw = np.random.default_rng(seed)
    columns = [scores, *(draw.permutation(scores) for _ in range(permutations))]
    table = np.column_stack(columns)
    fold = draw.permutation(len(scores)) % _FOLDS
    shares = {name: _shares(_standardised(group), table, fold) for name, group in predictors.items()}
    best = np.max([share[1:] for share in shares.values()], axis=0)
    return {
        name: Predicted(share=float(share[0]), p=float((1 + np.sum(best >= share[0])) / (1 + permutations)))
        for name, share in shares.items()
    }


def _shares(group: Floats, table: Floats, fold: NDArray[np.int_]) -> Floats:
    """1 - squared error of the regression / squared error of the mean, both out of fold, for every column of scores."""
    import numpy as np

    error, spread = np.zeros(table.shape[1]), np.zeros(table.shape[1])
    for number in range(_FOLDS):
        held, rest = fold == number, fold != number
        mean, centre = table[rest].mean(axis=0), group[rest].mean(axis=0)
        inner = group[rest] - centre
        normal = inner.T @ inner + _RIDGE * np.eye(group.shape[1])
        weights = np.linalg.solve(normal, inner.T @ (table[rest] - mean))
        error += ((table[held] - mean - (group[held] - centre) @ weights) ** 2).sum(axis=0)
        spread += ((table[held] - mean) ** 2).sum(axis=0)
    return np.asarray(1 - error / np.where(spread > 0, spread, np.inf))


def _standardised(group: Floats) -> Floats:
    import numpy as np

    spread = group.std(axis=0)
    return np.asarray((group - group.mean(axis=0)) / np.where(spread > 0, spread, 1), np.float64)
