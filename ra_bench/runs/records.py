"""A job's folder: record.json, predictions.csv and history.csv, each written whole; record.json comes last.

`record.json` is the commit: a folder without it holds nothing that counts.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ra_bench.errors import RecordError
from ra_bench.files import write_text
from ra_bench.values import EpochReport, Failure, Job, Predictions, RunRecord

if TYPE_CHECKING:
    from pydantic import TypeAdapter

RECORD, PREDICTIONS, HISTORY, JOB, LOG, FAILURE = (
    "record.json",
    "predictions.csv",
    "history.csv",
    "job.json",
    "log.txt",
    "failure.json",
)
_FIXED = ("id", "patient", "predicted")


def job_folder(runs: Path, job: Job) -> Path:
    """Where a job works: runs/<board>/<model>/seed<seed>-<start of its key>."""
    return runs / job.board / job.model.replace("/", "--") / f"seed{job.seed}-{job.key[:12]}"


def write_record(folder: Path, record: RunRecord) -> None:
    """Commit a finished job: predictions and history first, then the record that makes them count."""
    write_text(folder / PREDICTIONS, predictions_csv(record.predictions))
    write_text(folder / HISTORY, _history_csv(record.history))
    write_text(folder / RECORD, record_json(record))


def record_json(record: RunRecord) -> str:
    """The record without its predictions, which stand in a file of their own."""
    content = asdict(record)
    del content["predictions"]
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def read_record(folder: Path) -> RunRecord:
    """Read a committed job.

    Raises
    ------
    RecordError
        The folder holds no record, or one that cannot be read.
    """
    file = folder / RECORD
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        content["predictions"] = asdict(read_predictions(folder / PREDICTIONS))
        return _adapter().validate_python(content)
    except FileNotFoundError as error:
        raise RecordError(f"{folder} holds no finished run: {Path(error.filename).name} is missing.") from error
    except (OSError, ValueError) as error:
        raise RecordError(
            f"{file} cannot be read: {error}\nDelete the folder {folder} and run again: the job is then done afresh."
        ) from error


def standing_records(runs: Path) -> Iterator[RunRecord]:
    """Every committed record below a folder, in the order of their paths."""
    for file in sorted(runs.glob(f"**/{RECORD}")):
        yield read_record(file.parent)


def write_failure(folder: Path, failure: Failure) -> None:
    """Keep why a job did not finish; it does not stand in the way of another try."""
    write_text(folder / FAILURE, json.dumps(asdict(failure), indent=2) + "\n")


def predictions_csv(predictions: Predictions) -> str:
    """Columns id, patient, a reading a reader, predicted; numbers to the last bit; an absent reading is empty."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    readers = list(predictions.readings)
    writer.writerow(["id", "patient", *(f"reading:{reader}" for reader in readers), "predicted"])
    columns = [predictions.readings[reader] for reader in readers]
    for row, (sample, patient, predicted) in enumerate(
        zip(predictions.ids, predictions.patients, predictions.predicted, strict=True)
    ):
        writer.writerow([sample, patient, *(_number(column[row]) for column in columns), _number(predicted)])
    return text.getvalue()


def read_predictions(file: Path) -> Predictions:
    """Read what `predictions_csv` wrote.

    Raises
    ------
    RecordError
        A column is missing or a cell is no number.
    """
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
        header: Sequence[str] = list(rows[0]) if rows else []
    if missing := [column for column in _FIXED if column not in header]:
        raise RecordError(f"{file}: no column '{missing[0]}' or no rows.")
    readers = [column for column in header if column.startswith("reading:")]
    return Predictions(
        ids=tuple(row["id"] for row in rows),
        patients=tuple(row["patient"] for row in rows),
        readings={reader.removeprefix("reading:"): tuple(_value(row[reader]) for row in rows) for reader in readers},
        predicted=tuple(_value(row["predicted"]) for row in rows),
    )


def without_patients(record: RunRecord) -> RunRecord:
    """The same record with patients numbered p0001, p0002, ... in the order in which they appear."""
    numbers: dict[str, str] = {}
    for patient in record.predictions.patients:
        numbers.setdefault(patient, f"p{len(numbers) + 1:04d}")
    patients = tuple(numbers[patient] for patient in record.predictions.patients)
    return replace(record, predictions=replace(record.predictions, patients=patients))


def _history_csv(history: Iterable[EpochReport]) -> str:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(EpochReport.__dataclass_fields__), lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(report) for report in history)
    return text.getvalue()


def _number(value: float) -> str:
    return "" if value != value else repr(float(value))  # noqa: PLR0124 - nan is what differs from itself


def _value(cell: str) -> float:
    return float(cell) if cell else float("nan")


def _adapter() -> TypeAdapter[RunRecord]:
    from pydantic import TypeAdapter

    return TypeAdapter(RunRecord)
