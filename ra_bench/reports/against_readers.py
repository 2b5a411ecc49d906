"""A model beside readers: could it take the place of one?"""

from __future__ import annotations

import warnings
from itertools import combinations
from math import isnan, nan
from typing import TYPE_CHECKING

import numpy as np

from ra_bench.boards.evaluate import rounded
from ra_bench.boards.readers import further_reader_rmse
from ra_bench.metrics import Resampled, iei, resample_metric, resample_sums, rmse_from_sums
from ra_bench.metrics.sums import moments
from ra_bench.reports.measure import valued
from ra_bench.reports.values import AgainstReaders

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from ra_bench.boards.held_out import Floats
    from ra_bench.metrics import Resampling
    from ra_bench.values import MetricValue

_BETTER = (
    "The model differs from a reader by less than the readers differ from one another: the interval of IEI lies below 0"
)
_WORSE = (
    "The model differs from a reader by more than the readers differ from one another: the interval of IEI lies above 0"
)
_UNDECIDED = (
    "The interval of IEI holds 0: these films show neither that the model is as good as a further reader, nor that it "
    "is not"
)


def measure_against_readers(
    readings: Mapping[str, Floats], reference: Floats, predicted: Floats, resampling: Resampling
) -> AgainstReaders:
    """Hold a model against the readers.

    Parameters
    ----------
    readings : mapping of str to ndarray of shape (n,)
        Two readers or more, nan where one did not read a film.
    reference, predicted : ndarray of shape (n,)
        Complete pairs of the films of the draw.
    resampling : Resampling
        The draw of patients of the report.

    Returns
    -------
    AgainstReaders
        The individual equivalence index (IEI) on the films that all readers read; nan where there is none.
    """
    scores = list(readings.values())
    complete = np.asarray(np.isfinite(np.column_stack(scores)).all(axis=1))
    patients = np.unique(resampling.patient[complete]).size
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pairs of readers without a common film in a resample are left out
        index = valued(_index(scores, predicted, complete, resampling), "percentile", patients)
        ratio = valued(_ratio(scores, reference, predicted, resampling), "percentile", resampling.patients)
    exact = iei(np.column_stack(scores)[complete], predicted[complete]) if complete.any() else None
    return AgainstReaders(
        films=int(complete.sum()),
        benchmark=rounded(further_reader_rmse(scores)),
        ratio=ratio,
        iei=index,
        reader_reader=nan if exact is None else rounded(exact.reader_reader),
        model_readers={
            reader: rounded(nan if exact is None else exact.model_readers[place])
            for place, reader in enumerate(readings)
        },
        sentence=_sentence(index),
    )


def _index(
    scores: Sequence[Floats], predicted: Floats, complete: NDArray[np.bool_], resampling: Resampling
) -> Resampled:
    """Mean over readers of MSE(model, reader) less the mean over pairs of MSE(reader, reader)."""
    kept = [np.where(complete, own, nan) for own in scores]
    model = [_mean_square(own, predicted, resampling) for own in kept]
    readers = [_mean_square(first, second, resampling) for first, second in combinations(kept, 2)]
    return Resampled(
        estimate=float(np.mean([part.estimate for part in model]) - np.mean([part.estimate for part in readers])),
        replicates=np.mean([part.replicates for part in model], axis=0)
        - np.mean([part.replicates for part in readers], axis=0),
        jackknife=np.mean([part.jackknife for part in model], axis=0)
        - np.mean([part.jackknife for part in readers], axis=0),
    )


def _ratio(scores: Sequence[Floats], reference: Floats, predicted: Floats, resampling: Resampling) -> Resampled:
    """RMSE of the model over the reader benchmark, as on a board."""
    (sums,) = resample_sums(resampling, reference, [predicted])
    error = resample_metric(rmse_from_sums, sums)
    squares = [_mean_square(first, second, resampling) for first, second in combinations(scores, 2)]
    # Of k readers: see `further_reader_rmse`
    share = (len(scores) + 1) / (2 * len(scores))
    benchmark = further_reader_rmse(scores)
    return Resampled(
        estimate=error.estimate / benchmark if benchmark > 0 else nan,  # readers who never differ are no yardstick
        replicates=error.replicates / np.sqrt(share * np.nanmean([part.replicates for part in squares], axis=0)),
        jackknife=error.jackknife / np.sqrt(share * np.nanmean([part.jackknife for part in squares], axis=0)),
    )


def _mean_square(reference: Floats, predicted: Floats, resampling: Resampling) -> Resampled:
    (sums,) = resample_sums(resampling, reference, [predicted])
    return resample_metric(lambda found: moments(found).mean_square, sums)


def _sentence(index: MetricValue) -> str:
    if isnan(index.value) or isnan(index.low):
        return "n/a: too little data to say how the model stands to a further reader"
    if index.high < 0:
        return _BETTER
    return _WORSE if index.low > 0 else _UNDECIDED
