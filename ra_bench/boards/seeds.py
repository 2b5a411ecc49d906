"""What another seed would change: the RMSE of each seed, and where its spread comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ra_bench.boards.columns import OVER_SEEDS, SD_PATIENTS, SD_REST, SD_SEEDS
from ra_bench.metrics import rmse_spread
from ra_bench.values import MetricValue

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ra_bench.boards.held_out import Floats


def over_seeds(patients: NDArray[np.intp], reference: Floats, predicted: Floats) -> dict[str, MetricValue]:
    """The RMSE over seeds and its spread over patients and seeds.

    Parameters
    ----------
    patients : ndarray of shape (n,)
        Number of each film's patient.
    reference : ndarray of shape (n,)
        nan where missing.
    predicted : ndarray of shape (seeds, n)
        nan where missing: a film counts where every seed has it.

    Returns
    -------
    dict of str to MetricValue
        Mean RMSE with the least and the largest seed's, and SDs of the RMSE of one training; empty for a single seed.
    """
    seeds = len(predicted)
    there = np.isfinite(reference) & np.isfinite(predicted).all(axis=0)
    if seeds < 2 or not there.any():
        return {}
    squares = np.square(predicted[:, there] - reference[there])
    errors = np.sqrt(squares.mean(axis=1))
    _, place = np.unique(patients[there], return_inverse=True)
    sums = np.stack([np.bincount(place, row) for row in squares], axis=1)
    # A patient's share of the mean over films, so that the mean over patients is the MSE.
    spread = rmse_spread(sums * len(sums) / squares.shape[1])
    found = {
        OVER_SEEDS: MetricValue(
            value=float(errors.mean()), low=float(errors.min()), high=float(errors.max()), method="range"
        )
    }
    sds = {SD_PATIENTS: spread.patients, SD_SEEDS: spread.seeds, SD_REST: spread.residual}
    return found | {name: MetricValue(value=sd) for name, sd in sds.items()}
