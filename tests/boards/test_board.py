from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ra_bench.boards.board import build_board
from ra_bench.boards.columns import BIAS_WITHIN, P_BEST, READER_RATIO
from ra_bench.boards.remarks import NO_EVIDENCE, PRIVATE
from ra_bench.errors import PluginError

BASELINES = ("mean", "statistics")


def board_of(made, records=None, **given):
    records = made.board_records() if records is None else records
    return build_board("made-up", records=records, metrics=made.metrics, baselines=BASELINES, **given)


def row_of(board, name):
    return next(row for row in board.rows if row.name == name)


def test_models_stand_by_rank_then_baselines_then_readers(made):
    found = [(row.kind, row.name, row.rank) for row in board_of(made).rows]
    assert found == [
        ("model", "best", 1),
        ("model", "close-a", 2),
        ("model", "close-b", 2),
        ("model", "collapsed", 4),
        ("baseline", "statistics", None),
        ("baseline", "mean", None),
        ("reader", "reader2 against reader1", None),
    ]


def test_the_order_of_records_and_of_films_changes_nothing(made):
    def reversed_films(record):
        given = record.predictions
        turned = replace(
            given,
            ids=given.ids[::-1],
            patients=given.patients[::-1],
            readings={name: scores[::-1] for name, scores in given.readings.items()},
            predicted=given.predicted[::-1],
        )
        return replace(record, predictions=turned)

    turned = [reversed_films(record) for record in reversed(made.board_records())]
    assert repr(board_of(made, turned)) == repr(board_of(made))


def test_the_ratio_divides_the_rmse_by_the_reader_benchmark(made):
    board = board_of(made)
    reader = row_of(board, "reader2 against reader1").metrics["rmse"].value
    best = row_of(board, "best").metrics
    assert best[READER_RATIO].value == pytest.approx(best["rmse"].value / (0.75**0.5 * reader), rel=1e-6)


def test_a_model_like_the_mean_baseline_is_told_so(made):
    board = board_of(made)
    assert row_of(board, "collapsed").remark.startswith("Not separated from the mean baseline")
    assert row_of(board, "best").remark == ""


def test_a_model_below_the_mean_baseline_is_told_so(made):
    records = [*made.board_records(), made.record("wild", made.predictions(120, 7))]
    assert row_of(board_of(made, records), "wild").remark == "Worse than the mean baseline."


def test_a_failed_model_is_a_row_that_says_why(made):
    board = board_of(made, failures=[made.failure("resnet50", "The loss became nan in epoch 3.")])
    row = row_of(board, "resnet50")
    assert (row.kind, row.seeds, row.remark) == ("failed", (0,), "The loss became nan in epoch 3.")


def test_the_row_of_a_failed_model_also_says_what_may_help(made):
    failure = replace(made.failure("resnet50", "Out of memory."), advice="Run one job at a time.")
    assert row_of(board_of(made, failures=[failure]), "resnet50").remark == "Out of memory. Run one job at a time."


def test_a_waiting_model_is_a_row(made):
    assert row_of(board_of(made, waiting=[made.job("resnet50")]), "resnet50").kind == "waiting"


def test_a_model_of_which_one_seed_failed_keeps_its_row_and_gets_another(made):
    board = board_of(made, failures=[made.failure("best", "No memory left.", seed=1)])
    assert [(row.kind, row.seeds) for row in board.rows if row.name == "best"] == [("model", (0,)), ("failed", (1,))]


def test_a_job_that_is_done_by_now_is_not_waiting(made):
    board = board_of(made, waiting=[made.job("best")])
    assert [row.kind for row in board.rows if row.name == "best"] == ["model"]


def test_a_board_of_failures_only_can_be_made(made):
    board = board_of(made, records=[], failures=[made.failure("a", "No memory left.")])
    assert [row.kind for row in board.rows] == ["failed"]


def test_a_model_that_leaves_films_out_is_not_ranked(made):
    given = made.predictions(5, 8)
    gappy = made.record("gappy", replace(given, predicted=(float("nan"), *given.predicted[1:])))
    row = row_of(board_of(made, [*made.board_records(), gappy]), "gappy")
    assert row.rank is None
    assert P_BEST not in row.metrics
    assert row.remark == "1 of 60 films have no prediction. It is not ranked."


def test_changes_of_the_protocol_are_said(made):
    changed = replace(made.record("a", made.predictions(10, 1)), overrides={"optimiser.learning_rate": "0.01"})
    assert row_of(board_of(made, [changed]), "a").remark == "Changes the protocol: optimiser.learning_rate = 0.01."


def test_batches_that_went_in_parts_are_said(made):
    cut = replace(made.record("a", made.predictions(10, 1)), batch_parts=4)
    assert row_of(board_of(made, [cut]), "a").remark == "Each batch went through the network in 4 parts."


@pytest.mark.parametrize(
    ("synchronised", "seen"), [(False, "the share of one device at a time"), (True, "the whole batch")]
)
def test_devices_that_shared_batches_are_said(made, synchronised, seen):
    one = made.record("a", made.predictions(10, 1))
    four = replace(one, devices=4, protocol={**one.protocol, "compute": {"sync_batch_norm": synchronised}})
    assert row_of(board_of(made, [four]), "a").remark == (
        f"Each batch was shared by 4 devices; batch normalisation, if there is any, saw {seen}."
    )


def test_multiply_adds_that_are_not_counted_are_said(made):
    some = replace(made.record("a", made.predictions(10, 1)), uncounted=("aten._fft_r2c", "mine.twice"))
    assert row_of(board_of(made, [some]), "a").remark == "More MAdds than said: not counted: aten._fft_r2c, mine.twice."


def test_a_metric_that_failed_is_said_in_the_row(made):
    def broken(reference, predicted):
        raise ValueError("too few films")

    metrics = (replace(made.metrics[0], name="odd", label="Odd", compute=broken),)
    board = build_board("made-up", records=made.board_records(), metrics=metrics)
    assert "Odd could not be computed (ValueError: too few films)." in row_of(board, "best").remark


def test_the_title_of_a_simulated_cohort_says_so(made):
    assert board_of(made, simulated=True, title="Quick board").title == "Quick board, simulated cohort"
    assert board_of(made, simulated=True, title="Simulated hands").title == "Simulated hands"
    assert board_of(made).title == "made-up"


def test_the_board_says_that_p_is_not_agreement(made):
    assert NO_EVIDENCE in board_of(made).remarks


def test_a_private_board_says_so(made):
    assert PRIVATE in board_of(made, private=True).remarks


def test_notes_of_the_cohort_become_remarks(made):
    note = "No patient column: patient split not verifiable."
    assert board_of(made, facts=(("note on the cohort", note),)).remarks[0] == note


def test_times_of_several_devices_are_said_not_to_compare(made):
    records = made.board_records()
    records[0] = replace(records[0], device="cuda")
    assert any("different devices (cpu, cuda)" in remark for remark in board_of(made, records).remarks)


def test_one_score_a_film_is_said_to_give_no_human_row(made):
    def single(record):
        readings = {"score": record.predictions.readings["reader1"]}
        return replace(record, predictions=replace(record.predictions, readings=readings))

    board = board_of(made, [single(record) for record in made.board_records()])
    assert not [row for row in board.rows if row.kind == "reader"]
    assert READER_RATIO not in row_of(board, "best").metrics
    assert any(remark.startswith("One score a film") for remark in board.remarks)


def test_films_that_share_patients_are_said_to_weaken_p(made):
    records = [made.record("a", made.predictions(10, 1, films_a_patient=3))]
    remarks = board_of(made, records).remarks
    assert any("60 test films are of 20 patients" in remark for remark in remarks)
    assert any(remark.startswith("Only 20 patients") for remark in remarks)


def test_cost_is_taken_from_all_seeds(made):
    first = made.record("a", made.predictions(10, 1))
    second = replace(made.record("a", made.predictions(10, 2), seed=1), seconds_per_epoch=13.25, peak_memory=2**40)
    row = row_of(board_of(made, [first, second]), "a")
    assert (row.seeds, row.seconds_per_epoch, row.peak_memory, row.parameters) == ((0, 1), 12.75, 2**40, 23_502_401)


def test_facts_of_the_records_follow_those_of_the_setting(made):
    facts = board_of(made, facts=(("cohort", "made-up"),)).facts
    assert facts[0] == ("cohort", "made-up")
    assert dict(facts)["measured on"] == "60 films of 60 patients"
    assert dict(facts)["versions"] == "python 3.11.9, torch 2.4.0"


def test_the_bias_column_takes_the_unit_of_the_rmse(made):
    column = next(column for column in board_of(made).columns if column.metric == BIAS_WITHIN)
    assert column.unit == "SvH units"


@pytest.mark.parametrize("name", ["rank", "mae"])
def test_a_metric_cannot_take_a_name_that_is_taken(made, name):
    metrics = (*made.metrics, replace(made.metrics[0], name=name))
    with pytest.raises(PluginError, match=f"The metric name '{name}' is taken"):
        build_board("made-up", records=[], metrics=metrics)


def test_readers_who_agree_on_every_film_leave_no_ratio_to_them(made):
    given = made.predictions(10, 1)
    first = given.readings["reader1"]
    records = [made.record("a", replace(given, readings={"reader1": first, "reader2": first}))]
    (row,) = [row for row in build_board("b", records=records, metrics=made.metrics).rows if row.kind == "model"]
    assert np.isnan(row.metrics[READER_RATIO].value)
