"""Training curves for TensorBoard: an observer that writes what jobs tell. Trainings know nothing of it.

A job has a folder as it has among the runs, and what it does before its training, such as pretraining, one below. The
records are written by TensorBoard's own writer, as those of torch's `SummaryWriter` are, so that this process need not
import torch. Each start of a job has a file of its own.
"""

from __future__ import annotations

import math
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ra_bench.errors import StorageError, TrainingError
from ra_bench.files import make_folder
from ra_bench.runs.records import job_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tensorboard.compat.proto.event_pb2 import Event

    from ra_bench.runs.plan import PlannedJob
    from ra_bench.values import EpochReport, Failure, Job, RunRecord


class Curves:
    """Writes loss, validation RMSE, learning rate, seconds and films a second of every epoch, as it ends.

    A job that goes on after a stop begins with the epochs that were kept of it, and what an earlier try wrote of them,
    or of later ones, is taken back: no epoch is in a curve twice.

    Raises
    ------
    TrainingError
        TensorBoard is not installed, or cannot be imported.
    """

    def __init__(self, folder: Path) -> None:
        try:
            import tensorboard.summary.writer.record_writer  # noqa: F401 - better now than after hours
        except ImportError as error:
            raise TrainingError(
                f"--tensorboard needs the package tensorboard: {error}. Install it: pip install 'ra-bench[tensorboard]'"
            ) from error
        self._folder = folder
        self._earlier: dict[str, tuple[EpochReport, ...]] = {}
        #: By folder, the file that is written and its last epoch.
        self._files: dict[Path, tuple[Path, float]] = {}

    def expect(self, jobs: Sequence[PlannedJob]) -> None:
        """Make the folder, and draw the jobs that stand and are not there yet.

        Raises
        ------
        StorageError
            Nothing can be written there.
        """
        make_folder(self._folder)
        for planned in jobs:
            self._earlier[planned.job.key] = planned.earlier
            if planned.record is not None and not _is_drawn(job_folder(self._folder, planned.job)):
                self._draw(planned.job, planned.record.history, datetime.fromisoformat(planned.record.finished))

    def on_job_start(self, *, job: Job) -> None:
        """Draw what an earlier try did and this one does not do again."""
        self._draw(job, self._earlier.get(job.key, ()), datetime.now(UTC))

    def on_epoch_end(self, *, job: Job, report: EpochReport) -> None:
        """Add a point to each curve; it is on the disk before the next epoch."""
        self._draw(job, [report], datetime.now(UTC))

    def on_job_end(self, *, job: Job, record: RunRecord | Failure) -> None:
        """Nothing: all epochs are told."""

    def _draw(self, job: Job, reports: Sequence[EpochReport], ended: datetime) -> None:
        """Add epochs, the last of which ended at the given time."""
        later = sum(report.seconds for report in reports)
        for report in reports:
            later -= report.seconds
            self._add(job, report, ended.timestamp() - later)

    def _add(self, job: Job, report: EpochReport, at: float) -> None:
        folder = job_folder(self._folder, job)
        place = folder if report.stage == "training" else folder / report.stage
        file, last = self._files.get(place, (place, math.inf))
        events = [_scalars(report, at)]
        if report.epoch <= last:  # a new start, or one that was lost and is done again
            # Names in the order of time, which is the order in which TensorBoard reads them.
            file = place / f"events.out.tfevents.{time.time_ns() / 1e9:020.9f}"
            told = [] if _is_drawn(place) else [_text(job, at)]  # TensorBoard takes no text back
            make_folder(place)
            events = [*_beginning(report.epoch, at), *told, *events]
        _append(file, events)
        self._files[place] = (file, report.epoch)


def _is_drawn(folder: Path) -> bool:
    return any(folder.glob("events.out.tfevents.*"))


def _append(file: Path, events: Sequence[Event]) -> None:
    from tensorboard.summary.writer.record_writer import RecordWriter

    try:
        with file.open("ab") as opened:
            writer = RecordWriter(opened)
            for event in events:
                writer.write(event.SerializeToString())
    except OSError as error:
        raise StorageError(
            f"Cannot write {file}: {error.strerror or error}. Free some space, or name another folder: "
            "--tensorboard FOLDER"
        ) from error


def _quantities(report: EpochReport) -> Iterator[tuple[str, float]]:
    yield "loss", report.train_loss
    yield "validation_rmse", report.validation_rmse
    yield "learning_rate", report.learning_rate
    yield "seconds", report.seconds
    if report.seconds > 0:
        yield "films_per_second", report.films / report.seconds


def _scalars(report: EpochReport, at: float) -> Event:
    """What is known of an epoch."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary

    values = [
        Summary.Value(tag=f"{report.stage}/{name}", simple_value=value)
        for name, value in _quantities(report)
        if not math.isnan(value)
    ]
    return Event(wall_time=at, step=report.epoch, summary=Summary(value=values))


def _beginning(epoch: int, at: float) -> Iterator[Event]:
    """What a file begins with: earlier files do not count from this epoch on."""
    from tensorboard.compat.proto.event_pb2 import Event, SessionLog

    yield Event(wall_time=at, file_version="brain.Event:2")
    yield Event(wall_time=at, step=epoch, session_log=SessionLog(status=SessionLog.START))


def _text(job: Job, at: float) -> Event:
    """What the job is, as a table of markdown."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.compat.proto.tensor_pb2 import TensorProto
    from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
    from tensorboard.compat.proto.types_pb2 import DT_STRING
    from tensorboard.plugins.text.metadata import create_summary_metadata

    fold = {} if job.fold is None else {"fold": f"{job.fold.number} of {job.fold.of} {job.fold.site}".rstrip()}
    facts = {"model": job.model, "seed": job.seed, **fold, "dataset": job.dataset, "protocol": job.protocol}
    rows = [f"| {name} | {value} |" for name, value in {**facts, "key": job.key}.items()]
    tensor = TensorProto(
        dtype=DT_STRING,
        string_val=["\n".join(["| job | |", "|---|---|", *rows]).encode()],
        tensor_shape=TensorShapeProto(dim=[TensorShapeProto.Dim(size=1)]),
    )
    metadata = create_summary_metadata(display_name="job", description="")
    value = Summary.Value(tag="job/text_summary", metadata=metadata, tensor=tensor)
    return Event(wall_time=at, step=0, summary=Summary(value=[value]))
