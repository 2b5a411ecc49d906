"""Records: what was written is what is read, to the last bit; what cannot be read says so and what to do."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ra_bench.errors import RecordError
from ra_bench.runs.records import (
    job_folder,
    predictions_csv,
    read_failure,
    read_predictions,
    read_record,
    record_json,
    remove_record,
    standing_failures,
    standing_records,
    write_failure,
    write_job,
    write_record,
)
from ra_bench.values import Ensemble, EpochReport, Failure, Fold, Member, Predictions, RunRecord, Uncertainty

REPORT = EpochReport(
    stage="training",
    epoch=1,
    epochs=1,
    train_loss=0.1,
    validation_rmse=12.5,
    learning_rate=0.01,
    seconds=1.5,
    films=8,
)


@pytest.fixture
def record(job):
    return RunRecord(
        job=job,
        protocol={"name": "quick", "seeds": [0], "split": {"train": 60.0}},
        predictions=Predictions(ids=("a", "b"), patients=("p", "q"), readings={"r": (1.0, 2.5)}, predicted=(1.25, 0.1)),
        history=(REPORT,),
        parameters=10,
        madds=None,
        seconds=3.5,
        seconds_per_epoch=1.5,
        peak_memory=1024,
        kept_epoch=1,
        pretrained_on=None,
        overrides={"epochs": "3"},
        device="cpu",
        finished="2022-03-01T12:00:00+00:00",
        environment={"python": "3.11.9"},
    )


def test_films_and_readings_that_records_share_are_held_once(tmp_path, record):
    for name in "ab":
        write_record(tmp_path / name, record)
    one, other = (read_record(tmp_path / name).predictions for name in "ab")
    assert one.ids is other.ids
    assert one.patients is other.patients
    assert all(one.readings[reader] is other.readings[reader] for reader in record.predictions.readings)


def test_a_record_comes_back_as_it_was(tmp_path, record):
    write_record(tmp_path, record)
    assert read_record(tmp_path) == record


def test_batches_in_parts_are_kept_and_whole_ones_not_mentioned(tmp_path, record):
    assert "batch_parts" not in record_json(record)
    write_record(tmp_path, replace(record, batch_parts=4))
    assert read_record(tmp_path).batch_parts == 4


def test_several_devices_are_kept_and_one_is_not_mentioned(tmp_path, record):
    assert "devices" not in record_json(record)
    write_record(tmp_path, replace(record, devices=2))
    assert read_record(tmp_path).devices == 2


def test_a_record_with_what_came_later_comes_back_as_it_was(tmp_path, record):
    later = replace(record, uncounted=("aten._fft_r2c",), peak_host_memory=2**31)
    write_record(tmp_path, later)
    assert read_record(tmp_path) == later


@pytest.mark.parametrize("key", ["trained_on", "uncounted", "peak_host_memory"])
def test_a_record_says_nothing_of_what_is_not_known(key, record):
    assert f'"{key}"' not in record_json(record)


def test_a_record_in_which_all_was_counted_says_so(record):
    assert '"uncounted": []' in record_json(replace(record, uncounted=()))


def test_the_folder_of_a_job_names_board_model_seed_and_key(tmp_path, job):
    named = replace(job, model="timm/resnet18")
    assert job_folder(tmp_path, named) == tmp_path / "hands/timm--resnet18/seed2-0123456789ab"


_NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=8)
_NUMBERS = st.floats(allow_nan=True, allow_infinity=True)


@st.composite
def _predictions(draw):
    films = draw(st.integers(0, 5))

    def column(of):
        return tuple(draw(st.lists(of, min_size=films, max_size=films)))

    readers = draw(st.lists(_NAMES, max_size=3, unique=True))
    return Predictions(
        ids=column(_NAMES),
        patients=column(_NAMES),
        readings={reader: column(_NUMBERS) for reader in readers},
        predicted=column(_NUMBERS),
    )


@given(_predictions())
def test_predictions_come_back_to_the_last_bit(tmp_path_factory, predictions):
    file = tmp_path_factory.getbasetemp() / "predictions.csv"
    file.write_text(predictions_csv(predictions), encoding="utf-8", newline="")
    again = read_predictions(file)
    assert (again.ids, again.patients, list(again.readings)) == (
        predictions.ids,
        predictions.patients,
        list(predictions.readings),
    )
    assert _bits(again.predicted) == _bits(predictions.predicted)
    assert {name: _bits(column) for name, column in again.readings.items()} == {
        name: _bits(column) for name, column in predictions.readings.items()
    }


def _bits(numbers):
    return ["nan" if math.isnan(number) else number.hex() for number in numbers]


@pytest.mark.parametrize("file", ["record.json", "predictions.csv"])
def test_a_folder_without_all_its_files_holds_no_finished_run(tmp_path, file, record):
    write_record(tmp_path, record)
    (tmp_path / file).unlink()
    with pytest.raises(RecordError, match=f"holds no finished run: {file} is missing"):
        read_record(tmp_path)


@pytest.mark.parametrize(
    ("file", "text", "found"),
    [
        ("record.json", '{"job": {"key": "01', "Unterminated string"),
        ("record.json", "[]", "list indices must be integers"),
        ("record.json", '{"job": {}}', "validation errors for"),
        ("predictions.csv", "", "no column 'id'"),
        ("predictions.csv", "id,patient\na,p\n", "no column 'predicted'"),
        ("predictions.csv", "id,patient,predicted\na,p,1.0\nb,q\n", "row 3 has 2 cells, the header 3"),
        (
            "predictions.csv",
            "id,patient,predicted\na,p,much\n",
            "column 'predicted': could not convert string to float",
        ),
        ("predictions.csv", 'id,patient,predicted\n"a,p,1.0\n', "unexpected end of data"),
    ],
)
def test_a_damaged_record_says_what_is_wrong_and_what_to_do(tmp_path, file, text, found, record):
    write_record(tmp_path, record)
    (tmp_path / file).write_text(text)
    with pytest.raises(RecordError) as told:
        read_record(tmp_path)
    said = str(told.value)
    assert said.startswith(f"The record in {tmp_path} cannot be read: ")
    assert found in said
    assert said.endswith("Delete that folder and run again: the job is done afresh.")


def test_an_unreadable_record_does_not_hide_the_others(tmp_path, record):
    write_record(tmp_path / "a", record)
    write_record(tmp_path / "b", record)
    (tmp_path / "a/record.json").write_text("{")
    records, (error,) = standing_records(tmp_path)
    assert records == [record]
    assert str(tmp_path / "a") in str(error)


def test_a_failure_comes_back_as_it_was_until_the_next_try(tmp_path, job):
    failure = Failure(
        job=job, reason="It broke.", log="log.txt", kind="raised", advice="Mend it.", ended="2022-03-01", tries=2
    )
    write_failure(tmp_path, failure)
    assert read_failure(tmp_path) == failure
    assert standing_failures(tmp_path) == [failure]
    write_job(tmp_path, job)
    assert read_failure(tmp_path) is None


def test_a_failure_from_before_there_were_kinds_is_read(tmp_path, job):
    write_failure(tmp_path, Failure(job=job, reason="It broke.", log="log.txt", kind="raised", tries=2))
    content = json.loads((tmp_path / "failure.json").read_text())
    old = {name: content[name] for name in ("job", "reason", "log")}
    (tmp_path / "failure.json").write_text(json.dumps(old))
    assert read_failure(tmp_path) == Failure(job=job, reason="It broke.", log="log.txt")


def test_a_failure_that_cannot_be_read_is_none(tmp_path):
    (tmp_path / "failure.json").write_text("{")
    assert standing_failures(tmp_path) == []


def test_pixels_come_back_and_are_no_column_where_they_are_not_known(tmp_path, record):
    known = replace(record.predictions, pixels=("digest",) * len(record.predictions.ids))
    write_record(tmp_path, replace(record, predictions=known))
    assert read_record(tmp_path).predictions == known
    write_record(tmp_path, record)
    assert "pixels" not in (tmp_path / "predictions.csv").read_text()


def test_a_job_in_folds_comes_back_with_its_fold_and_has_a_folder_of_its_own(tmp_path, job, record):
    second = replace(job, fold=Fold(number=2, of=3, site="Leiden, LUMC"))
    write_record(tmp_path, replace(record, job=second))
    assert read_record(tmp_path).job == second
    assert job_folder(tmp_path, second).name == f"seed{job.seed}-fold2-{job.key[:12]}"


def test_a_job_without_folds_says_nothing_of_them(tmp_path, record):
    write_record(tmp_path, record)
    assert "fold" not in (tmp_path / "record.json").read_text()


def test_what_a_model_says_of_its_error_comes_back_with_its_level(tmp_path, record):
    said = Uncertainty(sd=(0.1, math.pi), lower=(1.0, 2.5), upper=(3.0, 4.5), level=0.9)
    file = tmp_path / "predictions.csv"
    file.write_text(predictions_csv(replace(record.predictions, uncertainty=said)))
    assert file.read_text().splitlines()[0].endswith("predicted,sd,lower:0.9,upper:0.9")
    assert read_predictions(file).uncertainty == said


def test_an_sd_alone_comes_back_alone(tmp_path, record):
    file = tmp_path / "predictions.csv"
    file.write_text(predictions_csv(replace(record.predictions, uncertainty=Uncertainty(sd=(1.5, 2.5)))))
    assert read_predictions(file).uncertainty == Uncertainty(sd=(1.5, 2.5))


@pytest.mark.parametrize(
    ("columns", "cells", "said"),
    [
        ("lower:0.9,upper:0.8", "2,3", "has no 'upper:0.9', or its level is no number"),
        ("lower:x,upper:x", "2,3", "or its level is no number"),
        ("lower:9,upper:9", "2,3", "has no level between 0 and 1"),
        ("lower:0.9,upper:0.9", "3,2", "or an end above its 'upper:0.9'"),
        ("sd,note", "-3,2", "column 'sd' has a number below 0"),
    ],
)
def test_an_uncertainty_that_means_nothing_is_refused(tmp_path, columns, cells, said):
    file = tmp_path / "predictions.csv"
    file.write_text(f"id,patient,predicted,{columns}\na,b,1,{cells}\n")
    with pytest.raises(RecordError, match=said):
        read_predictions(file)


def test_validation_films_and_members_come_back(tmp_path, record):
    member = Member(model="a", seed=1, key="k", predictions="d")
    full = replace(record, validation=record.predictions, ensemble=Ensemble(how="median", members=(member,)))
    write_record(tmp_path, full)
    assert read_record(tmp_path) == full


def test_a_record_that_is_removed_leaves_nothing_but_what_is_not_its_own(tmp_path, record):
    write_record(tmp_path / "run", replace(record, validation=record.predictions))
    remove_record(tmp_path / "run")
    assert not (tmp_path / "run").exists()
    write_record(tmp_path / "run", record)
    (tmp_path / "run" / "note.txt").write_text("mine")
    remove_record(tmp_path / "run")
    assert [file.name for file in (tmp_path / "run").iterdir()] == ["note.txt"]
