"""The human rows: readers measured like models, and the RMSE that a further reader would have."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from math import nan, sqrt
from typing import TYPE_CHECKING

import numpy as np

from ra_bench.boards.evaluate import check_identity, measure, with_interval
from ra_bench.boards.held_out import mean_reading
from ra_bench.boards.render.numbers import as_text, fixed
from ra_bench.metrics import (
    complete_pairs,
    icc_a_1_from_sums,
    icc_table,
    limits_of_agreement,
    noise_ceiling,
    resample_metric,
    resample_sums,
    sdc,
    sem,
)
from ra_bench.values import BoardRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ra_bench.boards.evaluate import Measured
    from ra_bench.boards.held_out import Floats, HeldOut
    from ra_bench.metrics import Resampling
    from ra_bench.specs import MetricSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Readers:
    """Rows of the readers, what is said of them together, and their benchmark RMSE (nan without two readers)."""

    rows: tuple[BoardRow, ...] = ()
    remarks: tuple[str, ...] = ()
    benchmark: float = nan


def measure_readers(films: HeldOut, metrics: Sequence[MetricSpec], resampling: Resampling) -> Readers:
    """Measure two readers against each other, or each of more against the mean of the others.

    Parameters
    ----------
    films : HeldOut
        The board's test films; one column of scores gives no reader rows.
    metrics : sequence of MetricSpec
        The registered columns.
    resampling : Resampling
        The board's draw of patients.

    Returns
    -------
    Readers
        Nothing where there are fewer than two readers, or no film that two of them read.
    """
    names, scores = list(films.readings), list(films.readings.values())
    if not _pairs(scores):
        return Readers()
    if len(names) == 2:
        row = _row(f"{names[1]} against {names[0]}", scores[0], scores[1], metrics, resampling)
        rows = [replace(row, remark=" ".join([row.remark, *_of_one_reading(scores)]))]
    else:
        rests = [mean_reading([other for other in scores if other is not own]) for own in scores]
        rows = [
            _row(f"{name} against the others", rest, own, metrics, resampling)
            for name, rest, own in zip(names, rests, scores, strict=True)
        ]
    benchmark = further_reader_rmse(scores)
    return Readers(rows=tuple(rows), remarks=(*_of_all(scores), _of_benchmark(scores, benchmark)), benchmark=benchmark)


def further_reader_rmse(readings: Sequence[Floats]) -> float:
    """RMSE that a further reader of the same quality would have against the mean of these.

    Parameters
    ----------
    readings : sequence of ndarray, each of shape (n,)
        Two readers or more, nan where missing.

    Returns
    -------
    float
        In the unit of the scale: sqrt((k + 1) / (2 k)) times the RMSE of reader against reader, over all pairs of
        the k readers; for two readers sqrt(0.75) times. nan where no film has two readings.

    Examples
    --------
    >>> round(further_reader_rmse([np.array([10.0, 20.0]), np.array([12.0, 18.0])]), 3)
    1.732
    """
    squares = [float(np.square(second - first).mean()) for first, second in _pairs(readings)]
    # d of two readers has twice the error variance of one; the mean of k has 1/k of it
    k = len(readings)
    return sqrt((k + 1) / (2 * k) * float(np.mean(squares))) if squares else nan


def _pairs(readings: Sequence[Floats]) -> list[tuple[Floats, Floats]]:
    pairs = [complete_pairs(first, second) for first, second in combinations(readings, 2)]
    return [pair for pair in pairs if pair[0].size]


def _row(name: str, others: Floats, own: Floats, metrics: Sequence[MetricSpec], resampling: Resampling) -> BoardRow:
    check_identity(others, own, name=name)
    (sums,) = resample_sums(resampling, others, [own])
    measured = measure(metrics, resampling, others, own[None], [sums])
    icc = with_interval(resample_metric(icc_a_1_from_sums, sums), "percentile")
    said = [f"ICC(A,1) {as_text(icc, 2)}.", *_agreement(others, own), *_left_out(others, measured), *measured.problems]
    return BoardRow(
        kind="reader",
        name=name,
        films=measured.films,
        missing=others.size - measured.films,
        metrics=measured.values,
        remark=" ".join(said),
    )


def _agreement(others: Floats, own: Floats) -> list[str]:
    pairs = complete_pairs(others, own)
    if pairs[0].size < 2:
        return []
    limits = limits_of_agreement(*pairs)
    return [
        (
            f"95 % of the differences on single films lie between {limits.low:.1f} and {limits.high:.1f} "
            "(limits of agreement)."
        ),
    ]


def _of_one_reading(scores: Sequence[Floats]) -> list[str]:
    """What two like readers say of the error of one reading."""
    pairs = complete_pairs(*scores)
    if pairs[0].size < 2:
        return []
    return [
        (
            f"SEM {fixed(sem(*pairs), 1)}; smallest detectable change between two single readings (SDC) "
            f"{fixed(sdc(*pairs), 1)}."
        )
    ]


def _left_out(others: Floats, measured: Measured) -> list[str]:
    missing = others.size - measured.films
    return [f"Measured on {measured.films} films: {missing} lack a reading."] if missing else []


def _of_all(scores: Sequence[Floats]) -> list[str]:
    """How good the mean of all readers is, on the films that all of them read."""
    table = np.column_stack(scores)
    table = table[np.isfinite(table).all(axis=1)]
    if len(table) < 2:
        return []
    agreement, ceiling = fixed(icc_table(table).values["icc_a_k"], 2), fixed(noise_ceiling(table), 2)
    return [
        (
            f"ICC(A,k), the agreement of the mean of the {len(scores)} readers, is {agreement}. "
            f"Noise ceiling: a perfect model can expect rho {ceiling} with that mean."
        )
    ]


def _of_benchmark(scores: Sequence[Floats], benchmark: float) -> str:
    return (
        f"Reader benchmark: a further reader of the same quality would have RMSE {benchmark:.2f} against the mean of "
        f"the {len(scores)} readers. 'RMSE / reader' divides by it: 1 is as good as such a reader, below 1 is better."
    )
