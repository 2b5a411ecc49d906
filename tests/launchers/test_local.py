"""The local launcher: a process a job, and none is left behind."""

from __future__ import annotations

import multiprocessing
import os

import pytest

from ra_bench.launchers import local
from ra_bench.suite import plan, run


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(local, "GRACE", 0.5)


@pytest.fixture
def ran(tmp_path, tiny_suite, tiny_protocol, new_observer):
    def call(*models, observer=None, slots=1):
        suite = tiny_suite(tmp_path)
        wanted = plan(suite, models=models, dataset="tiny", protocol=str(tiny_protocol))
        return run(suite, wanted, observers=observer or new_observer(), slots=slots)

    return call


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


def test_the_worker_gets_its_environment_and_the_parent_keeps_its_own(ran, monkeypatch):
    monkeypatch.setenv("MALLOC_MMAP_MAX_", "7")
    before = dict(os.environ)
    outcome = ran("environment")
    assert dict(os.environ) == before
    # what the user set stays, what is missing is added
    assert outcome.failures[0].reason == "LookupError: MALLOC_MMAP_MAX_=7 MALLOC_TRIM_THRESHOLD_=9000000000"
