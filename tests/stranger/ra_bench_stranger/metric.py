"""A metric of this package's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def within_15(reference: ArrayLike, predicted: ArrayLike) -> float:
    """Share of films whose prediction is at most 15 away from the reference.

    Parameters
    ----------
    reference, predicted : array_like of shape (n_samples,)
        Scores on one scale, in SvH units.

    Returns
    -------
    float
        From 0 to 1, best is 1; nan without films.

    Notes
    -----
    Wang et al. 2022 print a prediction in red when it is more than 15 off. On a cohort of mostly low scores a constant
    does well.

    Examples
    --------
    >>> within_15([10, 20, 30, 40], [10, 35, 46, 12])
    0.5
    """
    difference = np.abs(np.asarray(predicted, dtype=float) - np.asarray(reference, dtype=float))
    return float(np.mean(difference <= 15)) if difference.size else float("nan")
