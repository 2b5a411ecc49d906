"""Whether a training that was handed in was also done here, and came to the same predictions."""

from __future__ import annotations

import re
from glob import escape
from typing import TYPE_CHECKING

import numpy as np

from ra_bench.boards.held_out import in_order
from ra_bench.errors import RecordError
from ra_bench.runs.records import RECORD, is_trained, read_record

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from ra_bench.values import Predictions, RunRecord

_KEY = re.compile(r"[0-9a-f]{64}")


def difference_here(record: RunRecord, places: Sequence[Path]) -> float | None:
    """The largest difference between the predictions of a record and those of the same job, trained here.

    Parameters
    ----------
    record : RunRecord
        As it was handed in.
    places : sequence of Path
        Folders below which records of trainings done here are: runs, then boards.

    Returns
    -------
    float or None
        In units of the score; the least one where the job was done here several times. nan where the films differ.
        None where the job was not done here: a record with the same times is this very training, copied.
    """
    if not is_trained(record.job) or not _KEY.fullmatch(record.job.key):
        return None
    found = [
        _largest(record.predictions, other.predictions)
        for other in _same_job(record, places)
        if (other.finished, other.seconds) != (record.finished, record.seconds)
    ]
    return float(np.fmin.reduce(found)) if found else None


def _same_job(record: RunRecord, places: Sequence[Path]) -> Iterator[RunRecord]:
    model = escape(record.job.model.replace("/", "--"))
    runs = f"*/{model}/*-{record.job.key[:12]}/{RECORD}"
    boards = f"*/records/{model}-seed*/{RECORD}"
    for place in places:
        for file in (*sorted(place.glob(runs)), *sorted(place.glob(boards))):
            try:
                other = read_record(file.parent)
            except RecordError:
                continue  # not this folder's fault, and `ra-bench run` tells of it
            if other.job.key == record.job.key:
                yield other


def _largest(first: Predictions, second: Predictions) -> float:
    """Films by their ids; where one side has them numbered anew, in the order of the ids, which that keeps."""
    first, second = in_order(first), in_order(second)
    if len(first.ids) != len(second.ids):
        return float("nan")
    there, here = np.asarray(first.predicted), np.asarray(second.predicted)
    if not np.array_equal(np.isnan(there), np.isnan(here)):
        return float("nan")
    return float(np.nanmax(np.abs(there - here), initial=0.0))
