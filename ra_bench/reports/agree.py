"""The report on readers alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ra_bench.boards.evaluate import RESAMPLES, SEED
from ra_bench.boards.held_out import patient_numbers
from ra_bench.metrics import draw_patients
from ra_bench.reports.checklist import readers_checklist
from ra_bench.reports.model import settings_of
from ra_bench.reports.readers import measure_readers
from ra_bench.reports.remarks import reader_remarks
from ra_bench.reports.values import ReadersReport, Source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ra_bench.reports.readings import ReaderTable
    from ra_bench.values import Scale


def report_readers(
    table: ReaderTable, *, scale: Scale | None, scale_given: bool = True, bands: Sequence[float] | None = None
) -> ReadersReport:
    """Measure everything that readings alone allow to be said.

    Parameters
    ----------
    table : ReaderTable
        Two readers or more, gaps allowed.
    scale : Scale or None
        Where scores may lie; None if it is not known.
    scale_given : bool
        False where it is only guessed: it is then left to the authors to name the score.
    bands : sequence of float, optional
        Rising lower edges of severity bands. Given, each pair has a quadratic-weighted kappa.

    Returns
    -------
    ReadersReport
        Of the films that at least one reader read, in the order of their ids.
    """
    order = sorted(range(len(table.ids)), key=table.ids.__getitem__)
    readings = {name: np.asarray(own, dtype=np.float64)[order] for name, own in table.readings.items()}
    read = np.asarray(np.isfinite(np.stack(list(readings.values()))).any(axis=0))
    patients = [table.patients[row] for row, kept in zip(order, read, strict=True) if kept]
    resampling = draw_patients(patient_numbers(patients), resamples=RESAMPLES, seed=SEED)
    source = Source(
        file=table.source,
        films=int(read.sum()),
        patients=resampling.patients,
        patients_known=table.patients_known,
        guesses=table.guesses,
    )
    readers = measure_readers({name: own[read] for name, own in readings.items()}, resampling, bands=bands)
    report = ReadersReport(
        name=table.name,
        source=source,
        settings=settings_of(scale, bands, scale_given=scale_given),
        readers=readers,
        remarks=reader_remarks(readers, source),
    )
    return replace(report, checklist=readers_checklist(report))
