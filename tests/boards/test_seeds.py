"""Several seeds of a model: what another training would change."""

from __future__ import annotations

import json as plain_json
from dataclasses import replace

import numpy as np
import pytest

from ra_bench.boards.board import build_board
from ra_bench.boards.render import json, markdown
from ra_bench.boards.seeds import over_seeds
from ra_bench.metrics import rmse, rmse_spread


def board_of(made, *records):
    return build_board("made-up", records=records, metrics=made.metrics)


@pytest.fixture
def seeds(made):
    given = [made.predictions(15, seed) for seed in (1, 2, 3)]
    records = [made.record("net", one, seed) for seed, one in enumerate(given)]
    return given, board_of(made, *records, made.record("other", made.predictions(8, 9)))


def reference_of(given):
    return np.mean([np.array(scores) for scores in given.readings.values()], axis=0)


def test_the_rmse_is_shown_with_its_range_over_seeds(seeds):
    given, board = seeds
    errors = [rmse(reference_of(one), one.predicted) for one in given]
    row = next(row for row in board.rows if row.name == "net")
    found = row.metrics["rmse_over_seeds"]
    assert (found.value, found.low, found.high) == pytest.approx((np.mean(errors), min(errors), max(errors)))
    assert row.metrics["rmse"].value == pytest.approx(found.value)


def test_components_stand_in_the_page_and_in_the_json(seeds):
    _, board = seeds
    page = markdown.render(board)
    lines = page.split("## Seeds: what another training would change")[1].splitlines()
    assert lines[2].startswith("| Model | ")
    assert [line.split("|")[1].strip() for line in lines[4:5]] == ["net"]
    assert "few seeds say little about seeds." in page
    rows = plain_json.loads(json.render(board))["rows"]
    row = next(row for row in board.rows if row.name == "net")
    assert rows[1]["metrics"]["rmse_sd_rest"]["value"] == row.metrics["rmse_sd_rest"].value > 0


def test_a_board_of_single_seeds_has_no_such_section(made):
    board = board_of(made, made.record("net", made.predictions(15, 1)))
    assert "## Seeds" not in markdown.render(board)
    assert "rmse_over_seeds" not in board.rows[0].metrics


def test_several_films_of_a_patient_are_one_patient():
    generator = np.random.default_rng(0)
    d = generator.normal(0, 10, (2, 6))
    patients = np.array([0, 0, 0, 1, 1, 2])
    sums = np.stack([[np.square(row[patients == who]).sum() for who in range(3)] for row in d], axis=1)
    found = over_seeds(patients, np.zeros(6), d)
    assert found["rmse_sd_patients"].value == pytest.approx(rmse_spread(sums * 3 / 6).patients)


def test_films_that_a_seed_lacks_do_not_count():
    d = np.array([[1.0, 2.0, 3.0], [np.nan, 2.0, 5.0]])
    found = over_seeds(np.arange(3), np.zeros(3), d)
    assert (found["rmse_over_seeds"].low, found["rmse_over_seeds"].high) == pytest.approx((6.5**0.5, 14.5**0.5))


@pytest.mark.parametrize("films", [0, 1])
def test_without_films_or_with_one_the_spread_is_undefined(films):
    found = over_seeds(np.arange(films), np.zeros(films), np.ones((2, films)))
    assert not found or np.isnan(found["rmse_sd_patients"].value)


def test_n_and_what_is_missing_stand_on_the_board(made):
    given = made.predictions(15, 1)
    holed = replace(given, predicted=(float("nan"), float("nan"), *given.predicted[2:]))
    board = board_of(made, made.record("whole", given), made.record("holed", holed))
    rows = {row.name: (row.films, row.missing) for row in board.rows}
    assert rows["whole"] == (made.films, 0)
    assert rows["holed"] == (made.films - 2, 2)
    assert f"{made.films - 2} (2 missing)" in markdown.render(board)


def test_the_smallest_difference_that_the_films_can_show_is_said(made):
    from ra_bench.boards.evaluate import draw, evaluate
    from ra_bench.boards.held_out import held_out
    from ra_bench.metrics import detectable_difference, difference

    records = [made.record("a", made.predictions(15, 1)), made.record("b", made.predictions(20, 2))]
    films = held_out(records)
    measured = evaluate(films, made.metrics, draw(films))
    least = detectable_difference(difference(measured["a"].rmse, measured["b"].rmse))
    (said,) = (remark for remark in board_of(made, *records).remarks if remark.startswith("Smallest difference"))
    assert f"at 80 % power: {least:.1f} for the two ranked models." in said


def test_of_more_models_the_median_pair_is_said(made):
    records = [made.record(name, made.predictions(size, size)) for name, size in (("a", 10), ("b", 15), ("c", 20))]
    (said,) = (remark for remark in board_of(made, *records).remarks if remark.startswith("Smallest difference"))
    assert "for the median pair of ranked models" in said


def test_equal_models_have_no_smallest_difference(made):
    records = [made.record(name, made.predictions(10, 1)) for name in ("a", "b")]
    assert not [remark for remark in board_of(made, *records).remarks if remark.startswith("Smallest difference")]
