"""Each site by itself, where sites were left out one after the other: the error on films of a place never seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ra_bench.boards.evaluate import draw_of, mean_over_seeds, rounded, with_interval
from ra_bench.metrics import bias_from_sums, interval, resample_metric, resample_sums, rmse_from_sums
from ra_bench.values import MetricValue, SiteResult

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ra_bench.boards.held_out import Floats, HeldOut
    from ra_bench.metrics import Resampling

#: With fewer patients no interval is shown: not even their whole span holds the median of 95 in 100.
FEWEST = 6
RMSE, BIAS = "rmse", "bias"


def measure_sites(films: HeldOut, sites: Mapping[str, str]) -> tuple[SiteResult, ...]:
    """RMSE and bias of every model on the films of each site, with 95 % intervals from draws of the site's patients.

    Parameters
    ----------
    films : HeldOut
        All test films, with the out-of-fold predictions of all models.
    sites : mapping of str to str
        The site of each film; nothing where films were not split by site.

    Returns
    -------
    tuple of SiteResult
        By the name of the site.
    """
    if not sites:
        return ()
    place = np.array([sites[film] for film in films.ids])
    return tuple(_of_site(films, site, np.flatnonzero(place == site)) for site in sorted(set(sites.values())))


def _of_site(films: HeldOut, site: str, rows: np.ndarray[tuple[int], np.dtype[np.intp]]) -> SiteResult:
    _, patients = np.unique(films.patients[rows], return_inverse=True)
    resampling, reference = draw_of(patients), films.reference[rows]
    return SiteResult(
        site=site,
        films=int(np.isfinite(reference).sum()),
        patients=resampling.patients,
        metrics={
            model: _measured(resampling, reference, predicted[:, rows]) for model, predicted in films.predicted.items()
        },
    )


def _measured(resampling: Resampling, reference: Floats, predicted: Floats) -> dict[str, MetricValue]:
    sums = resample_sums(resampling, reference, list(predicted))
    with np.errstate(all="ignore"):  # a site whose films lack a reading has no error: nan
        error = mean_over_seeds([resample_metric(rmse_from_sums, own) for own in sums])
        shift = mean_over_seeds([resample_metric(bias_from_sums, own) for own in sums])
        if resampling.patients < FEWEST:
            return {name: MetricValue(value=rounded(found.estimate)) for name, found in ((RMSE, error), (BIAS, shift))}
        ends = interval(shift, "t")
    between = MetricValue(
        value=rounded(shift.estimate), low=rounded(ends.low), high=rounded(ends.high), method=ends.method
    )
    return {RMSE: with_interval(error, "bca"), BIAS: between}
