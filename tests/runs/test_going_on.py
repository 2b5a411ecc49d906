"""What a person sees of a job that was stopped on its way, and of the one that goes on from there."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from ra_bench.errors import StorageError
from ra_bench.runs.records import job_folder, read_record
from ra_bench.suite import plan, run
from ra_bench.suite.running import work_of
from ra_bench.training.progress_file import RESUME, previous


class Stopped(Exception):  # noqa: N818 - it is no error
    """Raised by what listens, as a process ends that is told to."""


@pytest.fixture
def planned(tmp_path, tiny_suite, longer_protocol):
    """A suite and what it would run, anew at each call."""

    def call(model="tiny-net", **options):
        suite = tiny_suite(tmp_path)
        return suite, plan(suite, models=[model], dataset="tiny", protocol=str(longer_protocol), **options)

    return call


@pytest.fixture
def finish(planned):
    """Do a job to its end, in this process: the reports that were told, and the record."""

    def call(model="tiny-net", **changes):
        suite, wanted = planned(model)
        heard = []
        record = work_of(suite, wanted)(replace(wanted.jobs[0].job, **changes), heard.append)
        return [(report.stage, report.epoch) for report in heard], record

    return call


@pytest.fixture
def stopped(planned):
    """The folder of a job that was stopped after the given epoch of a stage."""

    def call(epoch, model="tiny-net", stage="training"):
        suite, wanted = planned(model)

        def listen(report):
            if (report.stage, report.epoch) == (stage, epoch):
                raise Stopped

        with pytest.raises(Stopped):
            work_of(suite, wanted)(wanted.jobs[0].job, listen)
        return job_folder(suite.runs, wanted.jobs[0].job)

    return call


ALL = [("training", epoch) for epoch in (1, 2, 3, 4)]


def test_the_plan_says_after_which_epoch_a_job_goes_on(stopped, planned):
    stopped(3)
    (job,) = planned()[1].jobs
    assert job.reason == "runs: goes on after epoch 3 of 4"
    assert [report.epoch for report in job.earlier] == [1, 2, 3]
    assert planned(afresh=True)[1].jobs[0].earlier == ()


def test_the_plan_says_that_a_file_is_damaged(stopped, planned):
    file = stopped(3) / RESUME
    file.write_bytes(file.read_bytes()[:-9])
    reason = planned()[1].jobs[0].reason
    assert reason.startswith("runs: goes on after epoch 2 of 4 (resume.pt is truncated (")
    previous(file).unlink()
    assert planned()[1].jobs[0].reason.startswith("runs: starts afresh: resume.pt is truncated (")


@pytest.mark.slow
def test_observers_hear_of_the_epochs_that_are_left_and_the_record_holds_all(stopped, planned, new_observer):
    folder, seen = stopped(3), new_observer()
    outcome = run(*planned(), observers=seen)
    assert outcome.failures == ()
    assert [report.epoch for _, report in seen.epochs] == [4]
    assert [report.epoch for report in read_record(folder).history] == [1, 2, 3, 4]


@pytest.mark.slow
def test_afresh_forgets_what_was_kept(stopped, planned, new_observer):
    stopped(2)
    seen = new_observer()
    run(*planned(afresh=True), observers=seen)
    assert [report.epoch for _, report in seen.epochs] == [1, 2, 3, 4]


def test_what_was_kept_is_deleted_with_the_record(stopped, finish):
    folder = stopped(3)
    assert {RESUME, "resume.previous.pt"} < {file.name for file in folder.iterdir()}
    finish()
    assert not {RESUME, "resume.previous.pt"} & {file.name for file in folder.iterdir()}


def test_what_a_kill_left_beside_a_record_is_deleted_by_the_next_run(stopped, finish, planned, new_observer):
    folder = stopped(2)
    kept = (folder / RESUME).read_bytes()
    finish()
    (folder / RESUME).write_bytes(kept)
    outcome = run(*planned(), observers=new_observer())
    assert (outcome.trained, (folder / RESUME).exists()) == (0, False)


def test_the_log_goes_on(stopped, finish):
    folder = stopped(2)
    (folder / "log.txt").write_text("what the first try said\n")
    finish()
    log = (folder / "log.txt").read_text()
    assert log.startswith("what the first try said\n")
    assert "training: going on after epoch 2 of 4, kept in resume.pt" in log


def test_a_job_of_another_key_never_uses_it(stopped, finish):
    folder = stopped(2)
    elsewhere = folder.with_name("seed0-000000000000")
    elsewhere.mkdir()
    (elsewhere / RESUME).write_bytes((folder / RESUME).read_bytes())
    assert finish(key="0" * 64)[0] == ALL
    assert "resume.pt is of another job (" in (elsewhere / "log.txt").read_text()


def test_pretraining_goes_on_and_is_not_told_again(stopped, finish, tmp_path):
    stopped(2, "tiny-net-transfer", stage="pretraining")
    heard, _ = finish("tiny-net-transfer")
    assert heard == [("pretraining", 3), ("pretraining", 4), *ALL]
    assert [file.suffixes for file in (tmp_path / "data/pretrained").glob("*[!k]")] == [[".safetensors"]]


def took(file, seconds):
    """Let a try have taken that long."""
    line, _, rest = file.read_bytes().partition(b"\n")
    file.write_bytes(json.dumps(json.loads(line) | {"seconds": seconds}).encode() + b"\n" + rest)


def test_seconds_are_those_of_all_tries(stopped, finish):
    took(stopped(2) / RESUME, 1000)
    assert 1000 < finish()[1].seconds < 1100


def test_seconds_are_those_of_all_tries_of_the_pretraining_too(stopped, finish, tmp_path):
    stopped(2, "tiny-net-transfer", stage="pretraining")
    (file,) = (tmp_path / "data/pretrained").glob("*.resume.pt")
    took(file, 1000)
    assert 1000 < finish("tiny-net-transfer")[1].seconds < 1100


def test_a_trainer_that_keeps_nothing_starts_anew(stopped, planned, finish):
    stopped(2, "forty")
    assert planned("forty")[1].jobs[0].reason == "runs: no finished run of this model and seed yet"
    heard, record = finish("forty")
    assert heard == ALL
    assert [report.epoch for report in record.history] == [1, 2, 3, 4]


@pytest.mark.slow
def test_the_reason_of_a_failure_comes_with_how_far_it_had_come(stopped, planned, new_observer):
    (stopped(3) / "checkpoint.pt").mkdir()
    failed = run(*planned(), observers=new_observer())
    assert failed.failures[0].reason.startswith("Cannot write")
    reason = planned()[1].jobs[0].reason
    assert reason.startswith("runs: the last try failed: Cannot write")
    assert reason.endswith("; goes on after epoch 4 of 4")
    assert len(planned()[1].jobs[0].earlier) == 4


def test_a_folder_in_which_nothing_can_be_written_stops_the_job_and_loses_nothing(stopped, planned, finish):
    folder = stopped(3)
    beside = folder.with_name("elsewhere")
    folder.rename(beside)
    folder.write_text("in the way")
    with pytest.raises(StorageError, match=r"Cannot make the folder .*choose a folder that can be written to"):
        finish()
    folder.unlink()
    beside.rename(folder)
    assert planned()[1].jobs[0].reason == "runs: goes on after epoch 3 of 4"
    assert finish()[0] == [("training", 4)]
