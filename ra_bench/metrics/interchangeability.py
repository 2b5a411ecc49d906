"""Whether a model could take the place of a reader."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ra_bench.metrics._arrays import differences, ratings_table, vector

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def reader_benchmark(reader_1: ArrayLike, reader_2: ArrayLike) -> float:
    """RMSE that a further reader of the same quality would have against the mean of these two.

    Parameters
    ----------
    reader_1, reader_2 : array_like of shape (n_samples,)
        Readings of the same films, in SvH units.

    Returns
    -------
    float
        sqrt(0.75) times the RMSE of reader against reader, in SvH units.

    Raises
    ------
    ValueError
        If an array is empty, holds missing values, or the two differ in length.

    Notes
    -----
    It takes the readers' errors as independent and equally large. Where they learnt from one another it is too low.

    Examples
    --------
    >>> round(reader_benchmark([10, 20], [12, 18]), 3)
    1.732
    """
    d = differences(reader_1, reader_2)
    return float(np.sqrt(0.75 * np.square(d).mean()))


class Interchangeability(NamedTuple):
    """Model against readers and readers against each other; mean squares in squared SvH units."""

    model_readers: tuple[float, ...]
    model_reader: float
    reader_reader: float
    iei: float


def iei(readings: ArrayLike, predicted: ArrayLike) -> Interchangeability:
    """Individual equivalence index: how much more a model differs from a reader than readers do.

    Parameters
    ----------
    readings : array_like of shape (n_samples, n_readers)
        Readings in SvH units, two readers or more.
    predicted : array_like of shape (n_samples,)
        Predictions in SvH units.

    Returns
    -------
    Interchangeability
        `model_readers` mean squared difference from each reader, `model_reader` their mean, `reader_reader` the
        mean over pairs of readers, `iei` = model_reader - reader_reader. 0 means as good as a further such
        reader; negative is better.

    Raises
    ------
    ValueError
        If there is no film or only one reader, a value is missing, or the lengths differ.

    Notes
    -----
    For two readers it equals RMSE(model, mean)^2 - 0.75 RMSE(reader, reader)^2 exactly. A model that answers
    near the mean of the readers is rewarded for having no noise of its own.

    References
    ----------
    Barnhart HX, Kosinski AS, Haber MJ. J Biopharm Stat 2007;17:697-719.

    Examples
    --------
    >>> iei([[10, 14], [20, 16]], [12, 18]).iei
    -12.0
    """
    table, p = ratings_table(readings), vector("predicted", predicted)
    if table.shape[0] != p.size:
        raise ValueError(f"readings has {table.shape[0]} films and predicted {p.size}: give one prediction a film.")
    model = np.square(table - p[:, None]).mean(axis=0)
    first, second = np.triu_indices(table.shape[1], k=1)
    readers = float(np.square(table[:, first] - table[:, second]).mean())
    return Interchangeability(tuple(model.tolist()), float(model.mean()), readers, float(model.mean()) - readers)
