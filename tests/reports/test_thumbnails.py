"""Thumbnails of the films read worst: made when asked for, of the very films, never of private ones."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from ra_bench.boards.leaderboard import rebuild, save_board
from ra_bench.boards.render.html import render
from ra_bench.boards.thumbnails import read_thumbnails
from ra_bench.errors import RecordError
from ra_bench.reports.thumbnails import make_thumbnails
from ra_bench.runs.records import read_record
from ra_bench.specs import RendererSpec
from ra_bench.values import (
    SVH_HANDS,
    Board,
    BoardRow,
    Cohort,
    Job,
    Predictions,
    RunRecord,
    Sample,
)

HTML = RendererSpec(name="html", suffix=".html", render=render, stem="index", takes_files=True)
FILMS = 20


def film(place):
    """Bright to the right, the brighter the higher its place."""
    return lambda: np.tile(np.linspace(0, 10 * place, 400).astype(np.uint8), (300, 1))


def name(place):
    return f"hand/{place:02d}.png"


@pytest.fixture
def cohort():
    samples = tuple(
        Sample(
            sample_id=name(place), patient_id=f"P-{place}", visit="1", film=film(place), readings={"A": float(place)}
        )
        for place in range(FILMS)
    )
    return Cohort(name="made-up", version="v1", scale=SVH_HANDS, samples=samples, citation="", licence="")


def record(model="net", *, ids=None):
    job = Job(
        key="key",
        board="made-up",
        model=model,
        seed=0,
        dataset="made-up",
        cohort="v1",
        split="s",
        protocol="quick",
        protocol_hash="p",
        plugin="net",
        plugin_version="1",
        plugin_source="s",
        trainer="standard",
        trainer_source="s",
    )
    scores = tuple(map(float, range(FILMS)))
    predictions = Predictions(
        ids=ids or tuple(map(name, range(FILMS))),
        patients=tuple(f"P-{place}" for place in range(FILMS)),
        readings={"A": scores},
        # The error is the score: the highest are read worst.
        predicted=tuple(2 * score for score in scores),
    )
    return RunRecord(
        job=job,
        protocol={},
        predictions=predictions,
        history=(),
        parameters=None,
        madds=None,
        seconds=1.0,
        seconds_per_epoch=None,
        peak_memory=None,
        kept_epoch=None,
        pretrained_on=None,
        overrides={},
        device="cpu",
        finished="2022-03-01T12:00:00Z",
        environment={},
    )


def saved(folder, kind="model", records=None, **given):
    board = Board(name="made-up", title="made-up", columns=(), rows=(BoardRow(kind=kind, name="net"),), **given)
    save_board(board, [record()] if records is None else records, folder, (HTML,))


def pictures(folder):
    return read_thumbnails(folder, [read_record(folder / "records" / "net-seed0")])


def test_the_films_read_worst_are_pictured_and_no_other(cohort, tmp_path):
    saved(tmp_path)
    assert make_thumbnails(tmp_path, cohort) == 12
    found = pictures(tmp_path)
    assert set(found) == set(map(name, range(8, FILMS)))
    pixels = np.asarray(Image.open(BytesIO(found[name(19)])))
    assert pixels.shape == (144, 192)
    assert pixels.max() == pytest.approx(190, abs=4)


def test_the_page_shows_them_from_then_on_with_the_same_bytes(cohort, tmp_path):
    saved(tmp_path)
    make_thumbnails(tmp_path, cohort)
    rebuild(tmp_path, (), (HTML,))
    first = (tmp_path / "index.html").read_bytes()
    rebuild(tmp_path, (), (HTML,))
    assert first.count(b"data:image/jpeg;base64,") == 12
    assert (tmp_path / "index.html").read_bytes() == first


def test_no_id_leaves_the_folder(cohort, tmp_path):
    ids = ("../../../outside", *map(name, range(1, FILMS)))
    samples = (replace(cohort.samples[0], sample_id=ids[0], readings={"A": 0.0}), *cohort.samples[1:])
    saved(
        tmp_path,
        records=[replace(record(ids=ids), predictions=replace(record(ids=ids).predictions, predicted=(99.0,) * FILMS))],
    )
    make_thumbnails(tmp_path, replace(cohort, samples=samples))
    assert "../../../outside" in pictures(tmp_path)
    assert len(list((tmp_path / "thumbnails" / "v1").iterdir())) == 12


def test_a_board_that_becomes_private_loses_them(cohort, tmp_path):
    saved(tmp_path)
    make_thumbnails(tmp_path, cohort)
    saved(tmp_path, private=True)
    assert not (tmp_path / "thumbnails").exists()
    assert b"data:image/jpeg" not in (tmp_path / "index.html").read_bytes()


def test_pictures_of_another_version_are_not_shown(cohort, tmp_path):
    saved(tmp_path)
    make_thumbnails(tmp_path, cohort)
    (tmp_path / "thumbnails" / "v1").rename(tmp_path / "thumbnails" / "v0")
    rebuild(tmp_path, (), (HTML,))
    assert b"data:image/jpeg" not in (tmp_path / "index.html").read_bytes()


def test_a_private_cohort_is_shown_nowhere(cohort, tmp_path):
    saved(tmp_path)
    with pytest.raises(RecordError, match=r"is private: its films are shown nowhere. Leave out --thumbnails"):
        make_thumbnails(tmp_path, replace(cohort, private=True))
    assert not (tmp_path / "thumbnails").exists()


def test_a_private_board_is_refused_whatever_the_cohort_says(cohort, tmp_path):
    saved(tmp_path, private=True)
    with pytest.raises(RecordError, match="is private"):
        make_thumbnails(tmp_path, cohort)


def test_films_of_another_version_are_refused(cohort, tmp_path):
    saved(tmp_path)
    with pytest.raises(RecordError, match="measured on version v1 of its films, and 'made-up' is version v2"):
        make_thumbnails(tmp_path, replace(cohort, version="v2"))


def test_films_that_were_numbered_anew_are_refused_even_where_another_film_has_that_id(cohort, tmp_path):
    saved(tmp_path, records=[record(ids=tuple(map(name, reversed(range(FILMS)))))])
    with pytest.raises(RecordError, match=r"does not name films as 'made-up' does, such as 'hand/00.png'"):
        make_thumbnails(tmp_path, cohort)


def test_a_board_without_records_is_refused(cohort, tmp_path):
    saved(tmp_path, records=[])
    with pytest.raises(RecordError, match="holds no records: nothing says which films are read worst"):
        make_thumbnails(tmp_path, cohort)


def test_a_board_without_a_ranked_model_is_refused(cohort, tmp_path):
    saved(tmp_path, kind="baseline")
    with pytest.raises(RecordError, match="has no ranked model"):
        make_thumbnails(tmp_path, cohort)


def test_a_folder_without_a_board_is_refused(cohort, tmp_path):
    with pytest.raises(RecordError, match=r"holds no board.json. Name a board that 'ra-bench run' made"):
        make_thumbnails(tmp_path, cohort)
