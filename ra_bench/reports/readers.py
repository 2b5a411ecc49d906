"""Reader against reader: pairs, each against the others, and all of them together."""

from __future__ import annotations

from itertools import combinations
from math import nan
from typing import TYPE_CHECKING

import numpy as np

from ra_bench.boards.evaluate import rounded
from ra_bench.boards.held_out import mean_reading
from ra_bench.boards.readers import further_reader_rmse
from ra_bench.metrics import complete_pairs, icc_table, krippendorff_alpha, noise_ceiling, sdc, sem
from ra_bench.reports.measure import kappa_of, measure_pair
from ra_bench.reports.values import AllReaders, ReaderPair, Readers
from ra_bench.values import MetricValue

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ra_bench.boards.held_out import Floats
    from ra_bench.metrics import Resampling
    from ra_bench.reports.values import Pair

ICC_FORMS = ("icc_1_1", "icc_a_1", "icc_c_1", "icc_1_k", "icc_a_k", "icc_c_k")


def measure_readers(
    readings: Mapping[str, Floats], resampling: Resampling, *, bands: Sequence[float] | None = None
) -> Readers:
    """Measure readers against one another.

    Parameters
    ----------
    readings : mapping of str to ndarray of shape (n,)
        Two readers or more, nan where one did not read a film.
    resampling : Resampling
        The draw of patients of the report.
    bands : sequence of float, optional
        Lower edges of severity bands, rising; with them each pair has a quadratic-weighted kappa.

    Returns
    -------
    Readers
        What cannot be computed is nan, such as a pair without a film in common.
    """
    names, scores = tuple(readings), list(readings.values())
    pairs = tuple(
        _reader_pair(second, first, readings[second], readings[first], resampling, bands)
        for first, second in combinations(names, 2)
    )
    others: tuple[Pair, ...] = ()
    if len(names) > 2:
        others = tuple(
            measure_pair(
                name,
                "the others",
                own,
                mean_reading([other for other in scores if other is not own]),
                resampling,
            )
            for name, own in readings.items()
        )
    return Readers(
        names=names,
        readings={name: int(np.isfinite(own).sum()) for name, own in readings.items()},
        pairs=pairs,
        against_others=others,
        together=_together(scores),
    )


def _reader_pair(
    name: str, against: str, own: Floats, other: Floats, resampling: Resampling, bands: Sequence[float] | None
) -> ReaderPair:
    y, p = complete_pairs(other, own)
    return ReaderPair(
        pair=measure_pair(name, against, own, other, resampling),
        icc=iccs(np.column_stack([y, p])),
        sem=rounded(sem(y, p)) if y.size else nan,
        sdc=rounded(sdc(y, p)) if y.size else nan,
        sdc_mean_of_two=rounded(sdc(y, p, readings=2)) if y.size else nan,
        kappa=kappa_of(own, other, bands, resampling),
    )


def iccs(table: Floats) -> dict[str, MetricValue]:
    """All six intraclass correlations of a complete table, with F intervals; nan without films."""
    if not len(table):
        return {name: MetricValue(value=nan) for name in ICC_FORMS}
    with np.errstate(all="ignore"):
        found = icc_table(table)
    return {name: _with_f(found.values[name], found.intervals[name]) for name in ICC_FORMS}


def _with_f(value: float, ends: tuple[float, float]) -> MetricValue:
    # An end beyond the pole of Spearman-Brown, or a value above 1, means "unknown": see `icc_table`
    if not ends[0] <= value <= ends[1] <= 1:
        return MetricValue(value=rounded(value) if value <= 1 else nan)
    return MetricValue(value=rounded(value), low=rounded(ends[0]), high=rounded(ends[1]), method="F")


def _together(scores: Sequence[Floats]) -> AllReaders:
    table = np.column_stack(scores)
    complete = table[np.isfinite(table).all(axis=1)]
    with np.errstate(all="ignore"):
        return AllReaders(
            films_read_by_all=len(complete),
            icc=iccs(complete),
            alpha=rounded(krippendorff_alpha(table.T)),
            noise_ceiling=rounded(noise_ceiling(complete)) if len(complete) else nan,
            benchmark=rounded(further_reader_rmse(scores)),
        )
