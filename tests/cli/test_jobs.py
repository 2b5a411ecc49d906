"""The jobs of a run: the time that is left, reckoned on paper, and the table as terminals of many sizes show it."""

from __future__ import annotations

import io
from dataclasses import replace
from types import SimpleNamespace

import pytest
from rich.console import Console

from ra_bench.cli.job_states import JobStates, Left
from ra_bench.cli.job_table import JobTable
from ra_bench.runs.plan import PlannedJob
from ra_bench.values import EpochReport, Failure


def job(model, seed=0):
    return SimpleNamespace(key=f"{model} {seed}", model=model, seed=seed, fold=None)


def report(epoch, epochs=5, *, stage="training", seconds=60.0):
    return EpochReport(
        stage=stage,
        epoch=epoch,
        epochs=epochs,
        train_loss=0.5,
        validation_rmse=20.0,
        learning_rate=0.1,
        seconds=seconds,
        films=8,
    )


def due(job, **facts):
    return PlannedJob(job=job, record=None, reason="", due=True, **facts)


RECORD = SimpleNamespace(seconds=0.0)


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def jobs(clock):
    return JobStates(clock)


def left(jobs, job):
    (state,) = [each for each in jobs.all() if each.job.key == job.key]
    return jobs.left(state)


def finish(jobs, clock, job, seconds, record=RECORD):
    jobs.start(job)
    clock.now += seconds
    jobs.end(job, record)


A, B, C = job("a"), job("b"), job("c")


def test_nothing_is_known_before_anything_was_measured(jobs):
    jobs.expect([due(A), due(B)])
    assert left(jobs, A) == Left(seconds=0, whole=False)
    assert jobs.all_left() == Left(seconds=0, whole=False)


def test_after_one_epoch_a_job_is_measured_by_the_seconds_that_it_told(jobs, clock):
    jobs.start(A)
    clock.now += 75
    jobs.tell(A, report(1, 5, seconds=60))
    assert left(jobs, A) == Left(seconds=240)


def test_after_two_epochs_a_job_is_measured_by_the_clock_with_validation(jobs, clock):
    jobs.start(A)
    clock.now += 75
    jobs.tell(A, report(1))
    clock.now += 70
    jobs.tell(A, report(2))
    assert left(jobs, A) == Left(seconds=3 * 70)


def test_the_time_left_runs_down_between_epochs_and_stops_at_nothing(jobs, clock):
    jobs.start(A)
    jobs.tell(A, report(4, 5, seconds=60))
    clock.now += 25
    assert left(jobs, A) == Left(seconds=35)
    clock.now += 100
    assert left(jobs, A) == Left(seconds=0)


def test_an_epoch_that_takes_long_does_not_use_up_the_time_of_those_to_come(jobs, clock):
    jobs.start(A)
    jobs.tell(A, report(2, 5, seconds=60))
    clock.now += 500
    assert left(jobs, A) == Left(seconds=120)


def test_a_job_that_waits_is_measured_by_finished_ones_of_its_model(jobs, clock):
    jobs.expect([due(job("a", seed)) for seed in range(3)] + [due(B)])
    finish(jobs, clock, job("a", 0), 100)
    finish(jobs, clock, job("a", 1), 140)
    assert left(jobs, job("a", 2)) == Left(seconds=120)
    assert left(jobs, B) == Left(seconds=0, whole=False)


def test_a_failed_job_tells_nothing_of_others(jobs, clock):
    jobs.expect([due(job("a", 0)), due(job("a", 1))])
    finish(jobs, clock, job("a", 0), 100, Failure(job=A, reason="torn", log=""))
    assert left(jobs, job("a", 1)) == Left(seconds=0, whole=False)


def test_a_job_without_an_epoch_yet_has_used_up_some_of_what_its_model_takes(jobs, clock):
    jobs.expect([due(job("a", 0)), due(job("a", 1))])
    finish(jobs, clock, job("a", 0), 100)
    jobs.start(job("a", 1))
    clock.now += 30
    assert left(jobs, job("a", 1)) == Left(seconds=70)


def test_of_a_job_that_took_longer_than_its_model_did_nothing_is_known(jobs, clock):
    jobs.expect([due(job("a", 0)), due(job("a", 1))])
    finish(jobs, clock, job("a", 0), 100)
    jobs.start(job("a", 1))
    clock.now += 101
    assert left(jobs, job("a", 1)) == Left(seconds=0, whole=False)


def test_pretraining_tells_only_the_least_time(jobs, clock):
    jobs.start(A)
    jobs.tell(A, report(1, 3, stage="pretraining", seconds=50))
    assert left(jobs, A) == Left(seconds=100, whole=False)


def test_pretraining_of_a_model_that_was_measured_tells_all(jobs, clock):
    finish(jobs, clock, job("a", 0), 500)
    jobs.start(second := job("a", 1))
    clock.now += 60
    jobs.tell(second, report(1, 3, stage="pretraining", seconds=50))
    assert left(jobs, second) == Left(seconds=440)


def test_a_job_that_goes_on_is_measured_by_the_epochs_that_were_kept(jobs, clock):
    earlier = (report(1, 5, seconds=40), report(2, 5, seconds=60))
    jobs.expect([due(A, earlier=earlier)])
    assert left(jobs, A) == Left(seconds=150)
    jobs.start(A)
    assert jobs.all()[0].state == "resumed"
    clock.now += 20
    assert left(jobs, A) == Left(seconds=130)
    clock.now += 500
    assert left(jobs, A) == Left(seconds=100)


def test_what_went_on_after_a_stop_took_the_time_of_its_earlier_tries_too(jobs, clock):
    jobs.expect([due(job("a", 0)), due(job("a", 1))])
    finish(jobs, clock, job("a", 0), 100, SimpleNamespace(seconds=900.0))
    assert left(jobs, job("a", 1)) == Left(seconds=900)


def test_two_at_a_time_share_what_waits(jobs, clock):
    waiting = [job("w", seed) for seed in range(3)]
    jobs.expect([due(each) for each in (*waiting, A, B)])
    jobs.start(waiting[0])
    jobs.start(A)
    clock.now += 100
    jobs.end(waiting[0], RECORD)
    jobs.start(B)
    jobs.tell(A, report(3, 5, seconds=60))  # 120 s left
    jobs.tell(B, report(4, 5, seconds=70))  # 70 s left
    # The first that waits starts after 70 s and ends at 170, the second starts after 120 and ends at 220.
    assert jobs.all_left() == Left(seconds=220)


def test_between_two_jobs_the_run_knows_how_many_run_at_a_time(jobs, clock):
    jobs.expect([due(job("a", seed)) for seed in range(3)])
    finish(jobs, clock, job("a", 0), 100)
    assert jobs.all_left() == Left(seconds=200)


def test_a_run_with_an_unknown_job_takes_longer_than_what_is_known(jobs, clock):
    jobs.expect([due(job("a", 0)), due(job("a", 1)), due(B)])
    finish(jobs, clock, job("a", 0), 100)
    assert jobs.all_left() == Left(seconds=100, whole=False)


def test_when_all_is_done_nothing_is_left(jobs, clock):
    jobs.expect([due(A)])
    finish(jobs, clock, A, 10)
    assert jobs.all_left() == Left(seconds=0)


def test_what_does_not_run_is_kept_failed_or_left_out(jobs):
    record = SimpleNamespace(history=(report(5),), seconds=3.0)
    stands = replace(due(A), due=False, record=record)
    settled = replace(due(B), due=False, failure=Failure(job=B, reason="torn", log=""))
    jobs.expect([stands, settled, replace(due(C), due=False)])
    assert [each.state for each in jobs.all()] == ["kept", "failed", "left out"]
    assert jobs.all()[0].report.epoch == 5
    assert jobs.all_left() == Left(seconds=0)


# --- the table

NAMES = ("mean", "mobilenetv2", "resnet50", "resnet-dwise50-transfer")


def drawn(jobs, width=80, height=24, **options):
    out = io.StringIO()
    settings = {"force_terminal": True, "color_system": None, **options}
    Console(file=out, width=width, height=height, **settings).print(JobTable(jobs))
    return [line.rstrip() for line in out.getvalue().splitlines()]


@pytest.fixture
def some(clock):
    """One of each: done, failed, running, waiting after a stop, waiting, kept."""
    jobs = JobStates(clock)
    kept = PlannedJob(job=job("mean"), record=SimpleNamespace(history=(report(1, 1),)), reason="", due=False)
    stopped = due(job("resnet-dwise50-transfer", 12), earlier=(report(1, 5), report(2, 5)))
    models = [due(job(name, seed)) for name in NAMES[1:3] for seed in (0, 1)]
    jobs.expect([kept, *models, stopped])
    finish(jobs, clock, job("mobilenetv2"), 125)
    finish(jobs, clock, job("mobilenetv2", 1), 3, Failure(job=job("mobilenetv2", 1), reason="torn", log=""))
    jobs.start(job("resnet50"))
    clock.now += 61
    jobs.tell(job("resnet50"), report(2, 5))
    return jobs


def test_a_line_a_job_tells_state_epoch_error_and_times(some):
    assert drawn(some) == [
        "model                    seed  state    epoch  val. RMSE  elapsed     left",
        "mean                        0  kept       1/1       20.0",
        "mobilenetv2                 0  done                          2:05",
        "mobilenetv2                 1  failed                        0:03",
        "resnet50                    0  running    2/5       20.0     1:01     3:00",
        "resnet50                    1  waiting                             unknown",
        "resnet-dwise50-transfer    12  waiting    2/5       20.0              3:00",
        "1 of 5 jobs done, 1 failed, 1 kept; > 6:00 left",
    ]


def test_at_40_columns_names_and_some_columns_give_way_and_the_time_left_stays(some):
    assert drawn(some, width=40) == [
        "model         seed state   epoch    left",
        "mean             0 kept      1/1",
        "mobilenetv2      0 done",
        "mobilenetv2      1 failed",
        "resnet50         0 running   2/5    3:00",
        "resnet50         1 waiting       unknown",
        "resnet-dwise…   12 waiting   2/5    3:00",
        "1 of 5 done, 1 failed; > 6:00 left",
    ]


@pytest.mark.parametrize("width", [30, 40, 50, 60, 70, 80, 120])
def test_no_line_is_wider_than_the_terminal(some, width):
    assert max(map(len, drawn(some, width))) <= width


def test_the_last_line_says_as_much_as_there_is_room_for(clock):
    jobs = JobStates(clock)
    jobs.expect([due(A), due(B)])
    finish(jobs, clock, A, 3, Failure(job=A, reason="torn", log=""))
    lasts = [drawn(jobs, width)[-1] for width in (80, 40, 30)]
    assert lasts == [
        "0 of 2 jobs done, 1 failed; time left unknown",
        "0 of 2 done, 1 failed; time unknown",
        "0 of 2; time unknown",
    ]


def test_pretraining_is_marked_and_has_no_error(clock):
    jobs = JobStates(clock)
    jobs.start(job("resnet50"))
    jobs.tell(job("resnet50"), report(1, 3, stage="pretraining", seconds=50))
    assert drawn(jobs)[1].split() == ["resnet50", "running", "pre", "1/3", "0:00", ">", "1:40"]


def test_folds_have_a_column_with_their_site_or_their_number(clock):
    jobs = JobStates(clock)
    for number, site in enumerate(("", "north"), start=1):
        fold = SimpleNamespace(number=number, of=5, site=site)
        jobs.start(SimpleNamespace(key=str(number), model="net", seed=0, fold=fold))
    lines = [line.split()[:3] for line in drawn(jobs)]
    assert lines[:3] == [["model", "fold", "state"], ["net", "1/5", "running"], ["net", "north", "running"]]


def test_a_long_name_of_a_site_is_cut(clock):
    jobs = JobStates(clock)
    fold = SimpleNamespace(number=1, of=2, site="the old hospital by the river")
    jobs.start(SimpleNamespace(key="1", model="net", seed=0, fold=fold))
    assert drawn(jobs)[1].startswith("net    the old hos…  running")


@pytest.fixture
def many(clock):
    """200 jobs: 50 done, the last two of which were a failure and job 49, 2 running, the rest waiting."""
    jobs = JobStates(clock)
    jobs.expect([due(job("net", seed)) for seed in range(200)])
    for seed in range(50):
        record = Failure(job=job("net", seed), reason="torn", log="") if seed == 7 else RECORD
        finish(jobs, clock, job("net", seed), 10, record)
    jobs.start(job("net", 50))
    jobs.start(job("net", 51))
    return jobs


@pytest.mark.parametrize("height", [5, 6, 10, 24, 50, 210])
def test_200_jobs_fit_into_the_height_of_the_terminal(many, height):
    lines = drawn(many, height=height)
    assert len(lines) < height
    assert any(line.startswith("net      50  running") for line in lines)
    assert lines[-1].startswith("49 of 200 jobs done, 1 failed; ")


def test_what_runs_comes_first_then_what_failed_then_the_latest_that_are_done(many):
    lines = drawn(many, height=10)
    assert [line.split()[1] for line in lines[1:-2]] == ["7", "47", "48", "49", "50", "51"]
    assert lines[-2] == "and 194 more: 148 waiting, 46 done"


def test_if_all_fit_nothing_is_said_of_others(many):
    assert not any("more:" in line for line in drawn(many, height=204))
    assert any("more:" in line for line in drawn(many, height=203))


def test_the_state_is_in_colour_but_not_where_the_user_wants_none(some, monkeypatch):
    assert any("\x1b[32m" in line or "\x1b[36m" in line for line in drawn(some, color_system="standard"))
    monkeypatch.setenv("NO_COLOR", "1")
    assert not any("\x1b[3" in line for line in drawn(some, color_system="standard"))


def test_a_run_without_anything_to_do_draws_nothing(jobs):
    assert drawn(jobs) == []
    jobs.expect([PlannedJob(job=A, record=SimpleNamespace(history=()), reason="", due=False)])
    assert drawn(jobs) == []
