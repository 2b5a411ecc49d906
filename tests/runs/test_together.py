"""One job in several processes: what comes of it, how it fails, and how it goes on."""

from __future__ import annotations

import multiprocessing
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from ra_bench.errors import LauncherError, TrainingError
from ra_bench.runs.records import job_folder, read_record
from ra_bench.runs.together import own_device
from ra_bench.suite import plan, run
from ra_bench.suite.running import work_of

linux = pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")

#: Seconds that a whole run may take where others compute too.
PATIENCE = 300

MODELS = ["tiny-net", "second-raises", "second-exits", "second-killed", "forty"]


@pytest.fixture(scope="module")
def ended(tmp_path_factory, tiny_suite, tiny_protocol, new_observer):
    """A run on two devices of models that end in every way: its suite, plan, outcome, observer and processes."""
    folder = tmp_path_factory.mktemp("together")
    suite, seen = tiny_suite(folder), new_observer()
    wanted = plan(suite, models=MODELS, dataset="tiny", protocol=str(tiny_protocol), device="cpu")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TINY_PIDS", str(folder / "pids"))
        outcome = run(suite, wanted, observers=seen, devices=2)
    return suite, wanted, outcome, seen, [int(line) for line in (folder / "pids").read_text().split()]


def folder_of(ended, model):
    suite, wanted, *_ = ended
    return next(job_folder(suite.runs, each.job) for each in wanted.jobs if each.job.model == model)


@pytest.mark.slow
def test_a_job_on_two_devices_is_a_record_and_a_row_that_say_so(ended):
    record = read_record(folder_of(ended, "tiny-net"))
    assert (record.devices, record.device, len(record.history)) == (2, "cpu", 1)
    assert record.history[0].films == 12
    (row,) = [row for row in ended[2].board.rows if row.name == "tiny-net"]
    assert "Each batch was shared by 2 devices; batch normalisation" in row.remark


@pytest.mark.slow
def test_each_epoch_is_told_once_and_the_log_has_what_the_processes_said(ended):
    assert [(job.model, report.epoch) for job, report in ended[3].epochs if job.model == "tiny-net"] == [
        ("tiny-net", 1)
    ]
    assert "LookupError: not in this process" in (folder_of(ended, "second-raises") / "log.txt").read_text()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "kind", "reason"),
    [
        ("second-raises", "raised", "LookupError: not in this process"),
        ("second-exits", "left", "Process 2 of 2: The worker process ended with exit code 3 and without a result."),
        ("second-killed", "killed", "Process 2 of 2: The worker process was killed (SIGKILL), and not by ra-bench."),
    ],
)
def test_a_job_fails_with_what_ended_the_first_process_that_did(ended, model, kind, reason):
    (failure,) = [failure for failure in ended[2].failures if failure.job.model == model]
    assert failure.kind == kind
    assert failure.reason.startswith(reason)


@pytest.mark.slow
def test_a_trainer_that_knows_one_device_gets_one_and_the_log_says_so(ended):
    assert read_record(folder_of(ended, "forty")).devices == 1
    log = (folder_of(ended, "forty") / "log.txt").read_text()
    assert "the trainer 'no-torch' uses one device: there is one process" in log


@linux
@pytest.mark.slow
def test_no_process_is_left_of_a_job_however_it_ended(ended):
    assert len(ended[4]) >= 4  # of six; one may be ended by its fellow before it has said its number
    assert not [pid for pid in ended[4] if lives(pid)]
    assert multiprocessing.active_children() == []


@pytest.fixture
def started(tmp_path, command, tiny_file, longer_protocol):
    """Start a run of `restless` on two devices in a folder; it is pretrained first."""

    processes = []

    def call(name):
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        options = ["--models", "restless", "--dataset", "tiny", "--protocol", longer_protocol, "--device", "cpu"]
        processes.append(command(folder, "run", *options, "--devices", 2, "-q", "-p", tiny_file))
        return folder, processes[-1]

    yield call
    for process in processes:
        process.kill()
        process.communicate()


@linux
@pytest.mark.slow
def test_a_run_on_two_devices_that_is_killed_leaves_nothing_and_goes_on_to_the_same_bits(started):
    folder, process = started("whole")
    assert process.wait(PATIENCE) == 0, process.stderr.read()
    (whole,) = folder.glob("runs/*/restless/seed0-*")
    folder, process = started("killed")
    until(lambda: list(folder.glob("runs/*/restless/seed0-*/resume.pt")), PATIENCE)
    family = descendants(process.pid)
    process.kill()
    process.wait()
    until(lambda: not any(lives(pid) for pid in family), 20)
    assert len(family) >= 4  # worker, its guard, two processes that train
    _, process = started("killed")
    assert process.wait(PATIENCE) == 0, process.stderr.read()
    (killed,) = folder.glob("runs/*/restless/seed0-*")
    assert "going on after epoch" in (killed / "log.txt").read_text()
    assert read_record(killed).predictions == read_record(whole).predictions
    assert read_record(killed).devices == 2


@linux
@pytest.mark.slow
def test_a_run_on_two_devices_that_is_told_to_end_leaves_nothing(started):
    folder, process = started("stopped")
    until(lambda: list(folder.glob("data/pretrained/*.resume.pt")), PATIENCE)
    family = descendants(process.pid)
    process.send_signal(signal.SIGINT)
    assert process.wait(30) != 0
    assert "Traceback" not in process.stderr.read()
    until(lambda: not any(lives(pid) for pid in family), 20)


def until(happened, seconds):
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.02)


def lives(pid):
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def descendants(pid):
    children = [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return children + [each for child in children for each in descendants(child)]


def test_a_launcher_of_other_machines_is_not_given_several_devices(tmp_path, tiny_suite, tiny_protocol, new_observer):
    suite = tiny_suite(tmp_path)
    wanted = plan(suite, models=["tiny-net"], dataset="tiny", protocol=str(tiny_protocol))
    with pytest.raises(LauncherError, match=r"--devices 2 is for the launcher 'local'; a job of 'ray' has one device"):
        run(suite, wanted, observers=new_observer(), launcher="ray", devices=2)


def test_more_devices_than_gpus_are_refused_before_anything_is_written(
    tmp_path, tiny_suite, tiny_protocol, new_observer
):
    suite = tiny_suite(tmp_path)
    wanted = plan(suite, models=["tiny-net"], dataset="tiny", protocol=str(tiny_protocol))
    with pytest.raises(
        TrainingError, match=r"--devices 3 needs as many GPUs, and 2 are visible: 4, 6\. Use --devices 2"
    ):
        run(suite, wanted, observers=new_observer(), devices=3, gpus=("4", "6"))
    assert not suite.boards.exists()


def test_the_work_of_a_run_without_the_option_is_for_one_device(tmp_path, tiny_suite, tiny_protocol):
    suite = tiny_suite(tmp_path)
    wanted = plan(suite, models=["tiny-net"], dataset="tiny", protocol=str(tiny_protocol))
    assert work_of(suite, wanted).devices == 1


def test_processes_share_the_cpu():
    assert [own_device("cpu", number) for number in (0, 1)] == ["cpu", "cpu"]


def test_several_processes_on_what_there_is_once_are_refused(monkeypatch):
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: True)
    with pytest.raises(TrainingError, match=r"may be GPUs of CUDA, or a CPU, but not mps\. Leave out --devices"):
        own_device("mps", 1)
