"""A job's folder: job.json, predictions.csv, history.csv and record.json, each written whole; record.json comes last.

`record.json` is the commit: a folder without it holds nothing that counts.
"""

from __future__ import annotations

import csv
import io
import json
import math
import sys
from dataclasses import asdict
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ra_bench.errors import RecordError
from ra_bench.files import replacing, write_text
from ra_bench.values import EpochReport, Failure, Job, Predictions, RunRecord, Uncertainty

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pydantic import TypeAdapter

RECORD, PREDICTIONS, VALIDATION, HISTORY, JOB, LOG, FAILURE = (
    "record.json",
    "predictions.csv",
    "validation.csv",
    "history.csv",
    "job.json",
    "log.txt",
    "failure.json",
)
#: Fields that came later, with what they are if not given: written only where they say otherwise, so that files stand.
_CAME_LATER = {
    "trained_on": None,
    "batch_parts": 1,
    "uncounted": None,
    "peak_host_memory": None,
    "weights": None,
    "devices": 1,
    "ensemble": None,
}
#: Those that are written beside themselves and renamed.
FILES = (RECORD, PREDICTIONS, VALIDATION, HISTORY, JOB, FAILURE)
#: Stands where a record names its trainer, when its predictions were made elsewhere and only measured here.
SCORED = "scored from predictions"
#: Stands there when its predictions are the mean or median of those of other records.
ENSEMBLE = "ensemble of finished runs"
_FIXED = ("id", "patient", "predicted")
_PIXELS, _VISIT = "pixels", "visit"
_SD, _LOWER, _UPPER = "sd", "lower:", "upper:"


def job_folder(runs: Path, job: Job) -> Path:
    """Where a job works: runs/<board>/<model>/seed<seed>[-fold<number>]-<start of its key>."""
    fold = "" if job.fold is None else f"-fold{job.fold.number}"
    return runs / job.board / job.model.replace("/", "--") / f"seed{job.seed}{fold}-{job.key[:12]}"


def job_data(job: Job) -> dict[str, Any]:
    """A job as plain data. Without folds or given weights it says nothing of them: key and files are as before."""
    content = asdict(job)
    for part in ("fold", "weights"):
        if content[part] is None:
            del content[part]
    return content


def write_job(folder: Path, job: Job) -> None:
    """Say whose folder it is, before anything else is in it; what an earlier try said is no longer so."""
    write_text(folder / JOB, json.dumps(job_data(job), indent=2) + "\n")
    (folder / FAILURE).unlink(missing_ok=True)


def read_job(folder: Path) -> Job:
    """Whose folder it is.

    Raises
    ------
    RecordError
        Its job.json is not there or cannot be read.
    """
    from pydantic import TypeAdapter

    try:
        return TypeAdapter(Job).validate_json((folder / JOB).read_bytes())
    except (OSError, ValueError) as error:
        found = str(error).splitlines()[0].rstrip(".")
        raise RecordError(
            f"{folder / JOB} cannot be read: {found}. Delete that folder and do the job again."
        ) from error


def write_record(folder: Path, record: RunRecord) -> None:
    """Commit a finished job: predictions and history first, then the record that makes them count."""
    write_text(folder / PREDICTIONS, predictions_csv(record.predictions))
    if record.validation is not None:
        write_text(folder / VALIDATION, predictions_csv(record.validation))
    write_text(folder / HISTORY, _history_csv(record.history))
    write_text(folder / RECORD, record_json(record))


def record_json(record: RunRecord) -> str:
    """The record without its predictions, which stand in files of their own."""
    content = asdict(record)
    del content["predictions"], content["validation"]
    content["job"] = job_data(record.job)
    for name, usual in _CAME_LATER.items():
        if content[name] == usual:
            del content[name]
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
        content["predictions"] = read_predictions(folder / PREDICTIONS)
        if (folder / VALIDATION).exists():
            content["validation"] = read_predictions(folder / VALIDATION)
        return _adapter().validate_python(content)
    except FileNotFoundError as error:
        raise RecordError(f"{folder} holds no finished run: {Path(error.filename).name} is missing.") from error
    except (OSError, ValueError, TypeError, RecordError) as error:
        found = str(error).splitlines()[0].rstrip(".")
        raise RecordError(
            f"The record in {folder} cannot be read: {found}. Delete that folder and run again: the job is done afresh."
        ) from error


def remove_record(folder: Path) -> None:
    """Remove the files that a record consists of, its commit first, and the folder if nothing else is in it."""
    if not folder.is_dir():
        return
    for name in (RECORD, PREDICTIONS, VALIDATION, HISTORY):
        (folder / name).unlink(missing_ok=True)
    if not any(folder.iterdir()):
        folder.rmdir()


def read_files(folder: Path) -> dict[str, bytes]:
    """The files of a job by name, whole; what is being written is left out."""
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    return {file.name: file.read_bytes() for file in files if file.is_file() and not file.name.startswith(".")}


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write a job that was done elsewhere, each file whole and the commit last; an earlier failure is no longer so.

    Raises
    ------
    StorageError
        A file cannot be written. Without the commit the folder counts for nothing.
    """
    (folder / FAILURE).unlink(missing_ok=True)
    for name in sorted(files.keys() - {FAILURE}, key=lambda name: (name == RECORD, name)):
        with replacing(folder / name) as temporary:
            temporary.write_bytes(files[name])


def is_trained(job: Job) -> bool:
    """Whether a record's job was a training here: neither predictions from elsewhere nor an ensemble."""
    return job.trainer not in {SCORED, ENSEMBLE}


def standing_records(runs: Path) -> tuple[list[RunRecord], list[RecordError]]:
    """Every committed record below a folder, in the order of their paths; and one error each that cannot be read."""
    records, broken = [], []
    for file in sorted(runs.glob(f"**/{RECORD}")):
        try:
            records.append(read_record(file.parent))
        except RecordError as error:
            broken.append(error)
    return records, broken


def write_failure(folder: Path, failure: Failure) -> None:
    """Keep why a job did not finish; it does not stand in the way of another try."""
    write_text(folder / FAILURE, json.dumps(asdict(failure), indent=2) + "\n")


def read_failure(folder: Path) -> Failure | None:
    """Why the last try of a job did not finish; None where there was none, or none that can be read."""
    from pydantic import TypeAdapter

    try:
        return TypeAdapter(Failure).validate_json((folder / FAILURE).read_bytes())
    except (OSError, ValueError):
        return None


def standing_failures(runs: Path) -> list[Failure]:
    """Every failure below a folder, in the order of their paths."""
    found = [read_failure(file.parent) for file in sorted(runs.glob(f"**/{FAILURE}"))]
    return [failure for failure in found if failure is not None]


def predictions_csv(predictions: Predictions) -> str:
    """Columns id, patient, a reading a reader, predicted, then what is known: uncertainty, visit and pixels.

    Numbers are to the last bit; an absent reading is empty.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    readings = {f"reading:{reader}": scores for reader, scores in predictions.readings.items()}
    numbers = readings | {"predicted": predictions.predicted} | _uncertainty_columns(predictions.uncertainty)
    later = {_VISIT: tuple(map(str, predictions.visits)), _PIXELS: predictions.pixels}
    known = {name: cells for name, cells in later.items() if cells}
    columns = [predictions.ids, predictions.patients, *(map(_number, values) for values in numbers.values())]
    writer.writerow(["id", "patient", *numbers, *known])
    writer.writerows(zip(*columns, *known.values(), strict=True))
    return text.getvalue()


def read_predictions(file: Path) -> Predictions:
    """Read what `predictions_csv` wrote.

    Raises
    ------
    RecordError
        A column is missing or a cell is no number.
    """
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            reader = csv.reader(lines, strict=True)
            header = next(reader, [])
            cells: list[str] = []  # row after row: lists of lists would keep the garbage collector busy
            for number, row in enumerate(reader, start=2):
                if len(row) != len(header):
                    raise RecordError(f"{file}: row {number} has {len(row)} cells, the header {len(header)}.")
                cells += row
    except csv.Error as error:
        raise RecordError(f"{file}: {error}.") from error
    if missing := [column for column in _FIXED if column not in header]:
        raise RecordError(f"{file}: no column '{missing[0]}'.")
    columns = {name: tuple(cells[place :: len(header)]) for place, name in enumerate(header)}
    return Predictions(
        ids=_names(columns["id"]),
        patients=_names(columns["patient"]),
        readings={
            name.removeprefix("reading:"): _values(file, name, column)
            for name, column in columns.items()
            if name.startswith("reading:")
        },
        predicted=_values(file, "predicted", columns["predicted"]),
        pixels=columns.get(_PIXELS, ()),
        uncertainty=_uncertainty(file, columns),
        visits=_whole(file, columns.get(_VISIT, ())),
    )


def _uncertainty_columns(given: Uncertainty | None) -> dict[str, tuple[float, ...]]:
    """Headings and numbers: sd, and the ends of an interval with its level, as in `lower:0.95`."""
    if given is None:
        return {}
    level = repr(float(given.level))
    columns = {_SD: given.sd, _LOWER + level: given.lower, _UPPER + level: given.upper}
    return {name: values for name, values in columns.items() if values}


def _uncertainty(file: Path, columns: Mapping[str, tuple[str, ...]]) -> Uncertainty | None:
    numbers = {
        name: _values(file, name, cells)
        for name, cells in columns.items()
        if name == _SD or name.startswith((_LOWER, _UPPER))
    }
    if not numbers:
        return None
    if any(sd < 0 for sd in numbers.get(_SD, ())):
        raise RecordError(f"{file}: column '{_SD}' has a number below 0.")
    lower = next((name for name in numbers if name.startswith(_LOWER)), None)
    if lower is None:
        return Uncertainty(sd=numbers.get(_SD, ()))
    level = lower.removeprefix(_LOWER)
    try:
        found = Uncertainty(
            sd=numbers.get(_SD, ()), lower=numbers[lower], upper=numbers[_UPPER + level], level=float(level)
        )
    except (KeyError, ValueError):
        raise RecordError(f"{file}: column '{lower}' has no '{_UPPER}{level}', or its level is no number.") from None
    if not 0 < found.level < 1 or any(low > high for low, high in zip(found.lower, found.upper, strict=True)):
        raise RecordError(f"{file}: '{lower}' has no level between 0 and 1, or an end above its '{_UPPER}{level}'.")
    return found


def _history_csv(history: Iterable[EpochReport]) -> str:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(EpochReport.__dataclass_fields__), lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(report) for report in history)
    return text.getvalue()


def _number(value: float) -> str:
    return "" if math.isnan(value) else repr(float(value))


# A board of a thousand records has the same films and readings a thousand times: each such column is made once.
@lru_cache(maxsize=64)
def _names(cells: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(sys.intern, cells))


@lru_cache(maxsize=64)
def _numbers(cells: tuple[str, ...]) -> tuple[float, ...]:
    """Numbers as they were; what is absent is nan."""
    return tuple(map(float, cells)) if "" not in cells else tuple(float(cell or "nan") for cell in cells)


def _values(file: Path, column: str, cells: tuple[str, ...]) -> tuple[float, ...]:
    try:
        return _numbers(cells)
    except ValueError as error:
        raise RecordError(f"{file}: column '{column}': {error}.") from error


def _whole(file: Path, cells: Sequence[str]) -> tuple[int, ...]:
    try:
        return tuple(map(int, cells))
    except ValueError as error:
        raise RecordError(f"{file}: column '{_VISIT}': {error}.") from error


@cache
def _adapter() -> TypeAdapter[RunRecord]:
    """Made once: that takes longer than to read a record with it."""
    from pydantic import TypeAdapter

    return TypeAdapter(RunRecord)
