"""The area under the risk-coverage curve on every resample: films keep their order, and count as often as drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ra_bench.metrics.draw import BLOCK
from ra_bench.metrics.resampling import Resampled
from ra_bench.metrics.uncertainty import risk_coverage

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from ra_bench.metrics._arrays import Floats
    from ra_bench.metrics.draw import Resampling


def resample_aurc(resampling: Resampling, reference: ArrayLike, predicted: ArrayLike, doubt: ArrayLike) -> Resampled:
    """Resample the area of `risk_coverage`, a block of resamples at a time.

    Parameters
    ----------
    resampling : Resampling
        Draw over the patients of these films.
    reference, predicted : array_like of shape (n_samples,)
        In SvH units; nan where missing.
    doubt : array_like of shape (n_samples,)
        Larger where the model is less certain; nan where it says nothing.

    Returns
    -------
    Resampled
        In SvH units; nan on a resample without films.

    Raises
    ------
    ValueError
        If a length differs from that of the draw.

    Notes
    -----
    A film that is drawn twice is as doubtful as itself: both count as films of equal doubt do.

    Examples
    --------
    >>> from ra_bench.metrics.draw import draw_patients
    >>> resampling = draw_patients(["anna", "bela", "carl"], resamples=99)
    >>> round(resample_aurc(resampling, [10, 10, 10], [11, 13, 18], [0.1, 0.2, 0.3]).estimate, 4)
    2.3333
    """
    given = [np.asarray(values, dtype=np.float64) for values in (reference, predicted, doubt)]
    for values in given:
        if values.shape != resampling.patient.shape:
            raise ValueError(
                f"{values.size} films given, but {resampling.patient.size} were drawn from: give the same."
            )
    known = np.isfinite(given).all(axis=0)
    y, p, d = (values[known] for values in given)
    patient, error = resampling.patient[known], np.abs(p - y)
    left_out = 1 - np.eye(resampling.patients, dtype=np.uint8)
    return Resampled(
        estimate=risk_coverage(y, p, d).area if y.size else float("nan"),
        replicates=_areas(resampling.counts, patient, error, d),
        jackknife=_areas(left_out, patient, error, d),
    )


def _areas(counts: NDArray[np.unsignedinteger], patient: NDArray[np.intp], error: Floats, doubt: Floats) -> Floats:
    """The area where patient g counts `counts[b, g]` times, of every row b."""
    result = np.full(len(counts), np.nan)
    order = np.argsort(doubt, kind="stable")
    starts = np.flatnonzero(np.diff(doubt[order], prepend=np.nan) != 0)
    rows = max(1, BLOCK // max(1, error.size))
    for start in range(0, len(counts) if error.size else 0, rows):
        weights = counts[start : start + rows][:, patient[order]].astype(np.float64)
        films = np.add.reduceat(weights, starts, axis=1)
        errors = np.add.reduceat(weights * error[order], starts, axis=1)
        result[start : start + rows] = _area(films, errors)
    return result


def _area(films: Floats, errors: Floats) -> Floats:
    """The mean of all running means, where each column is a tie of so many films with such a sum of errors.

    In a tie of m films, each with its mean error e, behind k films with the sum s, the j-th running mean is
    (s + j e) / (k + j) = e + (s - k e) / (k + j): so they add up to m e + (s - k e) (H(k + m) - H(k)).
    """
    until = films.cumsum(axis=1).astype(np.intp)
    before = until - films.astype(np.intp)
    harmonic = np.append(0.0, np.cumsum(1 / np.arange(1, until.max() + 1)))
    level = np.divide(errors, films, out=np.zeros_like(errors), where=films > 0)
    above = errors.cumsum(axis=1) - errors - before * level
    total = (errors + above * (harmonic[until] - harmonic[before])).sum(axis=1)
    found: Floats = np.divide(total, until[:, -1], out=np.full(len(total), np.nan), where=until[:, -1] > 0)
    return found
