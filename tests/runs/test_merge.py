"""Folders of runs become one: only what belongs together, each job whole, and the board is that of a single run."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, replace

import pytest

from ra_bench.errors import BusyError, RecordError
from ra_bench.runs.lock import alone
from ra_bench.runs.plan import Shard, dealt, job_key
from ra_bench.runs.records import job_data, job_folder, predictions_csv, read_job, read_record, record_json
from ra_bench.suite import merge_runs, open_suite, plan, run, score_predictions

MODELS = ["forty", "fifty", "raises"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory, tiny_suite, tiny_protocol, new_observer):
    """A run on one machine."""
    folder = tmp_path_factory.mktemp("whole")
    suite = tiny_suite(folder)
    wanted = plan(suite, models=MODELS, dataset="tiny", protocol=str(tiny_protocol), seeds=[0, 1])
    run(suite, wanted, observers=new_observer())
    return folder


@pytest.fixture
def machines(whole, tmp_path):
    """The same jobs on two machines: seed 0 on the first, seed 1 on the second."""
    shutil.copytree(whole / "runs", tmp_path / "first", ignore=shutil.ignore_patterns("seed1-*", ".lock"))
    shutil.copytree(whole / "runs", tmp_path / "second", ignore=shutil.ignore_patterns("seed0-*", ".lock"))
    return tmp_path / "first", tmp_path / "second"


@pytest.fixture
def suite(tmp_path, tiny_suite):
    return tiny_suite(tmp_path)


def tree(folder):
    return {file.relative_to(folder): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


def job_in(folder, model):
    return next(folder.glob(f"*/{model}/seed*"))


def rewrite(folder, *, job=None, **changes):
    """A finished job as if another machine had done it; its key is made anew where the job changes."""
    record = read_record(folder)
    changed = replace(record.job, **(job or {}))
    record = replace(record, job=replace(changed, key=job_key(changed)), **changes)
    (folder / "job.json").write_text(json.dumps(job_data(record.job)))
    (folder / "record.json").write_text(record_json(record))
    (folder / "predictions.csv").write_text(predictions_csv(record.predictions))
    return record


def predicting(folder, score):
    given = read_record(folder).predictions
    return replace(given, predicted=(score,) * len(given.ids))


def test_the_shards_of_a_plan_have_each_job_once_and_take_turns():
    assert dealt(list("abcdefg"), Shard(number=1, of=3)) == ["a", "d", "g"]
    assert dealt(list("abcdefg"), Shard(number=2, of=3)) == ["b", "e"]
    assert dealt(list("abcdefg"), Shard(number=3, of=3)) == ["c", "f"]


def test_a_shard_of_a_run_has_the_same_jobs_whether_they_stand_or_not(whole, tiny_suite, tiny_protocol, tmp_path):
    asked = {"models": MODELS, "dataset": "tiny", "protocol": str(tiny_protocol), "shard": Shard(number=2, of=2)}
    fresh, standing = plan(tiny_suite(tmp_path), **asked), plan(tiny_suite(whole), **asked)
    assert [planned.job for planned in fresh.jobs] == [planned.job for planned in standing.jobs]
    assert [planned.job.model for planned in fresh.jobs] == ["forty"]


def test_the_board_of_joined_runs_is_that_of_one_run_byte_for_byte(whole, machines, suite):
    merge_runs(suite, machines)
    assert tree(suite.boards) == tree(whole / "boards")


def test_joined_runs_stand(machines, suite, tiny_protocol):
    merge_runs(suite, machines)
    again = plan(suite, models=MODELS, dataset="tiny", protocol=str(tiny_protocol), seeds=[0, 1])
    assert [planned.job.model for planned in again.jobs if planned.record is None] == ["raises", "raises"]


def test_the_joined_folders_are_not_touched(machines, suite):
    before = [tree(machine) for machine in machines]
    merge_runs(suite, machines)
    assert [tree(machine) for machine in machines] == before


def test_all_files_of_a_job_are_joined(whole, machines, suite):
    merge_runs(suite, machines)
    joined, there = tree(suite.runs), tree(whole / "runs")
    assert joined.keys() == there.keys()
    assert {name for name in joined if joined[name] != there[name]} == {
        name for name in joined if name.name == "failure.json"
    }


def test_a_failure_is_joined_with_the_place_of_its_log(machines, suite):
    (joined,) = merge_runs(suite, machines).boards
    assert [left.failure.reason for left in joined.runs.unfinished] == ["RuntimeError: the net is torn"] * 2
    for file in suite.runs.glob("*/raises/*/failure.json"):
        assert json.loads(file.read_text())["log"] == str(file.with_name("log.txt"))


def test_joining_twice_adds_nothing(machines, suite):
    merge_runs(suite, machines)
    before = tree(suite.boards)
    (again,) = merge_runs(suite, machines).boards
    assert (again.new, len(again.runs.finished)) == (0, 4)
    assert tree(suite.boards) == before


def test_other_runs_can_be_joined_into_those_of_this_machine(whole, machines, suite):
    merge_runs(replace(suite, runs=machines[0]), [machines[1]])
    assert tree(suite.boards) == tree(whole / "boards")


def test_a_job_that_was_stopped_half_way_is_on_the_board_as_not_run(machines, suite):
    (job_in(machines[0], "forty") / "record.json").unlink()
    (joined,) = merge_runs(suite, machines).boards
    assert [(left.job.model, left.failure is None) for left in joined.runs.unfinished][-1] == ("forty", True)
    board = json.loads((suite.boards / "tiny-tiny/board.json").read_text())
    assert [row["seeds"] for row in board["rows"] if (row["name"], row["kind"]) == ("forty", "waiting")] == [[0]]


def test_a_job_that_failed_here_and_was_finished_there_is_finished(machines, suite):
    there = job_in(machines[0], "forty")
    begun = job_folder(suite.runs, read_job(there))
    begun.mkdir(parents=True)
    shutil.copy(there / "job.json", begun)
    failure = {"job": asdict(read_job(there)), "reason": "torn", "log": ""}
    (begun / "failure.json").write_text(json.dumps(failure))
    merge_runs(suite, machines)
    assert (begun / "record.json").exists()
    assert not (begun / "failure.json").exists()


def test_one_job_with_equal_predictions_in_two_folders_is_said_and_kept_once(machines, suite):
    first = job_in(machines[0], "forty")
    second = machines[1] / first.relative_to(machines[0])
    shutil.copytree(first, second)
    rewrite(second, seconds=99.0)
    (joined,) = merge_runs(suite, machines).boards
    assert joined.runs.twice == ((first, second),)
    assert read_record(job_folder(suite.runs, read_job(first))).seconds == read_record(first).seconds


def refused(suite, folders, *said):
    with pytest.raises(RecordError) as error:
        merge_runs(suite, folders)
    assert "Nothing was joined." in str(error.value)
    assert [text for text in map(str, said) if text not in str(error.value)] == []
    assert not suite.runs.exists()
    assert not suite.boards.exists()


def test_one_job_with_different_predictions_is_refused_with_both_places(machines, suite):
    first = job_in(machines[0], "forty")
    second = machines[1] / first.relative_to(machines[0])
    shutil.copytree(first, second)
    rewrite(second, predictions=predicting(second, 41.0))
    refused(suite, machines, "forty, seed 0 was done twice, with different predictions. Keep one", first, second)


@pytest.mark.parametrize(
    ("field", "word"), [("cohort", "cohort versions"), ("split", "splits"), ("protocol_hash", "protocols")]
)
def test_jobs_of_another_setting_are_refused_with_what_they_have(machines, suite, field, word):
    odd = job_in(machines[1], "forty")
    # with an override a record does not hold its board's protocol, and is read as it is
    rewrite(odd, job={field: "elsewhere"}, overrides={"epochs": "1"})
    refused(suite, machines, f"Board 'tiny-tiny': jobs of different {word} do not belong", "elsewhere: 1 job(s)", odd)


def test_even_a_job_that_did_not_finish_must_be_of_the_same_cohort(machines, suite):
    odd = job_in(machines[1], "raises")
    job = replace(read_job(odd), cohort="elsewhere")
    (odd / "job.json").write_text(json.dumps(job_data(replace(job, key=job_key(job)))))
    refused(suite, machines, "jobs of different cohort versions", "elsewhere: 1 job(s)", odd)


def test_one_model_trained_by_different_code_is_refused(machines, suite):
    odd = job_in(machines[1], "forty")
    rewrite(odd, job={"plugin_source": "elsewhere"})
    refused(suite, machines, "records of 'forty' with different sources of its package do not belong", odd)


def test_records_with_other_readings_are_refused(machines, suite):
    odd = job_in(machines[1], "forty")
    given = read_record(odd).predictions
    rewrite(odd, predictions=replace(given, readings=given.readings | {"first": (1.0,) * len(given.ids)}))
    refused(suite, machines, "records of one split with different films, patients or readings do not belong", odd)


def renamed(folder, **changes):
    given = read_record(folder).predictions
    rewrite(folder, predictions=replace(given, **{key: change(getattr(given, key)) for key, change in changes.items()}))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"ids": lambda ids: ("stranger", *ids[1:])}, "2 films differ from the test films of the split, such as 'film"),
        ({"patients": lambda patients: ("stranger", *patients[1:])}, "has another patient or other readings than in"),
        ({"readings": lambda given: {"third": given["first"]}}, "has another patient or other readings than in"),
    ],
)
def test_films_patients_and_readings_must_be_those_of_the_cohort(machines, suite, changes, said):
    for folder in [*machines[0].glob("*/*/*"), *machines[1].glob("*/*/*")]:
        if (folder / "record.json").exists():
            renamed(folder, **changes)
    refused(suite, machines, said, job_in(machines[0], "forty"))


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("cohort", "the jobs are of version elsewhere of the cohort 'tiny', and the cohort here has one"),
        ("split", "the jobs are of split elsewhere of the cohort 'tiny', and the cohort here has"),
    ],
)
def test_jobs_of_another_cohort_than_the_one_here_are_refused(machines, suite, field, said):
    shutil.copytree(job_in(machines[0], "forty"), machines[0].parent / "alone/x")
    rewrite(machines[0].parent / "alone/x", job={field: "elsewhere"})
    refused(suite, [machines[0].parent / "alone"], said)


BROKEN = {
    "its key does not fit": lambda folder: (folder / "record.json").write_text(
        (folder / "record.json").read_text().replace('"seed": 0', '"seed": 7')
    ),
    "its protocol does not fit": lambda folder: (folder / "record.json").write_text(
        (folder / "record.json").read_text().replace('"batch_size": 4', '"batch_size": 8')
    ),
    "its protocol is unknown": lambda folder: (folder / "record.json").write_text(
        (folder / "record.json").read_text().replace('"batch_size": 4', '"batch": 4')
    ),
    "it has no job.json": lambda folder: (folder / "job.json").unlink(),
    "its job.json is of another job": lambda folder: (folder / "job.json").write_text(
        (folder / "job.json").read_text().replace('"dataset": "tiny"', '"dataset": "other"')
    ),
    "its job.json is torn": lambda folder: (folder / "job.json").write_text("{"),
    "its predictions are gone": lambda folder: (folder / "predictions.csv").unlink(),
    "its record is torn": lambda folder: (folder / "record.json").write_text('{"job":'),
    "a film is there twice": lambda folder: (folder / "predictions.csv").write_text(
        (folder / "predictions.csv").read_text() + (folder / "predictions.csv").read_text().splitlines()[-1] + "\n"
    ),
    "its board is a place elsewhere": lambda folder: rewrite(folder, job={"board": "../../elsewhere"}),
    "its model is a place elsewhere": lambda folder: rewrite(folder, job={"model": ".."}),
}
SAID = {
    "its key does not fit": "the key is not that of the job: the file was changed by hand",
    "its protocol does not fit": "the protocol in record.json is not the one that the job's hash names.",
    "its protocol is unknown": "holds no protocol that this version of ra-bench knows (",
    "it has no job.json": "record.json without job.json. Records that stand beside a board name no patient",
    "its job.json is of another job": "job.json and record.json are of different jobs.",
    "its job.json is torn": "job.json cannot be read:",
    "its predictions are gone": "holds no finished run: predictions.csv is missing.",
    "its record is torn": "cannot be read: Expecting value",
    "a film is there twice": "two predictions of film 'film",
    "its board is a place elsewhere": "'../../elsewhere' cannot name a folder.",
    "its model is a place elsewhere": "'..' cannot name a folder.",
}


@pytest.mark.parametrize("way", BROKEN)
def test_a_broken_job_is_left_out_and_told_and_the_others_are_joined(machines, suite, way):
    odd = job_in(machines[0], "forty")
    BROKEN[way](odd)
    joined = merge_runs(suite, machines)
    (said,) = joined.broken
    assert SAID[way] in said
    assert str(odd) in said
    assert [(board.runs.name, board.new) for board in joined.boards] == [("tiny-tiny", 3)]
    assert sorted(folder.name for folder in suite.runs.parent.iterdir()) == ["boards", "first", "runs", "second"]


def test_predictions_from_elsewhere_are_joined_with_the_board_that_they_are_on(machines, suite, tmp_path, tiny_suite):
    home = tiny_suite(tmp_path / "home", runs=machines[0])
    merge_runs(home, [machines[0]])
    films = read_record(job_in(machines[0], "forty")).predictions.ids
    (tmp_path / "mine.csv").write_text("film,predicted\n" + "".join(f"{film},{50}\n" for film in films))
    score_predictions(home, tmp_path / "mine.csv", board="tiny-tiny")
    (joined,) = merge_runs(suite, machines).boards
    assert joined.new == 5
    assert "mine" in (suite.boards / "tiny-tiny/board.md").read_text()


def test_what_is_no_folder_of_runs_is_refused(suite, tmp_path):
    with pytest.raises(RecordError, match=r"There is no folder .*nowhere\. Give the folders that the other runs had"):
        merge_runs(suite, [tmp_path / "nowhere"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(RecordError, match=r"No job in .*empty\. Give the folders that the other runs had as --runs\."):
        merge_runs(suite, [tmp_path / "empty"])


def test_nothing_is_joined_into_a_folder_in_which_a_run_is_at_work(machines, suite):
    with alone(suite.runs / "tiny-tiny"), pytest.raises(BusyError, match="Another run is working in"):
        merge_runs(suite, machines)
    assert [file.name for file in tree(suite.runs)] == [".lock"]


def test_without_its_cohort_runs_are_joined_and_the_board_is_not_written(machines, tmp_path):
    suite = open_suite(runs=tmp_path / "runs", boards=tmp_path / "boards", data=tmp_path / "data")
    (joined,) = merge_runs(suite, machines).boards
    assert (joined.new, joined.folder) == (4, None)
    assert joined.trouble.startswith(
        "Its board is not written: the cohort 'tiny' is not known here. Give its description with --dataset"
    )
    assert not suite.boards.exists()
