"""A folder that was handed in: what follows from its predictions, and what does not."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from ra_bench.boards.ensembles import ensembles_of
from ra_bench.errors import RecordError
from ra_bench.publishing.readings import as_given, of_cohort
from ra_bench.publishing.verify import read_submission, verify
from ra_bench.runs.records import job_folder, read_record, write_record
from ra_bench.values import SVH_HANDS, Cohort, Sample


@pytest.fixture
def folder(made, tmp_path):
    made.write(tmp_path / "clinic")
    return tmp_path / "clinic"


def checked(made, folder, *, cohort=None, test=None, places=(), tolerance=0.1, metrics=None):
    given = read_submission(folder)
    readings = as_given(given.records, "nobody knows") if cohort is None else of_cohort(given.records, cohort, test)
    return verify(given, readings, metrics or made.metrics, places, tolerance)


def marks(found):
    return {row.name: row.mark for row in found.rows}


def claim(folder, change):
    """Change what the board says."""
    file = folder / "board.json"
    content = json.loads(file.read_text())
    change(content)
    file.write_text(json.dumps(content))


def row_of(content, name):
    return next(row for row in content["rows"] if row["name"] == name)


def cohort_of(folder, **changes):
    """The cohort whose readings the folder has."""
    given = read_record(folder / "records/far-seed0").predictions
    samples = tuple(
        Sample(
            sample_id=film,
            patient_id=f"own {patient}",
            visit="",
            film=lambda: None,
            readings={reader: scores[row] for reader, scores in given.readings.items()} | changes.get(film, {}),
        )
        for row, (film, patient) in enumerate(zip(given.ids, given.patients, strict=True))
    )
    return Cohort(name="clinic", version="cohort1", scale=SVH_HANDS, samples=samples, citation="", licence="")


# --- re-scored ------------------------------------------------------------------------------------------------------


def test_a_board_that_follows_from_its_predictions_is_re_scored(made, folder):
    found = checked(made, folder)
    assert set(marks(found).values()) == {"re-scored"}
    assert set(marks(found)) >= {"close", "far", "mean", "theirs"}
    assert found.problems == ()
    assert "Measured against the readings in the folder: nobody knows." in found.notes[0]


def test_a_number_that_does_not_follow_is_told_with_what_would(made, folder):
    right = json.loads((folder / "board.json").read_text())
    claim(folder, lambda content: row_of(content, "far")["metrics"]["rmse"].update(value=3.25))
    found = checked(made, folder)
    value = row_of(right, "far")["metrics"]["rmse"]["value"]
    assert found.problems == (f"far: rmse is 3.25 on the board, {value:.8g} by the predictions",)
    assert marks(found) == marks(found) | {"far": "self-reported", "close": "re-scored"}


@pytest.mark.parametrize(
    ("key", "claimed", "said"),
    [
        ("rank", 1, "far: rank is 1 on the board, 3 by the records"),
        ("films", 41, "far: films is 41 on the board, 40 by the records"),
        ("parameters", 1, "far: parameters is 1 on the board, 1234567 by the records"),
        ("seconds_per_epoch", 1.5, "far: seconds_per_epoch is 1.5 on the board, 12.25 by the records"),
    ],
)
def test_what_is_no_metric_must_follow_too(made, folder, key, claimed, said):
    claim(folder, lambda content: row_of(content, "far").update({key: claimed}))
    assert said in checked(made, folder).problems


def test_an_end_of_an_interval_must_follow_too(made, folder):
    claim(folder, lambda content: row_of(content, "far")["metrics"]["mae"].update(high=20.0))
    assert checked(made, folder).problems[0].startswith("far: mae (high) is 20 on the board, ")


def test_the_last_figures_may_differ_from_machine_to_machine(made, folder):
    claim(folder, lambda content: _grow(row_of(content, "far")["metrics"]["rmse"], 1 + 1e-8))
    assert checked(made, folder).problems == ()
    claim(folder, lambda content: _grow(row_of(content, "far")["metrics"]["rmse"], 1 + 1e-5))
    assert len(checked(made, folder).problems) == 1


def _grow(value, factor):
    value["value"] *= factor


def test_a_column_whose_metric_is_not_installed_is_told_of_and_not_checked(made, folder):
    metrics = [metric for metric in made.metrics if metric.name != "ccc"]
    found = checked(made, folder, metrics=metrics)
    assert found.problems == ()
    assert "Not checked, since no metric of that name is installed here: CCC." in found.notes


def test_a_metric_that_the_board_does_not_show_is_no_claim(made, folder):
    claim(folder, lambda content: [row["metrics"].pop("mae", None) for row in content["rows"]])
    assert checked(made, folder).problems == ()


# --- self-reported --------------------------------------------------------------------------------------------------


def test_a_row_without_predictions_is_self_reported(made, folder):
    extra = {"kind": "model", "name": "secret", "metrics": {"rmse": {"value": 1.0}}}
    claim(folder, lambda content: content["rows"].append(extra))
    found = checked(made, folder)
    row = next(row for row in found.rows if row.name == "secret")
    assert (row.mark, row.remark) == ("self-reported", "there are no predictions of it")


def test_a_private_board_is_self_reported_as_a_whole(made, tmp_path):
    made.write(tmp_path / "clinic", private=True)
    found = checked(made, tmp_path / "clinic")
    assert set(marks(found).values()) == {"self-reported"}
    assert found.notes[-1] == "There are no predictions in the folder, so that no number can be checked."


# --- what else does not follow --------------------------------------------------------------------------------------


def test_predictions_that_the_board_leaves_out_are_told_of(made, folder):
    claim(folder, lambda content: content["rows"].remove(row_of(content, "far")))
    assert "far: has predictions, and no row on the board" in checked(made, folder).problems


def test_a_record_that_cannot_be_read_is_told_of(made, folder):
    (folder / "records/far-seed0/predictions.csv").write_text("nothing")
    found = checked(made, folder)
    assert "far-seed0 cannot be read" in found.problems[0]
    assert marks(found)["far"] == "self-reported"


def test_a_board_that_tells_of_another_version_is_told_of(made, folder):
    claim(folder, lambda content: content["facts"].__setitem__(0, ["cohort", "clinic, version cohort9, simulated"]))
    said = "the board tells of version cohort9, simulated of the cohort, its records of cohort1"
    assert said in checked(made, folder).problems


def test_records_that_do_not_belong_together_are_refused(made, folder):
    record = read_record(folder / "records/far-seed0")
    write_record(folder / "records/far-seed0", replace(record, job=replace(record.job, cohort="cohort2")))
    with pytest.raises(RecordError, match="the cohort version differs"):
        checked(made, folder)


def test_a_folder_without_a_board_is_refused(tmp_path):
    with pytest.raises(RecordError, match=r"holds no board.json. Name a folder that 'ra-bench run' or 'ra-bench lead"):
        read_submission(tmp_path)


def test_a_board_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "board.json").write_bytes(b"\xff\xfe")
    with pytest.raises(RecordError, match=r"board.json cannot be read: .* Ask for the folder once more"):
        read_submission(tmp_path)


def test_a_board_that_is_no_board_is_refused(tmp_path):
    (tmp_path / "board.json").write_text("[1, 2]")
    with pytest.raises(RecordError, match="This is no board that ra-bench can read"):
        read_submission(tmp_path)


def test_hostile_names_show_no_control_characters(made, folder):
    claim(folder, lambda content: row_of(content, "far").update(name="f\u202ear\x1b[2J\nx"))
    found = checked(made, folder)
    shown = "".join([*marks(found), *found.problems])
    assert "f(U+202E)ar(U+001B)[2J x" in marks(found)
    assert not {"\u202e", "\x1b", "\n"} & set(shown)


# --- the cohort is known here ---------------------------------------------------------------------------------------


def test_readings_of_the_cohort_are_taken_where_it_is_known(made, folder):
    cohort = cohort_of(folder)
    found = checked(made, folder, cohort=cohort, test={sample.sample_id for sample in cohort.samples})
    assert found.problems == ()
    assert set(marks(found).values()) == {"re-scored"}
    assert found.notes == (
        (
            "Measured against the readings and patients of 'clinic', version cohort1, as they are here; its split was "
            "made again."
        ),
    )


def test_readings_that_were_changed_together_with_the_numbers_are_found(made, folder):
    found = checked(made, folder, cohort=cohort_of(folder, film03={"anna": 279.0}))
    assert "far, seed 0: 1 readings are not the cohort's, such as " in " ".join(found.problems)
    assert "of 'anna' on 'film03', which is 279 there" in " ".join(found.problems)
    assert marks(found)["far"] == "self-reported"


def test_films_that_are_not_the_test_films_are_found(made, folder):
    found = checked(made, folder, cohort=cohort_of(folder), test={"film00", "film99"})
    assert found.problems[0] == "40 films differ from the test films of the split, such as 'film01'"


def test_films_put_together_to_other_patients_are_found(made, folder):
    cohort = cohort_of(folder)
    one = tuple(replace(sample, patient_id="one") for sample in cohort.samples[:2])
    found = checked(made, folder, cohort=replace(cohort, samples=one + cohort.samples[2:]))
    assert "far, seed 0: films are put together to other patients than in the cohort" in found.problems


def test_films_that_were_numbered_anew_are_measured_against_the_folders_readings(made, folder):
    cohort = cohort_of(folder)
    other = tuple(replace(sample, sample_id=f"x{sample.sample_id}") for sample in cohort.samples)
    found = checked(made, folder, cohort=replace(cohort, samples=other))
    assert "films are numbered anew, or are not those of 'clinic'" in found.notes[0]
    assert set(marks(found).values()) == {"re-scored"}


# --- re-trained -----------------------------------------------------------------------------------------------------


def trained(made, runs, model, seed=0, shift=0.0):
    """The same job, done here on another day."""
    record = made.record(model, {"close": 6, "far": 25}[model], seed, finished="2026-05-05T05:05:05+00:00")
    predicted = tuple(value + shift for value in record.predictions.predicted)
    record = replace(record, predictions=replace(record.predictions, predicted=predicted))
    write_record(job_folder(runs, record.job), record)
    return record


def test_a_training_done_here_with_the_same_predictions_is_a_re_training(made, folder, tmp_path):
    trained(made, tmp_path / "runs", "far")
    found = checked(made, folder, places=[tmp_path / "runs"])
    row = next(row for row in found.rows if row.name == "far")
    assert (row.mark, row.remark) == ("re-trained", "predictions differ by 0 at most")
    assert marks(found)["theirs"] == "re-scored"


def test_predictions_within_the_tolerance_are_the_same(made, folder, tmp_path):
    trained(made, tmp_path / "runs", "far", shift=0.05)
    found = checked(made, folder, places=[tmp_path / "runs"])
    assert marks(found)["far"] == "re-trained"
    assert "predictions differ by 0.05 at most" in [row.remark for row in found.rows]


def test_predictions_beyond_the_tolerance_are_told_of(made, folder, tmp_path):
    trained(made, tmp_path / "runs", "far", shift=0.25)
    found = checked(made, folder, places=[tmp_path / "runs"])
    assert found.problems == ("far: trained here too, predictions differ by up to 0.25, more than 0.1",)
    assert marks(found)["far"] == "re-scored"


def test_the_tolerance_can_be_given(made, folder, tmp_path):
    trained(made, tmp_path / "runs", "far", shift=0.25)
    found = checked(made, folder, places=[tmp_path / "runs"], tolerance=0.3)
    assert (marks(found)["far"], found.problems) == ("re-trained", ())


def test_every_seed_must_be_trained_here(made, folder, tmp_path):
    trained(made, tmp_path / "runs", "close")
    found = checked(made, folder, places=[tmp_path / "runs"])
    row = next(row for row in found.rows if row.name == "close")
    assert (row.mark, row.remark) == ("re-scored", "1 of 2 trainings were done here too")
    trained(made, tmp_path / "runs", "close", 1)
    assert marks(checked(made, folder, places=[tmp_path / "runs"]))["close"] == "re-trained"


def test_the_very_record_that_was_handed_in_is_no_re_training(made, folder, tmp_path):
    record = made.record("far", 25)
    write_record(job_folder(tmp_path / "runs", record.job), record)
    assert marks(checked(made, folder, places=[tmp_path / "runs", tmp_path]))["far"] == "re-scored"


def test_a_record_of_a_board_here_counts_as_trained_here(made, folder, tmp_path):
    record = trained(made, tmp_path / "elsewhere", "far")
    write_record(tmp_path / "boards/ours/records/far-seed0", record)
    assert marks(checked(made, folder, places=[tmp_path / "boards"]))["far"] == "re-trained"


def test_another_job_of_that_model_is_no_re_training(made, folder, tmp_path):
    record = trained(made, tmp_path / "runs", "far")
    other = replace(record, job=replace(record.job, key="f" * 64))
    write_record(job_folder(tmp_path / "runs", record.job), other)
    assert marks(checked(made, folder, places=[tmp_path / "runs"]))["far"] == "re-scored"


def with_ensemble(made, folder):
    """A board with an ensemble of two models, and its records as they were before it was published."""
    own = made.records()
    own += ensembles_of(own, ["close", "far"], name="both")
    made.write(folder, own)
    return own


def test_an_ensemble_follows_from_its_members(made, tmp_path):
    with_ensemble(made, tmp_path / "clinic")
    found = checked(made, tmp_path / "clinic")
    assert found.problems == ()
    assert marks(found)["both"] == "re-scored"


def test_an_ensemble_of_other_predictions_is_told(made, tmp_path):
    own = with_ensemble(made, tmp_path / "clinic")
    better = replace(own[-1], predictions=replace(own[0].predictions, uncertainty=own[-1].predictions.uncertainty))
    made.write(tmp_path / "clinic", [*own[:-1], better])
    assert (
        "both, seed 0: its predictions are not the mean of its members'." in checked(made, tmp_path / "clinic").problems
    )


def test_an_uncertainty_that_does_not_follow_is_told(made, tmp_path):
    with_ensemble(made, tmp_path / "clinic")
    claim(tmp_path / "clinic", lambda board: board["uncertainty"][0]["metrics"]["coverage"].update(value=0.95))
    (said,) = checked(made, tmp_path / "clinic").problems
    assert said.startswith("uncertainty of both: coverage is 0.95 on the board, ")


def test_an_uncertainty_at_another_level_is_told(made, tmp_path):
    with_ensemble(made, tmp_path / "clinic")
    claim(tmp_path / "clinic", lambda board: board["uncertainty"][0].update(level=0.5))
    assert checked(made, tmp_path / "clinic").problems == (
        "uncertainty of both: other films or another level than the records have",
    )
