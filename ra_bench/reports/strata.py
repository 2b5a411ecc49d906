"""Error by severity: bands of the reference, and the mean over bands in which each counts the same."""

from __future__ import annotations

import warnings
from math import nan
from typing import TYPE_CHECKING

import numpy as np

from ra_bench.boards.evaluate import rounded
from ra_bench.metrics import (
    Resampled,
    balanced_mae,
    bias_from_sums,
    complete_pairs,
    mae_from_sums,
    resample_metric,
    resample_sums,
    rmse_from_sums,
)
from ra_bench.reports.measure import valued
from ra_bench.reports.values import Stratum

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ra_bench.boards.held_out import Floats
    from ra_bench.metrics import ResampledSums, Resampling
    from ra_bench.values import MetricValue


def measure_strata(
    reference: Floats, predicted: Floats, bands: Sequence[float], resampling: Resampling
) -> tuple[tuple[Stratum, ...], MetricValue]:
    """Measure each severity band, and the balanced MAE.

    Parameters
    ----------
    reference, predicted : ndarray of shape (n,)
        Complete pairs of the films of the draw.
    bands : sequence of float
        Rising lower edges of the bands after the first.
    resampling : Resampling
        The draw of patients of the report.

    Returns
    -------
    strata : tuple of Stratum
        From mild to severe, empty ones too.
    balanced : MetricValue
        Mean of the MAEs of the bands that have films; its interval from resamples, in which a band may be empty.
    """
    place = np.searchsorted(np.asarray(bands, dtype=np.float64), reference, side="right")
    strata, inside = [], []
    for index in range(len(bands) + 1):
        chosen = np.where(place == index, predicted, nan)
        (sums,) = resample_sums(resampling, reference, [chosen])
        patients = np.unique(resampling.patient[place == index]).size
        strata.append(_stratum(bands, index, int((place == index).sum()), sums, patients))
        inside.append(sums)
    return tuple(strata), _balanced(reference, predicted, bands, inside, resampling)


def _stratum(bands: Sequence[float], index: int, films: int, sums: ResampledSums, patients: int) -> Stratum:
    with np.errstate(all="ignore"):
        return Stratum(
            low=bands[index - 1] if index else None,
            high=bands[index] if index < len(bands) else None,
            films=films,
            bias=rounded(float(bias_from_sums(sums.total))),
            mae=valued(resample_metric(mae_from_sums, sums), "bca", patients),
            rmse=valued(resample_metric(rmse_from_sums, sums), "bca", patients),
        )


def _balanced(
    reference: Floats,
    predicted: Floats,
    bands: Sequence[float],
    inside: Sequence[ResampledSums],
    resampling: Resampling,
) -> MetricValue:
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a resample without any film of a band leaves that band out
        parts = [resample_metric(mae_from_sums, sums) for sums in inside]
        found = Resampled(
            estimate=balanced_mae(*complete_pairs(reference, predicted), bands),
            replicates=np.nanmean([part.replicates for part in parts], axis=0),
            jackknife=np.nanmean([part.jackknife for part in parts], axis=0),
        )
        return valued(found, "bca", resampling.patients)
