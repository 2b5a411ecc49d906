from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ra_bench.boards.columns import P_MEAN_DIFFERENCE, READER_RATIO
from ra_bench.boards.evaluate import draw
from ra_bench.boards.held_out import held_out
from ra_bench.boards.readers import further_reader_rmse, measure_readers
from ra_bench.metrics import icc_table, limits_of_agreement, noise_ceiling, rmse


def measured(made, readings):
    given = replace(made.predictions(10, 1), readings=readings)
    films = held_out([made.record("a", given)])
    return measure_readers(films, made.metrics, draw(films))


def test_two_readers_are_one_row_with_reader_against_reader(made):
    scores = made.readings()
    found = measured(made, scores)
    (row,) = found.rows
    assert (row.kind, row.name, row.rank) == ("reader", "reader2 against reader1", None)
    assert row.metrics["rmse"].value == pytest.approx(rmse(scores["reader1"], scores["reader2"]), rel=1e-7)
    assert P_MEAN_DIFFERENCE in row.metrics
    assert READER_RATIO not in row.metrics


def test_one_column_of_scores_gives_no_reader_row(made):
    found = measured(made, {"score": made.readings()["reader1"]})
    assert found.rows == ()
    assert np.isnan(found.benchmark)


def test_three_readers_are_three_rows_each_against_the_others(made):
    scores = made.readings()
    third = tuple((np.array(scores["reader1"]) + 3).tolist())
    found = measured(made, {**scores, "reader3": third})
    assert [row.name for row in found.rows] == [f"reader{k} against the others" for k in (1, 2, 3)]
    others = np.mean([scores["reader1"], scores["reader2"]], axis=0)
    assert found.rows[2].metrics["rmse"].value == pytest.approx(rmse(others, third), rel=1e-7)


def test_the_row_says_the_limits_of_agreement_in_a_sentence(made):
    scores = made.readings()
    limits = limits_of_agreement(scores["reader1"], scores["reader2"])
    (row,) = measured(made, scores).rows
    assert f"lie between {limits.low:.1f} and {limits.high:.1f} (limits of agreement)" in row.remark


def test_two_readers_say_the_error_of_one_reading(made):
    first, second = (np.array(scores) for scores in made.readings().values())
    sd = (second - first).std(ddof=1)
    (row,) = measured(made, made.readings()).rows
    said = f"SEM {sd / 2**0.5:.1f}; smallest detectable change between two single readings (SDC) {1.96 * sd:.1f}."
    assert row.remark.endswith(said)


def test_a_reader_against_the_mean_of_others_says_no_sem(made):
    scores = made.readings()
    found = measured(made, {**scores, "reader3": scores["reader1"]})
    assert not [row for row in found.rows if "SEM" in row.remark]


def test_the_row_says_the_icc_of_single_readings_with_its_interval(made):
    scores = made.readings()
    icc = icc_table(np.column_stack(list(scores.values()))).values["icc_a_1"]
    (row,) = measured(made, scores).rows
    assert row.remark.startswith(f"ICC(A,1) {icc:.2f} (0.")


def test_the_mean_of_the_readers_and_its_noise_ceiling_are_a_remark(made):
    scores = made.readings()
    table = np.column_stack(list(scores.values()))
    said = measured(made, scores).remarks[0]
    assert f"mean of the 2 readers, is {icc_table(table).values['icc_a_k']:.2f}" in said
    assert f"expect rho {noise_ceiling(table):.2f}" in said


def test_readers_who_contradict_each_other_have_no_noise_ceiling(made):
    first = made.readings()["reader1"]
    found = measured(made, {"reader1": first, "reader2": tuple(280 - score for score in first)})
    assert "expect rho n/a" in found.remarks[0]


def test_the_benchmark_of_two_readers_is_the_root_of_three_quarters_of_their_rmse():
    first, second = np.array([10.0, 20.0, 30.0]), np.array([12.0, 18.0, 33.0])
    assert further_reader_rmse([first, second]) == pytest.approx(np.sqrt(0.75) * rmse(first, second))


def test_the_benchmark_is_what_a_further_reader_of_the_same_quality_reaches():
    generator = np.random.default_rng(0)
    truth = generator.gamma(1.2, 40.0, 200_000)
    readers = [truth + generator.normal(0, 10, truth.size) for _ in range(4)]
    reached = rmse(np.mean(readers[:3], axis=0), readers[3])
    assert further_reader_rmse(readers[:3]) == pytest.approx(reached, rel=0.01)


def test_films_that_a_reader_left_out_are_counted(made):
    scores = made.readings()
    gappy = (float("nan"), float("nan"), *scores["reader2"][2:])
    (row,) = measured(made, {**scores, "reader2": gappy}).rows
    assert "Measured on 58 films: 2 lack a reading." in row.remark


def test_readers_who_share_no_film_give_no_row(made):
    half = made.films // 2
    nothing = (float("nan"),) * half
    scores = made.readings()
    found = measured(
        made, {"reader1": (*scores["reader1"][:half], *nothing), "reader2": (*nothing, *scores["reader2"][half:])}
    )
    assert found.rows == ()
