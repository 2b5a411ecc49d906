"""Thumbnails of the films that a board's models read worst, for its page; only where somebody asks for them."""

from __future__ import annotations

from functools import partial
from io import BytesIO
from math import isfinite
from typing import TYPE_CHECKING

from ra_bench.boards.folder import BOARD, RECORDS
from ra_bench.boards.folds import pool_folds
from ra_bench.boards.held_out import held_out
from ra_bench.boards.render.html_films import worst_ids
from ra_bench.boards.render.json import read_board
from ra_bench.boards.thumbnails import write_thumbnails
from ra_bench.cohorts.contact_sheet import shrunk
from ra_bench.cohorts.parallel import for_each_film
from ra_bench.errors import RecordError
from ra_bench.runs.records import RECORD, read_record

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from ra_bench.values import Board, Cohort, RunRecord, Sample

#: Pixels across: twice what the page shows, so that it is sharp on a telephone.
_WIDTH = 192


def make_thumbnails(folder: Path, cohort: Cohort) -> int:
    """Write a picture of each film that the board lists as read worst; give their number.

    Parameters
    ----------
    folder : Path
        The board's folder.
    cohort : Cohort
        The films that the board was measured on.

    Raises
    ------
    RecordError
        A private cohort, a board without records or ranked models, of other films, or whose films were renamed.
    FilmError
        Films that cannot be decoded.
    StorageError
        A file cannot be written.
    """
    board, records = _read(folder)
    if board.private or cohort.private:
        raise RecordError(f"The cohort of {folder} is private: its films are shown nowhere. Leave out --thumbnails.")
    if not records:
        raise RecordError(f"{folder} holds no records: nothing says which films are read worst. Train models first.")
    version = records[0].job.cohort
    if version != cohort.version:
        raise RecordError(
            f"{folder} was measured on version {version} of its films, and '{cohort.name}' is version "
            f"{cohort.version}. Name the very films, or make the board anew with 'ra-bench run'."
        )
    if not any(row.kind == "model" for row in board.rows):
        raise RecordError(f"{folder} has no ranked model: its page lists no film as read worst. Train a model first.")
    films = worst_ids(board, held_out(pool_folds(records).records))
    samples = {sample.sample_id: sample for sample in cohort.samples}
    if (film := _renamed(records, samples)) is not None:
        raise RecordError(
            f"{folder} does not name films as '{cohort.name}' does, such as '{film}': where ids hold patients' "
            "numbers, films are numbered anew on a board, and which they are is not told. Leave out --thumbnails."
        )
    chosen = [samples[film] for film in films]
    pictures = for_each_film(partial(shrunk, _WIDTH), [sample.film for sample in chosen], names=films)
    write_thumbnails(folder, version, {film: _jpeg(picture) for film, picture in zip(films, pictures, strict=True)})
    return len(films)


def _read(folder: Path) -> tuple[Board, list[RunRecord]]:
    file = folder / f"{BOARD}.json"
    if not file.exists():
        raise RecordError(f"{folder} holds no {BOARD}.json. Name a board that 'ra-bench run' made.")
    records = [read_record(found.parent) for found in sorted((folder / RECORDS).glob(f"*/{RECORD}"))]
    return read_board(file.read_text(encoding="utf-8")), records


def _renamed(records: Sequence[RunRecord], samples: Mapping[str, Sample]) -> str | None:
    """A film that the cohort lacks, or has with other scores: a new number may be the old id of another film."""
    for record in records:
        given = record.predictions
        for place, film in enumerate(given.ids):
            here = _read_scores({reader: scores[place] for reader, scores in given.readings.items()})
            if film not in samples or here != _read_scores(samples[film].readings):
                return film
    return None


def _read_scores(readings: Mapping[str, float]) -> dict[str, float]:
    return {reader: score for reader, score in readings.items() if isfinite(score)}


def _jpeg(picture: NDArray[np.uint8]) -> bytes:
    from PIL import Image

    written = BytesIO()
    Image.fromarray(picture).save(written, format="JPEG", quality=80)
    return written.getvalue()
