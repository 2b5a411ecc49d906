"""Split-conformal intervals: from the errors on films that a model was not fitted to, a margin for new ones."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

import numpy as np

from ra_bench.metrics._arrays import check_confidence, vector

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def conformal_margin(errors: ArrayLike, confidence: float, patients: ArrayLike | None = None) -> float:
    """Margin that the absolute error on a new film does not exceed, with at least the probability `confidence`.

    Parameters
    ----------
    errors : array_like of shape (n_samples,)
        Absolute errors on calibration films, in SvH units; or divided by a predicted SD, then a factor of it.
    confidence : float
        Coverage that is wanted, between 0 and 1.
    patients : array_like of shape (n_samples,), optional
        Patient of each film; if not given, each film is of a patient of its own.

    Returns
    -------
    float
        With one film a patient the k-th smallest error, k = ceil((n + 1) confidence). Infinite where there are too few
        patients for that confidence: fewer than confidence / (1 - confidence).

    Raises
    ------
    ValueError
        If an error is missing or negative, lengths differ, or `confidence` is no such share.

    Notes
    -----
    Holds if calibration patients and new ones are exchangeable, whatever the model and the distribution. It is about
    an average over films, of a random film of a new patient, and about no single film, stratum or site. Films by which
    a model was chosen are not exchangeable with new ones: errors on them are too small.

    Films of one patient are alike, so that they are not so many independent errors. All patients get the same weight,
    1 / (patients + 1), which its films share, and so does the new one, whose error may be as large as it likes. With
    one film a patient that is the usual quantile.

    References
    ----------
    Vovk, Gammerman & Shafer 2005, Algorithmic learning in a random world. Lei et al. 2018, J Am Stat Assoc
    113:1094-1111. For films within patients: Lee, Barber & Willett 2023, Distribution-free inference with hierarchical
    data (arXiv 2306.06342).

    Examples
    --------
    >>> conformal_margin([1, 2, 3, 4, 5, 6, 7, 8, 9], 0.9)
    9.0
    >>> conformal_margin([1, 2, 3, 4, 5, 6, 7, 8], 0.9)
    inf
    >>> conformal_margin([1, 5, 2, 3, 4], 0.7, patients=["a", "a", "b", "c", "d"])
    4.0
    """
    e = vector("errors", errors)
    if (e < 0).any():
        raise ValueError(f"errors holds {e.min():g}: give absolute errors.")
    _, patient = np.unique(np.arange(e.size) if patients is None else np.asarray(patients), return_inverse=True)
    if patient.size != e.size:
        raise ValueError(f"patients has {patient.size} values for {e.size} errors: give one a film.")
    films = np.bincount(patient)
    weight = 1 / films[patient] / (films.size + 1)
    order = np.argsort(e, kind="stable")
    reached = np.cumsum(weight[order])
    # Sums of shares are a few roundings off
    place = int(np.searchsorted(reached, check_confidence(confidence) - 1e-12))
    return float(e[order][place]) if place < e.size else inf
