"""A board that somebody handed in: its predictions measured again, and every number held against what comes of it."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from math import isclose, isnan
from typing import TYPE_CHECKING, Literal

from ra_bench.boards.board import measured_again
from ra_bench.boards.columns import OWN
from ra_bench.boards.ensembles import unlike_their_members
from ra_bench.boards.facts import COHORT
from ra_bench.boards.folder import BOARD, RECORDS
from ra_bench.boards.render.escape import one_line
from ra_bench.boards.render.json import read_board
from ra_bench.errors import RecordError
from ra_bench.publishing.retrained import difference_here
from ra_bench.runs.records import standing_records
from ra_bench.values import MetricValue

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from ra_bench.publishing.readings import Readings
    from ra_bench.specs import MetricSpec
    from ra_bench.values import Board, BoardRow, RunRecord

Mark = Literal["self-reported", "re-scored", "re-trained"]

#: Numbers of a board have eight figures; the last ones may differ from machine to machine.
TOLERANCE = 1e-6
_MEASURED = ("model", "baseline", "reader")
_NUMBERS = (
    "rank",
    "seeds",
    "films",
    "missing",
    "parameters",
    "madds",
    "seconds_per_epoch",
    "peak_memory",
    "pretrained_on",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A folder that was handed in: its board, its records, and a sentence on each that cannot be read."""

    board: Board
    records: tuple[RunRecord, ...]
    broken: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedRow:
    """A measured row of the board that was handed in, and how far it could be followed."""

    name: str
    mark: Mark
    remark: str = ""
    problems: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """The measured rows with their marks, a sentence each on what does not follow, and notes on how it was checked."""

    rows: tuple[MarkedRow, ...]
    problems: tuple[str, ...]
    notes: tuple[str, ...]


def read_submission(folder: Path) -> Submission:
    """Read a folder with a board.json, and with records where there are any.

    Raises
    ------
    RecordError
        There is no board.json, or one that cannot be read.
    """
    file = folder / f"{BOARD}.json"
    if not file.is_file():
        raise RecordError(
            f"{folder} holds no {BOARD}.json. Name a folder that 'ra-bench run' or 'ra-bench leaderboard publish' made."
        )
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RecordError(f"{file} cannot be read: {error}. Ask for the folder once more.") from error
    records, broken = standing_records(folder / RECORDS)
    return Submission(
        board=read_board(text), records=tuple(records), broken=tuple(one_line(str(error)) for error in broken)
    )


def verify(
    given: Submission,
    readings: Readings,
    metrics: Sequence[MetricSpec],
    places: Sequence[Path],
    tolerance: float,
) -> Verified:
    """Measure the predictions again and mark every measured row.

    Parameters
    ----------
    given : Submission
        The folder.
    readings : Readings
        Its records with the readings that they are measured against.
    metrics : sequence of MetricSpec
        The registered ones; columns of others are not checked.
    places : sequence of Path
        Folders below which trainings that were done here have their records.
    tolerance : float
        Largest difference of a prediction, in units of the score, at which a training done here gave the same.

    Raises
    ------
    RecordError
        Records that do not belong together, so that nothing can be measured.
    """
    shown = {column.metric for column in given.board.columns}
    known = {column.metric for column in OWN} | {spec.name for spec in metrics}
    used = [spec for spec in metrics if spec.name in shown]
    again = measured_again(given.board, readings.records, used) if readings.records else None
    made = {} if again is None else {(row.kind, row.name): row for row in again.rows if row.kind in _MEASURED}
    rows = tuple(
        _marked(row, made.get((row.kind, row.name)), known, given.records, places, tolerance)
        for row in given.board.rows
        if row.kind in _MEASURED
    )
    told = {(row.kind, row.name) for row in given.board.rows}
    unheard = [f"{one_line(name)}: has predictions, and no row on the board" for kind, name in made.keys() - told]
    return Verified(
        rows=rows,
        problems=(
            *given.broken,
            *readings.problems,
            *map(one_line, unlike_their_members(given.records)),
            *_setting(given),
            *(problem for row in rows for problem in row.problems),
            *sorted(unheard),
            *([] if again is None else _other_sites(given.board, again, known)),
            *([] if again is None else _other_uncertainty(given.board, again)),
        ),
        notes=(*readings.notes, *_notes(given, known)),
    )


def _notes(given: Submission, known: Collection[str]) -> list[str]:
    strange = [one_line(column.label) for column in given.board.columns if column.metric not in known]
    said = [] if given.records else ["There are no predictions in the folder, so that no number can be checked."]
    if strange:
        said.append(f"Not checked, since no metric of that name is installed here: {', '.join(strange)}.")
    return said


def _marked(
    row: BoardRow,
    again: BoardRow | None,
    known: Collection[str],
    records: Sequence[RunRecord],
    places: Sequence[Path],
    tolerance: float,
) -> MarkedRow:
    name = one_line(row.name)
    if again is None:
        why = "there are no predictions of it" if records else ""
        return MarkedRow(name=name, mark="self-reported", remark=why)
    if wrong := [f"{name}: {sentence}" for sentence in _wrong(row, again, known)]:
        return MarkedRow(
            name=name,
            mark="self-reported",
            remark="its numbers do not follow from its predictions",
            problems=tuple(wrong),
        )
    own = [record for record in records if record.job.model == row.name and row.kind != "reader"]
    here = [difference_here(record, places) for record in own]
    done = [found for found in here if found is not None]
    if not done:
        return MarkedRow(name=name, mark="re-scored")
    most = max((found for found in done if not isnan(found)), default=0.0)
    if most > tolerance or any(map(isnan, done)):
        far = f"by up to {most:.3g}, more than {tolerance:g}" if most > tolerance else "in which films have one"
        other = f"{name}: trained here too, predictions differ {far}"
        return MarkedRow(name=name, mark="re-scored", remark="another training came to others", problems=(other,))
    if len(done) < len(here):
        return MarkedRow(name=name, mark="re-scored", remark=f"{len(done)} of {len(here)} trainings were done here too")
    return MarkedRow(name=name, mark="re-trained", remark=f"predictions differ by {most:.3g} at most")


def _wrong(row: BoardRow, again: BoardRow, known: Collection[str]) -> Iterator[str]:
    """A sentence on each number that is not what the predictions give."""
    for attribute in _NUMBERS:
        was, now = getattr(row, attribute), getattr(again, attribute)
        if not _equal(was, now):
            yield f"{attribute} is {_shown(was)} on the board, {_shown(now)} by the records"
    yield from _other_metrics(row.metrics, again.metrics, known)


def _other_metrics(
    was: Mapping[str, MetricValue], now: Mapping[str, MetricValue], known: Collection[str]
) -> Iterator[str]:
    """What the board claims must follow; what it leaves out is no claim."""
    for metric in was:
        if metric not in now and metric not in known:
            continue
        for part in fields(MetricValue):
            first = getattr(was.get(metric), part.name, None)
            second = getattr(now.get(metric), part.name, None)
            if not _equal(first, second):
                end = "" if part.name == "value" else f" ({part.name})"
                yield f"{one_line(metric)}{end} is {_shown(first)} on the board, {_shown(second)} by the predictions"


def _other_sites(board: Board, again: Board, known: Collection[str]) -> Iterator[str]:
    """The same for the tables of sites."""
    made = {site.site: site for site in again.sites}
    for site in board.sites:
        other = made.pop(site.site, None)
        if other is None or (site.films, site.patients) != (other.films, other.patients):
            yield f"site {one_line(site.site)!r}: other films or patients than the records have"
            continue
        for model, values in site.metrics.items():
            for sentence in _other_metrics(values, other.metrics.get(model, {}), known):
                yield f"site {one_line(site.site)!r}, {one_line(model)}: {sentence}"
    yield from (f"site {one_line(name)!r}: has predictions, and no place on the board" for name in made)


def _other_uncertainty(board: Board, again: Board) -> Iterator[str]:
    """The same for what models say of their own error."""
    made = {(row.name, row.kind): row for row in again.uncertainty}
    for row in board.uncertainty:
        who, other = f"uncertainty of {one_line(row.name)}", made.get((row.name, row.kind))
        if other is None or (row.films, row.level) != (other.films, other.level):
            yield f"{who}: other films or another level than the records have"
        else:
            yield from (f"{who}: {said}" for said in _other_metrics(row.metrics, other.metrics, row.metrics))


def _equal(first: object, second: object) -> bool:
    if isinstance(first, float) and isinstance(second, (int, float)):
        return (isnan(first) and isnan(second)) or isclose(first, second, rel_tol=TOLERANCE, abs_tol=1e-9)
    return first == second


def _shown(value: object) -> str:
    if value is None:
        return "absent"
    return f"{value:.8g}" if isinstance(value, float) else one_line(str(value))


def _setting(given: Submission) -> Iterator[str]:
    """The board must tell of the cohort that its records are of."""
    said = [value.rpartition(", version ")[2] for name, value in given.board.facts if name == COHORT]
    for version in sorted({record.job.cohort for record in given.records}):
        for told in said:
            if told.partition(",")[0] != version:
                yield f"the board tells of version {one_line(told)} of the cohort, its records of {one_line(version)}"
