"""Boards of folds: each film predicted once, rows only of what is whole, each site by itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ra_bench.boards.board import build_board, measured_again
from ra_bench.boards.folds import pool_folds
from ra_bench.boards.leaderboard import rebuild, save_board
from ra_bench.boards.render.json import read_board, render
from ra_bench.boards.render.markdown import render as as_markdown
from ra_bench.errors import RecordError
from ra_bench.runs.records import read_record

SITES = ("Graz", "Leiden", "Oslo")


def folded(made, sites=("", "", "")):
    return [part for record in made.board_records() for part in made.in_folds(record, sites)]


def shown(rows):
    """Rows as text: nan is nan."""
    return [repr(row) for row in rows]


def board_of(made, records, **more):
    return build_board("made-up", records=records, metrics=made.metrics, baselines=["mean", "statistics"], **more)


def test_a_row_of_folds_is_the_row_of_the_same_predictions_in_one_piece(made):
    whole, pooled = board_of(made, made.board_records()), board_of(made, folded(made))
    assert shown(pooled.rows) == shown(whole.rows)


def test_seeds_in_folds_are_the_mean_over_seeds_of_what_their_folds_make_together(made):
    seeds = [made.record("a", made.predictions(10, seed), seed=seed) for seed in (0, 1)]
    whole, pooled = board_of(made, seeds), board_of(made, [part for seed in seeds for part in made.in_folds(seed)])
    assert shown(pooled.rows) == shown(whole.rows)
    assert pooled.rows[0].seeds == (0, 1)


def test_a_model_with_a_missing_fold_is_no_row_but_one_that_says_which(made):
    records = folded(made)[1:]  # close-a has no first fold
    board = board_of(made, records)
    (row,) = [row for row in board.rows if row.name == "close-a"]
    assert (row.kind, row.rank, row.metrics) == ("waiting", None, {})
    assert row.remark == "Fold 1 of 3 missing: it is measured when all folds stand. Run it again."
    others = [record for record in made.board_records() if record.job.model != "close-a"]
    assert shown([r for r in board.rows if r.name != "close-a"]) == shown(board_of(made, others).rows)


def test_one_seed_with_a_missing_fold_leaves_the_other_seeds_row(made):
    seeds = [made.record("a", made.predictions(10, seed), seed=seed) for seed in (0, 1)]
    board = board_of(made, [*made.in_folds(seeds[0]), *made.in_folds(seeds[1])[:2]])
    rows = [(row.kind, row.seeds) for row in board.rows if row.name == "a"]
    assert rows == [("model", (0,)), ("waiting", (1,))]


def test_a_failed_fold_says_its_number_and_why_and_is_not_told_twice(made):
    records = folded(made)
    failed = replace(made.failure("close-a", "It broke."), job=records[1].job)
    board = board_of(made, [records[0], *records[2:]], failures=[failed])
    (row,) = [row for row in board.rows if row.name == "close-a"]
    assert (row.kind, row.seeds, row.remark) == ("failed", (0,), "Fold 2: It broke.")


def test_folds_that_wait_are_one_row_a_model(made):
    parts = made.in_folds(made.record("late", made.predictions(10, 1)))
    board = board_of(made, folded(made), waiting=[part.job for part in parts])
    (row,) = [row for row in board.rows if row.name == "late"]
    assert (row.kind, row.seeds, row.remark) == ("waiting", (0,), "Folds 1, 2 and 3: Not run yet.")


def test_folds_and_a_single_split_do_not_share_a_board(made):
    plain, other = made.board_records()[:2]
    plain = replace(plain, job=replace(plain.job, split="another"))
    with pytest.raises(RecordError, match="cannot stand on one board: the split differs"):
        board_of(made, [plain, *made.in_folds(other)])


@pytest.mark.parametrize("field", ["split", "cohort", "protocol_hash"])
def test_folds_of_two_plans_cannot_be_put_together(made, field):
    first, second, third = made.in_folds(made.board_records()[0])
    stray = replace(third, job=replace(third.job, **{field: "another"}))
    with pytest.raises(RecordError, match="close-a, seed 0, fold 3 of 3 is of another split plan than fold 1"):
        pool_folds([first, second, stray])


def test_two_records_of_one_fold_are_refused(made):
    first, *rest = made.in_folds(made.board_records()[0])
    with pytest.raises(RecordError, match=r"Two records of close-a, seed 0, fold 1 of 3\. Keep one of them"):
        pool_folds([first, first, *rest])


def test_a_film_in_two_folds_is_refused(made):
    first, second, third = made.in_folds(made.board_records()[0])
    second = replace(second, predictions=first.predictions)
    with pytest.raises(RecordError, match="has two predictions of film"):
        board_of(made, [first, second, third])


def test_a_board_of_folds_says_what_its_rows_are(made):
    assert any("a row pools the 3 models of a seed" in remark for remark in board_of(made, folded(made)).remarks)
    assert not any("pools" in remark for remark in board_of(made, made.board_records()).remarks)


# --- sites ---


def test_each_site_is_measured_by_itself(made):
    board = board_of(made, folded(made, SITES))
    assert [(site.site, site.films, site.patients) for site in board.sites] == [(name, 20, 20) for name in SITES]
    for number, site in enumerate(board.sites):
        given = made.in_folds(made.board_records()[0], SITES)[number].predictions
        away = np.array(given.predicted) - np.mean(list(given.readings.values()), axis=0)
        found = site.metrics["close-a"]
        assert found["rmse"].value == pytest.approx(np.sqrt(np.mean(away**2)), rel=1e-7)
        assert found["bias"].value == pytest.approx(away.mean(), rel=1e-6)
        half = 2.093024 * away.std(ddof=1) / np.sqrt(20)  # Student's t, 19 degrees of freedom
        assert found["bias"].low == pytest.approx(away.mean() - half, rel=1e-5)


def test_a_small_site_has_no_interval(made):
    films = made.predictions(10, 1, films=12)
    board = build_board("b", records=made.in_folds(made.record("a", films), SITES), metrics=made.metrics)
    assert all(np.isnan(site.metrics["a"]["rmse"].low) for site in board.sites)


def test_sites_are_a_table_a_measure(made):
    text = as_markdown(board_of(made, folded(made, SITES)))
    assert "## Sites: each read by a model that saw no film of it" in text
    assert "| RMSE ↓ " in text
    assert "Leiden (20 films, 20 patients)" in text
    assert "## Sites" not in as_markdown(board_of(made, folded(made)))


def test_sites_come_back_from_json_and_are_no_key_where_there_are_none(made):
    board = board_of(made, folded(made, SITES))
    assert render(read_board(render(board))) == render(board)
    assert '"sites"' not in render(board_of(made, made.board_records()))


# --- the folder ---


def test_a_board_of_folds_is_made_again_with_the_same_bytes(made, tmp_path):
    records = folded(made, SITES)
    save_board(board_of(made, records), records, tmp_path, [])
    before = (tmp_path / "board.json").read_bytes()
    found = rebuild(tmp_path, made.metrics, [])
    assert found.source == "measured again from 18 records"
    assert (tmp_path / "board.json").read_bytes() == before


def test_published_folds_number_a_patient_alike_in_all_of_them(made, tmp_path):
    records = [
        part
        for name in ("a", "b")
        for part in made.in_folds(made.record(name, made.predictions(10, 1, films_a_patient=2)))
    ]
    save_board(board_of(made, records), records, tmp_path, [])
    kept = [read_record(file) for file in sorted((tmp_path / "records").iterdir())]
    assert [file.name for file in sorted((tmp_path / "records").iterdir())][:2] == ["a-seed0-fold1", "a-seed0-fold2"]
    owners = {}
    for record in kept:
        for film, patient in zip(record.predictions.ids, record.predictions.patients, strict=True):
            assert owners.setdefault(film, patient) == patient
    assert len(owners) == made.films
    assert len(set(owners.values())) == made.films // 2


def test_an_incomplete_model_stays_marked_when_the_board_is_made_again(made):
    records = folded(made)[1:]
    board = board_of(made, records)
    assert render(measured_again(board, records, made.metrics)) == render(board)
    whole = measured_again(board, folded(made), made.metrics)
    assert [row.kind for row in whole.rows if row.name == "close-a"] == ["model"]
