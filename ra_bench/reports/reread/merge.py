"""A sheet that was filled in, put into a cohort: its labels under another version."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ra_bench.cohorts.table import is_blank, number_in, read_table
from ra_bench.cohorts.version import cohort_version
from ra_bench.errors import TableError
from ra_bench.reports.known_films import listed
from ra_bench.reports.reread.sheet import FILM, SUSPECT, key_file, unguarded

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ra_bench.cohorts.table import Row, Table
    from ra_bench.values import Cohort, Sample, Scale


@dataclass(frozen=True, slots=True, kw_only=True)
class Reread:
    """A cohort with the scores of a sheet, the sheet's name, and a sentence each on what it changed."""

    cohort: Cohort
    file: str
    said: tuple[str, ...]


def with_reread(cohort: Cohort, file: Path) -> Reread:
    """Put the scores of a sheet into a cohort.

    Parameters
    ----------
    cohort : Cohort
        Its readers keep their readings but where the sheet has another.
    file : Path
        A sheet as `write_sheet` makes it, filled in, also as tsv or xlsx: a column `film`, and a column a reader. The
        column of a reader of the cohort replaces that reader's readings; another adds a reader. Blank cells change
        nothing.

    Raises
    ------
    TableError
        The sheet cannot be read, has no column `film` or no score, a film twice or one that the cohort does not have,
        or a score that is no number on the scale.
    """
    table = read_table(file)
    scores = _scores(table, cohort)
    samples = tuple(
        replace(sample, readings={**sample.readings, **scores.get(sample.sample_id, {})}) for sample in cohort.samples
    )
    version = cohort_version(
        samples=samples,
        scale=cohort.scale,
        given_split=cohort.given_split,
        contents={sample.sample_id: sample.pixels for sample in samples},
    )
    changed = replace(cohort, samples=samples, version=version)
    return Reread(cohort=changed, file=file.name, said=tuple(_said(cohort, samples, scores, file)))


def _scores(table: Table, cohort: Cohort) -> dict[str, dict[str, float]]:
    """Film to reader to score."""
    if FILM not in table.columns:
        raise TableError(f"{table.file}: no column '{FILM}'. Found: {', '.join(table.columns)}.")
    known = {sample.sample_id for sample in cohort.samples}
    found: dict[str, dict[str, float]] = {}
    strange = []
    for row in table.rows:
        film = unguarded(row.cells[FILM])
        if film in found:
            raise TableError(f"{table.file}, row {row.number}: film '{film}' stands there twice. Keep one row a film.")
        if film not in known:
            strange.append(film)
        found[film] = _row(row, table, cohort.scale)
    if strange:
        raise TableError(
            f"{table.file}: {len(strange)} films are not in '{cohort.name}', such as {listed(strange, 3)}. Give the "
            "cohort that the sheet was made from, and leave its column 'film' as it was."
        )
    if not any(found.values()):
        raise TableError(f"{table.file}: no score is filled in. Fill in a column beside '{FILM}'.")
    return found


def _row(row: Row, table: Table, scale: Scale) -> dict[str, float]:
    scores = {}
    for column, cell in row.cells.items():
        if column == FILM or is_blank(cell):
            continue
        score = number_in(cell)
        if score is None or not scale.minimum <= score <= scale.maximum:
            raise TableError(
                f"{table.file}, row {row.number}, column '{column}': found '{cell}'. Give a number from "
                f"{scale.minimum:g} to {scale.maximum:g}, or leave the cell empty."
            )
        scores[unguarded(column)] = score
    return scores


def _said(
    cohort: Cohort, samples: tuple[Sample, ...], scores: Mapping[str, Mapping[str, float]], file: Path
) -> list[str]:
    filled = {film for film, found in scores.items() if found}
    readers = sorted({reader for found in scores.values() for reader in found})
    old = {reader for sample in cohort.samples for reader in sample.readings}
    counts = ", ".join(f"'{reader}' ({'replaces' if reader in old else 'new reader'})" for reader in readers)
    said = [
        (
            f"Read again: {len(filled)} of the {len(scores)} films of {file.name}, by {counts}. Suspects were chosen "
            "by what the models say, so a board with their new labels leans to the models."
        )
    ]
    key = key_file(file)
    if key.exists():
        moved = {
            before.sample_id: _mean(after) - _mean(before)
            for before, after in zip(cohort.samples, samples, strict=True)
            if before.sample_id in filled
        }
        said.append(_of_key(read_table(key), moved))
    return said


def _of_key(key: Table, moved: Mapping[str, float]) -> str:
    """How far references moved on suspects, to the side of the models, and on controls."""
    rows = {unguarded(row.cells.get(FILM, "")): row.cells for row in key.rows}
    suspects, toward, controls = [], [], []
    for film, by in moved.items():
        cells = rows.get(film)
        if cells is None:
            continue
        if cells.get("kind") == SUSPECT:
            suspects.append(abs(by))
            toward.append(by * np.sign(number_in(cells.get("models_off", "")) or 0.0))
        else:
            controls.append(abs(by))
    return (
        f"By its key: on {len(suspects)} suspects the reference moved by {_average(suspects)} on average, "
        f"{_average(toward)} of it to the side of the models; on {len(controls)} controls by {_average(controls)}. "
        "Only what suspects moved beyond controls speaks against the old labels."
    )


def _average(values: list[float]) -> str:
    return f"{float(np.mean(values)):.1f}" if values else "n/a"


def _mean(sample: Sample) -> float:
    return float(np.mean(list(sample.readings.values()))) if sample.readings else float("nan")
