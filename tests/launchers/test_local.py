"""The local launcher: a process a job, and none is left behind."""

from __future__ import annotations

import multiprocessing
import os
import re
import resource
import struct
import sys
from pathlib import Path

import pytest

from ra_bench.launchers import local
from ra_bench.suite import plan, run

linux = pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(local, "GRACE", 0.5)


@pytest.fixture(scope="module")
def ran_in(tiny_suite, tiny_protocol, new_observer):
    def call(folder, *models, observer=None, **options):
        suite = tiny_suite(folder)
        wanted = plan(suite, models=models, dataset="tiny", protocol=str(tiny_protocol))
        return run(suite, wanted, observers=observer or new_observer(), **options)

    return call


@pytest.fixture
def ran(tmp_path, ran_in):
    return lambda *models, **options: ran_in(tmp_path, *models, **options)


@pytest.fixture(scope="module")
def late(tmp_path_factory, ran_in):
    """Two jobs side by side that never end, one of them deaf, and one that waits for them; its folder and outcome."""
    folder = tmp_path_factory.mktemp("late")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(local, "GRACE", 0.5)
        return folder, ran_in(folder, "endless", "hangs", "forty", slots=2, timeout=8)


def test_a_worker_that_does_not_end_by_itself_is_ended_and_its_record_stands(ran):
    outcome = ran("lingers")
    assert (outcome.trained, outcome.failures) == (1, ())
    assert multiprocessing.active_children() == []


def test_an_error_of_ours_leaves_no_worker_behind(ran, new_observer):
    class Breaks(type(new_observer())):
        def on_epoch_end(self, *, job, report):
            raise LookupError

    with pytest.raises(LookupError):
        ran("endless", observer=Breaks(starts=[], epochs=[], ends=[]))
    assert multiprocessing.active_children() == []


@pytest.mark.slow
@pytest.mark.parametrize(("slots", "most"), [(1, 1), (2, 2)])
def test_as_many_jobs_run_at_a_time_as_there_are_slots(ran, new_observer, slots, most):
    class Counts(type(new_observer())):
        def on_job_start(self, *, job):
            super().on_job_start(job=job)
            running.append(len(self.starts) - len(self.ends))

    running = []
    outcome = ran("forty", "environment", "fifty", observer=Counts(starts=[], epochs=[], ends=[]), slots=slots)
    assert max(running) == most
    assert outcome.trained + len(outcome.failures) == 3
    assert multiprocessing.active_children() == []


def test_jobs_that_run_side_by_side_share_the_cores(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(8)))
    assert local._threads(1) == {}
    assert local._threads(2) == {"OMP_NUM_THREADS": "4"}
    assert local._threads(99) == {"OMP_NUM_THREADS": "1"}


@pytest.mark.parametrize(
    ("slot", "slots", "devices", "seen"),
    [(0, 2, 2, "a,b"), (1, 2, 2, "c,d"), (2, 3, 2, "a,b"), (1, 2, 3, "d,a,b"), (1, 2, 1, "b"), (0, 1, 2, None)],
)
def test_each_job_sees_as_many_gpus_as_it_uses(slot, slots, devices, seen):
    given = local._gpus(("a", "b", "c", "d"), slot, slots, devices)
    assert given == ({} if seen is None else {"CUDA_VISIBLE_DEVICES": seen})


def test_the_worker_gets_its_environment_and_the_parent_keeps_its_own(ran, monkeypatch):
    monkeypatch.setenv("MALLOC_MMAP_MAX_", "7")
    before = dict(os.environ)
    outcome = ran("environment")
    assert dict(os.environ) == before
    # what the user set stays, what is missing is added
    assert outcome.failures[0].reason == "LookupError: MALLOC_MMAP_MAX_=7 MALLOC_TRIM_THRESHOLD_=9000000000"


@pytest.mark.slow
@pytest.mark.parametrize("model", ["endless", "hangs"])
def test_a_job_that_takes_too_long_is_a_failure_that_says_so(late, model):
    (failure,) = [failure for failure in late[1].failures if failure.job.model == model]
    assert failure.kind == "timeout"
    assert failure.reason == "It took longer than --timeout 8s and was stopped."
    assert "Run again, if need be with more time" in failure.advice


@pytest.mark.slow
def test_a_job_that_has_to_wait_for_one_that_takes_too_long_is_done_then(late):
    assert (late[1].trained, len(late[1].failures)) == (1, 2)
    assert {row.name: row.kind for row in late[1].board.rows if row.seeds} == {
        "forty": "model",
        "endless": "failed",
        "hangs": "failed",
    }


@pytest.mark.slow
@linux
def test_nothing_that_a_job_started_outlives_its_time(late):
    (file,) = late[0].glob("runs/tiny-tiny/endless/seed0-*/pids")
    assert not any(Path(f"/proc/{pid}").exists() and _lives(pid) for pid in file.read_text().split())
    assert multiprocessing.active_children() == []


@pytest.mark.slow
def test_the_log_of_a_job_that_hung_in_native_code_shows_where(late):
    (log,) = late[0].glob("runs/tiny-tiny/hangs/seed0-*/log.txt")
    assert re.search(r"here it hangs\n.*most recent call first.*in hang\n", log.read_text(), re.DOTALL)


@pytest.mark.slow
def test_the_log_of_a_job_that_was_stopped_shows_where(late):
    (log,) = late[0].glob("runs/tiny-tiny/endless/seed0-*/log.txt")
    assert "ra_bench.runs.failures.StoppedError" in log.read_text()


def test_jobs_run_one_a_gpu_and_share_the_cores(ran, new_observer, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(8)))
    seen = new_observer()
    outcome = ran("gpu-one", "gpu-two", observer=seen, gpus=("4", "GPU-7e"))
    said = {failure.job.model: failure.reason for failure in outcome.failures}
    assert said == {"gpu-one": "LookupError: GPU 4, threads 4", "gpu-two": "LookupError: GPU GPU-7e, threads 4"}


def test_a_gpu_that_is_free_again_gets_the_next_job_and_more_jobs_than_gpus_share_them(ran):
    outcome = ran("gpu-one", "gpu-two", "gpu-six", gpus=("0", "1"), slots=3)
    assert sorted(re.findall(r"GPU (\d)", " ".join(failure.reason for failure in outcome.failures))) == ["0", "0", "1"]


def test_a_job_that_runs_alone_sees_what_the_user_sees(ran, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,3")
    outcome = ran("gpu-one", gpus=("2", "3"), slots=1)
    assert outcome.failures[0].reason.startswith("LookupError: GPU 2,3, threads ")


def test_a_worker_that_ends_in_the_middle_of_a_message_is_told_by_its_exit_code(new_observer):
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=os._exit, args=(3,))
    process.start()
    os.write(sender.fileno(), struct.pack("!i", 100) + b"only this")
    sender.close()
    worker = local._Worker(job=None, slot=0, process=process, receiver=receiver, limit=float("inf"))
    failure = local._hear(worker, new_observer())
    receiver.close()
    assert failure.reason == "The worker process ended with exit code 3 and without a result."


@linux
def test_a_worker_is_looked_at_for_the_memory_that_it_holds():
    held = local._memory(os.getpid())
    most = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert 2**20 < held < 1.1 * most  # the kernel keeps the two counts apart, and either may lag
    assert local._memory(2**31 - 1) is None


def test_the_kernels_kills_for_want_of_memory_are_counted_where_it_tells_them(tmp_path):
    file = tmp_path / "vmstat"
    assert local._oom_kills(file) is None
    file.write_text("nr_free_pages 7\noom_kill 4\noom_kill_disable 9\n")
    assert local._oom_kills(file) == 4
    file.write_text("nr_free_pages 7\n")
    assert local._oom_kills(file) is None


def _lives(pid):
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
