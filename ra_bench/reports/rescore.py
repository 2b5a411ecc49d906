"""Stored predictions on corrected labels: the same films by id and pixels, nothing trained, the old board untouched."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from math import isclose, nan
from typing import TYPE_CHECKING

import numpy as np

from ra_bench.boards.board import assemble, measured_again
from ra_bench.boards.columns import COMMAND, RANK, SCALE
from ra_bench.boards.facts import COHORT, COHORT_NOTE, READERS, readers_fact, scale_fact, without_record_facts
from ra_bench.boards.folder import BOARD
from ra_bench.boards.held_out import mean_reading
from ra_bench.boards.render.json import read_board
from ra_bench.boards.render.moved import moved
from ra_bench.cohorts.visits import visit_numbers, with_visits
from ra_bench.errors import CohortError, RecordError
from ra_bench.reports.known_films import listed
from ra_bench.runs.records import standing_records
from ra_bench.values import Board, Predictions, RunRecord

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ra_bench.boards.facts import Facts
    from ra_bench.reports.reread.merge import Reread
    from ra_bench.specs import MetricSpec
    from ra_bench.values import Cohort, Sample

_VERSION = re.compile(r", version (\S+?)(?:, simulated)?$")
_SHOWN = ("rho", "rmse", RANK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorable:
    """A board, the version of the labels that its models were trained on, and the records that it was made of."""

    board: Board
    trained_on: str
    records: tuple[RunRecord, ...]


def read_scorable(folder: Path, runs: Path, metrics: Sequence[MetricSpec]) -> Scorable:
    """Read a board and its stored runs, and check that these are what the board shows.

    Parameters
    ----------
    folder : Path
        The board's folder.
    runs : Path
        The folder of its runs.
    metrics : sequence of MetricSpec
        The registered columns.

    Raises
    ------
    RecordError
        There is no such board or no run of it, the board was re-scored itself, or it shows other runs.
    """
    file = folder / f"{BOARD}.json"
    if not file.is_file():
        raise RecordError(
            f"There is no board in {folder}. Make it with 'ra-bench run', or name the folder of boards with --boards."
        )
    board = read_board(file.read_text(encoding="utf-8"))
    if board.before:
        raise RecordError(
            f"The board in {folder} was re-scored itself, and has no runs. Name the board that it was made from."
        )
    found = (_VERSION.search(value) for name, value in board.facts if name == COHORT)
    version = next((match[1] for match in found if match), "")
    records, broken = standing_records(runs)
    if broken:
        raise broken[0]
    shown = {(row.name, seed) for row in board.rows if row.kind in ("model", "baseline") for seed in row.seeds}
    on_them = [r for r in records if r.job.cohort == version and (r.job.model, r.job.seed) in shown]
    if not on_them:
        raise RecordError(
            f"{runs} holds no finished run on the labels of the board in {folder} (version {version or 'unknown'}). "
            "Predictions film by film are needed: name the folder of runs with --runs."
        )
    on_them.sort(key=lambda record: record.finished)
    newest = on_them[-1].job
    # A run that was done anew is the later one; what is of an older split or protocol is on no board.
    latest = {_who(r): r for r in on_them if (r.job.split, r.job.protocol_hash) == (newest.split, newest.protocol_hash)}
    kept = tuple(latest.values())
    _check_shown(board, measured_again(board, kept, metrics), runs)
    return Scorable(board=board, trained_on=version, records=kept)


def rescored(
    found: Scorable, cohort: Cohort, metrics: Sequence[MetricSpec], *, reread: Reread | None = None
) -> tuple[Board, list[RunRecord]]:
    """The board of the same predictions on the labels of `cohort`, and its records.

    `reread` says which sheet was put into the cohort, and what it changed.

    Raises
    ------
    CohortError
        The labels are those that the board has, or are on another scale; a film has other pixels; no film is left.
    RecordError
        The records do not say which pixels their films have.
    """
    old = found.board
    _check_labels(found, cohort)
    films = _films(found.records)
    samples = {sample.sample_id: sample for sample in cohort.samples}
    _check_pixels(films, samples, cohort)
    visits = visit_numbers(cohort.samples)
    name = f"{old.name}-labels-{cohort.version[:8]}"
    records = [
        replace(
            record,
            job=replace(record.job, board=name, dataset=cohort.name, cohort=cohort.version),
            predictions=with_visits(_with_labels(record.predictions, samples, cohort), visits),
            validation=None,  # it has the labels of before
            trained_on=found.trained_on,
        )
        for record in found.records
    ]
    board = assemble(
        name,
        records,
        metrics,
        [row for row in old.rows if row.kind in ("failed", "waiting")],
        [row.name for row in old.rows if row.kind == "baseline"],
        _facts(found, cohort, _changes(films, samples, cohort), reread),
        f"{old.title}, on labels of version {cohort.version[:8]}",
        simulated=old.simulated,
        private=old.private or cohort.private,
        before=tuple(
            replace(row, metrics={key: row.metrics[key] for key in _SHOWN if key in row.metrics}, remark="")
            for row in old.rows
            if row.kind in ("model", "baseline", "reader")
        ),
    )
    return board, records


def moves(board: Board) -> list[str]:
    """A line a model on what the labels moved: rank, rho and RMSE, before and now."""
    return [
        f"{row.name}: " + ", ".join(f"{label} {was} -> {now}" for label, was, now in pairs if was or now)
        for row, pairs in moved(board)
    ]


# --- what is checked ------------------------------------------------------------------------------------------------


def _check_shown(board: Board, again: Board, runs: Path) -> None:
    """The runs must give the RMSEs that the board shows: else 'before' would be another board's."""
    for row in board.rows:
        if row.kind not in ("model", "baseline") or "rmse" not in row.metrics:
            continue
        other = next((other for other in again.rows if other.name == row.name and "rmse" in other.metrics), None)
        if other is None or not _same(row.metrics["rmse"].value, other.metrics["rmse"].value):
            raise RecordError(
                f"The runs in {runs} are not those of the board: of '{row.name}' there is another or no finished run. "
                "Write the board anew with 'ra-bench run', which trains nothing that stands."
            )


def _same(one: float, other: float) -> bool:
    return isclose(one, other, rel_tol=1e-6) or (one != one and other != other)  # noqa: PLR0124 - nan is like nan


def _check_labels(found: Scorable, cohort: Cohort) -> None:
    if not all(sample.pixels for sample in cohort.samples):
        raise CohortError(
            f"'{cohort.name}' does not say which pixels its films have, so that nothing shows that its labels are of "
            "the same films. Name a cohort.toml, whose films are read from files."
        )
    if cohort.version == found.trained_on:
        raise CohortError(
            f"The labels of '{cohort.name}' are those that the board '{found.board.name}' is measured on (version "
            f"{cohort.version}): there is nothing to re-score. Name the cohort.toml with the corrected table."
        )
    scale = dict(found.board.facts).get(SCALE, "")
    if scale != scale_fact(cohort.scale):
        raise CohortError(
            f"The labels of '{cohort.name}' are on another scale than the predictions: {scale_fact(cohort.scale)}, not "
            f"{scale}. A prediction cannot be measured on a scale that it was not made for."
        )


def _films(records: Sequence[RunRecord]) -> Predictions:
    """One row for each film that was tested, of whatever model or fold."""
    rows: dict[str, tuple[Predictions, int]] = {}
    for record in records:
        if not record.predictions.pixels:
            raise RecordError(
                f"The record of {record.job.model}, seed {record.job.seed}, does not say which pixels its films have, "
                "so that nothing shows that labels are of the same films. It is of a cohort that was not read from "
                "files, or of an earlier ra-bench: run it again."
            )
        for row, film in enumerate(record.predictions.ids):
            rows.setdefault(film, (record.predictions, row))
    return Predictions(
        ids=tuple(rows),
        patients=tuple(given.patients[row] for given, row in rows.values()),
        readings={
            reader: tuple(given.readings.get(reader, (nan,) * (row + 1))[row] for given, row in rows.values())
            for reader in dict.fromkeys(reader for given, _ in rows.values() for reader in given.readings)
        },
        predicted=(nan,) * len(rows),
        pixels=tuple(given.pixels[row] for given, row in rows.values()),
    )


def _check_pixels(films: Predictions, samples: Mapping[str, Sample], cohort: Cohort) -> None:
    there = [(film, pixels) for film, pixels in zip(films.ids, films.pixels, strict=True) if film in samples]
    if not there:
        raise CohortError(
            f"None of the {len(films.ids)} test films is in '{cohort.name}', which calls its films "
            f"{listed(sorted(samples), 3)}; the runs have {listed(sorted(films.ids), 3)}. Labels are matched by id: "
            "give the films the ids that they had."
        )
    if other := [film for film, pixels in there if samples[film].pixels != pixels]:
        raise CohortError(
            f"{len(other)} of {len(films.ids)} test films have other pixels in '{cohort.name}' than those that the "
            f"models read: {listed(other)}. These are other films, whatever they are called. Put the films back that "
            "were read, with the same 'window', or run the models on the new ones."
        )


# --- what becomes of it ---------------------------------------------------------------------------------------------


def _with_labels(given: Predictions, samples: Mapping[str, Sample], cohort: Cohort) -> Predictions:
    """The same predictions with the new readings and patients; a film without labels has none."""
    readers = sorted({reader for sample in cohort.samples for reader in sample.readings})
    found = [samples.get(film) for film in given.ids]
    return replace(
        given,
        patients=tuple(
            patient if sample is None else sample.patient_id
            for sample, patient in zip(found, given.patients, strict=True)
        ),
        readings={
            reader: tuple(nan if sample is None else sample.readings.get(reader, nan) for sample in found)
            for reader in readers
        },
    )


def _changes(films: Predictions, samples: Mapping[str, Sample], cohort: Cohort) -> list[str]:
    """A sentence each on what is otherwise in the new labels."""
    new = _with_labels(films, samples, cohort)
    tested, missing = set(films.ids), [film for film in sorted(films.ids) if film not in samples]
    said = _of_readings(films, new) + _of_readers(films, new)
    if missing:
        said.append(
            f"{len(missing)} of {len(films.ids)} test films are not in the new labels, or have no reading there, and "
            f"do not count now: {listed(missing)}. The figures before are of all films."
        )
        names = {sample.pixels: sample.sample_id for sample in cohort.samples if sample.sample_id not in tested}
        pixels = dict(zip(films.ids, films.pixels, strict=True))
        said += [
            f"'{names[pixels[film]]}' has the pixels of '{film}'. If it was renamed, give it its old id: films are "
            "matched by id and pixels."
            for film in missing
            if pixels[film] in names
        ]
    if others := len(samples.keys() - tested):
        said.append(
            f"{others:,} films of the new labels are not test films of this board (trained on, or added since) and do "
            "not count."
        )
    moved = [film for film, was, now in zip(films.ids, films.patients, new.patients, strict=True) if was != now]
    if moved:
        said.append(
            f"{len(moved)} test films have another patient now: {listed(moved)}. The split was made by the old "
            "patients: whether one of these was trained on under the new name is not known."
        )
    return said


def _of_readings(old: Predictions, new: Predictions) -> list[str]:
    was, now = _reference(old), _reference(new)
    away = np.abs(now - was)
    changed = np.flatnonzero(away > 0)
    if not changed.size:
        return ["No reference of a test film changed."]
    most = int(changed[np.argmax(away[changed])])
    return [
        (
            f"The reference changed on {changed.size} of {len(old.ids)} test films, most on '{old.ids[most]}', from "
            f"{was[most]:g} to {now[most]:g}; mean of the new minus the old over all films that have both: "
            f"{float(np.nanmean(now - was)):+.2f}."
        )
    ]


def _of_readers(old: Predictions, new: Predictions) -> list[str]:
    added = sorted(new.readings.keys() - old.readings.keys())
    gone = sorted(old.readings.keys() - new.readings.keys())
    said = [f"New readers: {listed(added)}."] if added else []
    return [*said, f"Readers that are gone: {listed(gone)}."] if gone else said


def _reference(given: Predictions) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return mean_reading([np.asarray(scores, dtype=np.float64) for scores in given.readings.values()])


def _facts(found: Scorable, cohort: Cohort, changes: Sequence[str], reread: Reread | None) -> Facts:
    simulated = ", simulated" if cohort.simulated else ""
    new = {
        COHORT: f"{cohort.name}, version {cohort.version}{simulated}",
        READERS: readers_fact(cohort),
        COMMAND: f"ra-bench rescore {found.board.name} --labels PATH/cohort.toml"
        + (f" --reread PATH/{reread.file}" if reread is not None else ""),
    }
    facts: list[tuple[str, str]] = []
    for name, value in without_record_facts(found.board.facts):
        facts.append((name, new.get(name, value)))
        if name == COHORT:
            facts.append(("trained on", f"labels of version {found.trained_on}"))
            facts.append(("scored on", f"labels of version {cohort.version}"))
    told = (
        f"The models were trained on labels of version {found.trained_on} and are scored on labels of version "
        f"{cohort.version}. Nothing was trained anew; 'ra-bench run' on the new labels would train on them, too."
    )
    read_again = () if reread is None else reread.said
    return (*facts, *((COHORT_NOTE, sentence) for sentence in (told, *read_again, *changes)))


def _who(record: RunRecord) -> tuple[str, int, int]:
    return record.job.model, record.job.seed, 0 if record.job.fold is None else record.job.fold.number
