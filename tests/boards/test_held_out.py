from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ra_bench.boards.held_out import held_out, mean_reading
from ra_bench.errors import RecordError


def shuffled(record, seed=9):
    given = record.predictions
    order = np.random.default_rng(seed).permutation(len(given.ids))
    return replace(
        record,
        predictions=replace(
            given,
            ids=tuple(given.ids[row] for row in order),
            patients=tuple(given.patients[row] for row in order),
            readings={name: tuple(scores[row] for row in order) for name, scores in given.readings.items()},
            predicted=tuple(given.predicted[row] for row in order),
        ),
    )


def test_films_stand_in_the_order_of_their_ids(made):
    record = made.record("resnet50", made.predictions(10, 1))
    assert held_out([shuffled(record)]).predicted["resnet50"][0].tolist() == list(record.predictions.predicted)


def test_seeds_of_a_model_are_kept_together(made):
    records = [made.record("resnet50", made.predictions(10, seed), seed=seed) for seed in (3, 1)]
    films = held_out(records)
    assert films.seeds == {"resnet50": (1, 3)}


def test_the_reference_is_the_mean_of_the_readings_that_are_present():
    nan = float("nan")
    found = mean_reading([np.array([10.0, nan, nan]), np.array([20.0, 8.0, nan])])
    np.testing.assert_array_equal(found, [15.0, 8.0, nan])


def test_a_board_without_records_is_refused():
    with pytest.raises(RecordError, match="no finished run to measure"):
        held_out([])


@pytest.mark.parametrize(
    ("field", "said"), [("cohort", "cohort version"), ("split", "split"), ("protocol_hash", "protocol")]
)
def test_records_of_another_setting_are_refused_by_name(made, field, said):
    first = made.record("a", made.predictions(10, 1))
    second = made.record("b", made.predictions(10, 2))
    second = replace(second, job=replace(second.job, **{field: "other"}))
    with pytest.raises(RecordError, match=f"the {said} differs. a, seed 0 has '.*', b, seed 0 has 'other'"):
        held_out([first, second])


def test_a_record_that_lacks_films_is_refused(made):
    first, second = made.record("a", made.predictions(10, 1)), made.record("b", made.predictions(10, 2, films=59))
    with pytest.raises(RecordError, match="predicted different films: 1 are in one only, such as 'film059'"):
        held_out([first, second])


def test_records_with_other_readings_are_refused(made):
    first, second = made.record("a", made.predictions(10, 1)), made.record("b", made.predictions(10, 2))
    changed = {**second.predictions.readings, "reader2": (0.0,) * made.films}
    second = replace(second, predictions=replace(second.predictions, readings=changed))
    with pytest.raises(RecordError, match="different readings of 'reader2'"):
        held_out([first, second])


def test_records_with_other_patients_are_refused(made):
    first = made.record("a", made.predictions(10, 1))
    second = made.record("b", made.predictions(10, 2, films_a_patient=2))
    with pytest.raises(RecordError, match="different patients for the same films"):
        held_out([first, second])


def test_two_records_of_one_model_and_seed_are_refused(made):
    record = made.record("a", made.predictions(10, 1))
    with pytest.raises(RecordError, match="Two records of a, seed 0"):
        held_out([record, record])


def test_two_predictions_of_one_film_are_refused(made):
    record = made.record("a", made.predictions(10, 1))
    twice = ("film000", *record.predictions.ids[1:-1], "film000")
    with pytest.raises(RecordError, match="two predictions of film 'film000'"):
        held_out([replace(record, predictions=replace(record.predictions, ids=twice))])
