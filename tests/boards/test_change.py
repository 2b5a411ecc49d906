"""Change between visits on a board: pairs, agreement, progressors, and where it is shown."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from ra_bench import metrics as m
from ra_bench.boards.board import build_board
from ra_bench.boards.changes import changes_of
from ra_bench.boards.evaluate import draw
from ra_bench.boards.facts import visits_fact
from ra_bench.boards.figures import change as figure
from ra_bench.boards.figures.change import points
from ra_bench.boards.figures.source import source_of
from ra_bench.boards.folds import join_predictions
from ra_bench.boards.held_out import held_out, in_order
from ra_bench.boards.leaderboard import rebuild, save_board
from ra_bench.boards.publishable import publishable
from ra_bench.boards.render import html, json, markdown
from ra_bench.builtin import register_renderers
from ra_bench.runs.records import predictions_csv, read_predictions
from ra_bench.values import SVH_HANDS, BoardFiles, Cohort, Predictions, Sample

SCALE = ("scale", "SvH, both hands, 0 to 280 SvH units")
PATIENTS = 40


def table(rows, readers=("A", "B")):
    """Predictions of (patient, visit, a reading a reader, predicted); nan where a reader did not read."""
    return Predictions(
        ids=tuple(f"f{number:03d}" for number in range(len(rows))),
        patients=tuple(row[0] for row in rows),
        visits=tuple(row[1] for row in rows),
        readings={reader: tuple(float(row[2 + n]) for row in rows) for n, reader in enumerate(readers)},
        predicted=tuple(float(row[-1]) for row in rows),
    )


def two_visits(error, seed, readers=2):
    """Forty patients whose readers err by 2, and a model that errs by so much at each film."""
    rng = np.random.default_rng(1)
    first = rng.gamma(1.2, 40, PATIENTS)
    true = np.column_stack([first, first + rng.gamma(0.5, 6, PATIENTS)])
    read = true + rng.normal(0, 2, (readers, PATIENTS, 2))
    predicted = read.mean(axis=0) + np.random.default_rng(seed).normal(0, error, (PATIENTS, 2))
    rows = [
        (f"p{patient:02d}", visit + 1, *read[:, patient, visit], predicted[patient, visit])
        for patient in range(PATIENTS)
        for visit in (0, 1)
    ]
    return table(rows, ("A", "B", "C")[:readers])


def records_of(made, readers=2):
    good, bad = two_visits(2, 5, readers), two_visits(12, 6, readers)
    return [
        made.record("good", good),
        made.record("bad", bad),
        made.record("bad", two_visits(12, 7, readers), seed=1),
        made.record("mean", made.constant(50.0, good)),
    ]


def board_of(made, records, **given):
    return build_board("made-up", records=records, metrics=made.metrics, baselines=("mean",), facts=(SCALE,), **given)


@pytest.fixture(scope="module")
def records(made):
    return records_of(made)


@pytest.fixture(scope="module")
def board(made, records):
    return board_of(made, records)


def row_of(board, name):
    (found,) = [row for row in board.change.rows if row.name == name]
    return found


def changes(given):
    """Change of each reader and of the prediction, patient by patient."""
    readers = np.array(list(given.readings.values())).reshape(-1, PATIENTS, 2)
    predicted = np.array(given.predicted).reshape(PATIENTS, 2)
    return readers[..., 1] - readers[..., 0], predicted[:, 1] - predicted[:, 0]


# --- pairs ----------------------------------------------------------------------------------------------------------


def paired(made, rows, readers=("A", "B")):
    return changes_of(held_out([made.record("net", table(rows, readers))]))


def test_change_runs_from_the_first_visit_to_the_last_whatever_the_order_of_the_films(made):
    found = paired(made, [("p", 3, 14, 16, 20), ("p", 1, 10, 10, 11), ("p", 2, 50, 50, 50)])
    assert found.reference.tolist() == [5.0]
    assert found.readings["B"].tolist() == [6.0]
    assert found.predicted["net"].tolist() == [[9.0]]
    assert found.said == ("1 film of visits in between is not used.",)


def test_two_readers_are_never_mixed_into_one_change(made):
    nan = math.nan
    found = paired(made, [("p", 1, 10, nan, 0), ("p", 2, nan, 30, 0), ("q", 1, 10, 20, 0), ("q", 2, 13, nan, 0)])
    assert np.isnan(found.reference[0])
    assert found.reference[1] == 3.0
    assert found.said == ("Of 1 patient no reader read both films.",)


def test_patients_without_a_pair_are_counted(made):
    rows = [("p", 1, 1, 1, 1), ("p", 2, 2, 2, 2), ("q", 1, 1, 1, 1), ("r", 1, 1, 1, 1), ("r", 1, 1, 1, 1)]
    found = paired(made, [*rows, ("r", 2, 1, 1, 1), ("s", 0, 1, 1, 1)])
    assert found.patients == 1
    assert found.said == (
        "2 patients have one visit only among the test films.",
        "1 patient has several films at a visit: which belongs to which is not known.",
    )


def test_nobody_with_two_visits_has_no_change(made):
    assert paired(made, [("p", 1, 1, 1, 1), ("q", 1, 1, 1, 1)]) is None
    assert changes_of(held_out(made.board_records())) is None


def test_a_film_without_a_prediction_leaves_its_patient_out_of_the_row(made, records):
    broken = replace(records[0].predictions, predicted=(math.nan, *records[0].predictions.predicted[1:]))
    row = row_of(board_of(made, [replace(records[0], predictions=broken)]), "good")
    assert (row.patients, row.missing) == (PATIENTS - 1, 1)


# --- what is measured -----------------------------------------------------------------------------------------------


def test_agreement_is_that_of_the_changes(records, board):
    readers, predicted = changes(records[0].predictions)
    reference = readers.mean(axis=0)
    found = row_of(board, "good").metrics
    assert found["ccc"].value == pytest.approx(m.ccc(reference, predicted), rel=1e-6)
    assert found["mae"].value == pytest.approx(m.mae(reference, predicted), rel=1e-6)
    assert found["bias"].value == pytest.approx(m.bias(reference, predicted), rel=1e-6)
    assert found["srm"].value == pytest.approx(predicted.mean() / predicted.std(ddof=1), rel=1e-6)


def test_intervals_come_from_a_draw_of_patients(records, board):
    readers, predicted = changes(records[0].predictions)
    (sums,) = m.resample_sums(m.draw_patients(range(PATIENTS)), readers.mean(axis=0), [predicted])
    ends = m.interval(m.resample_metric(m.ccc_from_sums, sums), "percentile").ends
    found = row_of(board, "good").metrics["ccc"]
    assert (found.low, found.high) == pytest.approx(ends, rel=1e-6)
    assert draw(held_out(records)).patients == PATIENTS


def test_the_sdc_of_the_reference_is_that_of_bruynesteyn(records, board):
    first, second = changes(records[0].predictions)[0]
    expected = 1.959964 * np.std(second - first, ddof=1) / (math.sqrt(2) * math.sqrt(2))
    assert board.change.cutoffs == (pytest.approx(expected, rel=1e-6), 0.5, 5.0)
    assert board.change.improvement == board.change.cutoffs[0]


def test_the_sdc_of_a_model_leaves_out_what_the_reference_errs(records, board):
    readers, predicted = changes(records[0].predictions)
    of_reference = np.var(readers[1] - readers[0], ddof=1) / 4
    own = np.var(predicted - readers.mean(axis=0), ddof=1) - of_reference
    assert row_of(board, "good").metrics["sdc"].value == pytest.approx(1.959964 * math.sqrt(own), rel=1e-6)


def test_the_sdc_of_a_reader_is_that_of_one_reader(records, board):
    first, second = changes(records[0].predictions)[0]
    expected = 1.959964 * np.std(second - first, ddof=1) / math.sqrt(2)
    assert row_of(board, "B against A").metrics["sdc"].value == pytest.approx(expected, rel=1e-6)


def test_progressors_are_found_or_missed_at_each_cut_off(records, board):
    readers, predicted = changes(records[0].predictions)
    reference = readers.mean(axis=0)
    for found, above in zip(row_of(board, "good").progressors, board.change.cutoffs, strict=True):
        really = reference > above
        assert (found.progressed, found.others) == (really.sum(), (~really).sum())
        assert (found.found, found.false) == ((predicted[really] > above).sum(), (predicted[~really] > above).sum())
        assert found.sensitivity.value == pytest.approx(found.found / found.progressed)
        assert found.specificity.value == pytest.approx(1 - found.false / found.others)
        assert found.sensitivity.low < found.sensitivity.value <= found.sensitivity.high


def test_counts_over_seeds_are_means(records, board):
    by_seed = [changes(record.predictions) for record in records[1:3]]
    above = board.change.cutoffs[2]
    really = by_seed[0][0].mean(axis=0) > above
    expected = np.mean([(predicted[really] > above).sum() for _, predicted in by_seed])
    assert row_of(board, "bad").progressors[2].found == expected


def test_improvement_beyond_the_sdc_is_counted(records, board):
    improved = [(changes(record.predictions)[1] < -board.change.improvement).sum() for record in records[1:3]]
    assert row_of(board, "bad").improved == np.mean(improved)
    assert row_of(board, "bad").improved > row_of(board, "good").improved


def test_a_model_that_is_deaf_to_change_finds_no_progressor(board):
    row = row_of(board, "mean")
    assert [found.found for found in row.progressors] == [0, 0, 0]
    assert row.metrics["ccc"].value == 0
    assert math.isnan(row.metrics["srm"].value)


def test_rows_stand_as_on_the_board_and_readers_come_last(board):
    shown = [row.name for row in board.rows if row.kind in ("model", "baseline")]
    assert [row.name for row in board.change.rows] == [*shown, "B against A"]


def test_each_of_three_readers_is_held_against_the_others(made):
    found = board_of(made, records_of(made, readers=3)).change
    assert [row.name for row in found.rows if row.kind == "reader"] == [
        f"{reader} against the others" for reader in "ABC"
    ]
    readers, _ = changes(two_visits(2, 5, 3))
    pairs = [np.var(readers[i] - readers[j], ddof=1) / 2 for i, j in ((0, 1), (0, 2), (1, 2))]
    assert found.cutoffs[0] == pytest.approx(1.959964 * math.sqrt(np.mean(pairs) / 3), rel=1e-6)


def test_one_reader_has_no_sdc_and_no_row(made):
    found = board_of(made, records_of(made, readers=1)).change
    assert (found.cutoffs, found.improvement) == ((0.5, 5.0), 5.0)
    assert all(row.kind != "reader" for row in found.rows)
    assert any("With one reader the error of the reference is not known" in said for said in found.said)


def test_a_single_patient_with_two_visits_is_measured_as_far_as_can_be(made):
    given = table([("p", 1, 1, 2, 3), ("p", 2, 4, 5, 9)])
    row = row_of(board_of(made, [made.record("net", given)]), "net")
    assert row.metrics["mae"].value == 3.0
    assert math.isnan(row.metrics["sdc"].value)
    assert math.isnan(row.metrics["mae"].low)


def test_a_model_without_any_pair_is_a_row_and_the_board_is_drawn(made):
    nan = math.nan
    given = table([("p", 1, 1, nan), ("p", 2, 4, 9), ("q", 1, 1, nan), ("q", 2, 4, 9)], ("A",))
    board = board_of(made, [made.record("net", given)])
    row = row_of(board, "net")
    assert (row.patients, row.missing, row.progressors) == (0, 2, ())
    assert "| net   |" in markdown.render(board).split("Change between visits")[1]
    assert json.render(json.read_board(json.render(board))) == json.render(board)


# --- where it is shown ----------------------------------------------------------------------------------------------


def test_a_board_without_visits_says_nothing_of_change(made):
    board = board_of(made, made.board_records())
    assert board.change is None
    assert '"change"' not in json.render(board)
    assert "Change between visits" not in markdown.render(board)
    assert "Change between visits" not in html.render(board, BoardFiles())
    assert figure.draw(source_of(board, made.board_records())) is None


def test_json_gives_back_what_it_was_given(board):
    text = json.render(board)
    assert json.render(json.read_board(text)) == text
    assert math.isnan(row_of(json.read_board(text), "mean").metrics["srm"].value)


def test_markdown_has_a_table_for_agreement_and_one_for_each_cut_off(board):
    text = markdown.render(board)
    assert text.count("\n## Change between visits\n") == 1
    sdc = f"{board.change.cutoffs[0]:.1f}, the SDC of the reference"
    for above in (sdc, "0.5", "5"):
        assert f"\n### Progressors: patients who get worse by more than {above}\n" in text
    found = row_of(board, "good").progressors[2]
    assert f"{found.found:.0f} of {found.progressed}" in text
    assert "By the mean of 2 readers, 40 patients change by " in text


def test_the_page_has_the_same_tables(board, records):
    page = html.render(board, BoardFiles(records=tuple(records)))
    assert page.count("Progressors: patients who get worse by more than") == 3
    assert "Change between visits" in page


def test_a_name_that_is_markup_is_escaped_everywhere(made, records):
    name = "<b>|x"
    board = board_of(made, [replace(records[0], job=made.job(name))])
    assert name not in markdown.render(board)
    assert "<b>" not in html.render(board, BoardFiles())


def test_a_board_is_the_same_when_it_is_made_again(made, records, tmp_path):
    save_board(board_of(made, records), records, tmp_path, register_renderers())
    before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    rebuild(tmp_path, made.metrics, register_renderers())
    assert {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == before


def test_of_a_private_cohort_counts_are_kept_and_no_patient(made, records, tmp_path):
    save_board(board_of(made, records, private=True), records, tmp_path, register_renderers())
    found = rebuild(tmp_path, made.metrics, register_renderers()).board
    assert found.change.patients == PATIENTS
    assert "Change between visits" in (tmp_path / "board.md").read_text(encoding="utf-8")
    assert not (tmp_path / "records").exists()
    assert "change" not in dict(found.figures)


# --- the figure -----------------------------------------------------------------------------------------------------


def test_points_are_the_empirical_distribution():
    found = points("net", np.array([3.0, -1.0, math.nan, 0.5]))
    assert [(row["share"], row["change"]) for row in found] == [
        (0.0, -1.0),
        (pytest.approx(100 / 3), 0.5),
        (pytest.approx(200 / 3), 3.0),
        (100.0, 3.0),
    ]


def test_the_share_above_a_cut_off_can_be_read_off_the_line(records):
    _, predicted = changes(records[0].predictions)
    found = points("net", predicted)
    first = next(row["share"] for row in found if row["change"] > 5)
    assert first == pytest.approx(100 * (predicted <= 5).mean())


def test_many_patients_are_thinned():
    assert len(points("net", np.arange(5000.0))) == 1001


def test_the_figure_says_what_it_shows(board, records):
    chart = figure.draw(source_of(board, records)).to_dict()
    assert chart["title"]["text"] == "Change from the first to the last visit: cumulative probability"
    said = " ".join(chart["title"]["subtitle"])
    assert "40 patients" in said
    assert "Thick line: the reference, the mean of 2 readers." in said
    assert "(SDC)" in said
    encodings = [layer["encoding"] for layer in chart["layer"]]
    assert encodings[-1]["y"]["title"] == "change (SvH units)"
    assert encodings[-1]["strokeDash"]["scale"]["domain"] == ["B alone", "good", "bad"]


# --- visits on their way --------------------------------------------------------------------------------------------


def test_visits_are_kept_with_predictions(records, tmp_path):
    given = records[0].predictions
    (tmp_path / "p.csv").write_text(predictions_csv(given), encoding="utf-8")
    assert read_predictions(tmp_path / "p.csv") == given


def test_predictions_without_visits_have_no_column(made):
    assert predictions_csv(made.predictions(1, 1)).startswith("id,patient,reading:reader1,reading:reader2,predicted\n")


def test_visits_follow_their_films_when_these_are_sorted_and_joined():
    given = table([("p", 1, 1, 1, 1), ("p", 2, 2, 2, 2)])
    turned = replace(given, ids=("f001", "f000"))
    assert in_order(turned).visits == (2, 1)
    none = replace(given, ids=("f2", "f3"), visits=())
    assert join_predictions([given, none]).visits == (1, 2, 0, 0)
    assert join_predictions([none]).visits == ()


def test_published_records_hold_numbers_of_visits_only(records):
    (found,) = publishable(records[:1], keep_ids=False)
    assert set(found.predictions.visits) == {1, 2}


def test_a_record_that_does_not_know_visits_is_measured_beside_one_that_does(made, records):
    unknown = replace(records[0], job=made.job("elsewhere"), predictions=replace(records[0].predictions, visits=()))
    board = board_of(made, [unknown, records[0]])
    assert row_of(board, "elsewhere").metrics == row_of(board, "good").metrics


def cohort(*visits):
    samples = tuple(
        Sample(sample_id=f"{n}", patient_id=patient, visit=visit, film=lambda: None, readings={"A": 1.0})
        for n, (patient, visit) in enumerate(visits)
    )
    return Cohort(name="c", version="v", scale=SVH_HANDS, samples=samples, citation="", licence="")


def test_a_board_says_how_many_visits_there_are_and_in_what_order():
    found = visits_fact(cohort(("p", "0"), ("p", "12"), ("q", "0")))
    assert found == "up to 2 a patient; 1 patient with two or more, in the order of the numbers in their names"


def test_a_board_says_that_an_order_is_not_known():
    found = visits_fact(cohort(("p", "31.01.2021"), ("p", "01.02.2022")))
    assert "in no order that their names tell, so that change is not measured" in found


def test_a_board_of_single_visits_says_nothing_of_visits():
    assert visits_fact(cohort(("p", "0"), ("q", "0"))) == ""
    assert visits_fact(cohort(("p", ""), ("p", ""))) == ""
