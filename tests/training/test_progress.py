"""Progress is kept each epoch, found again, and refused where it is damaged or another's."""

from __future__ import annotations

import json
import logging
import os
import random
import resource
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from ra_bench.errors import StorageError, TrainingError
from ra_bench.training.checkpoint import Best
from ra_bench.training.device import random_states, set_random_states
from ra_bench.training.loop import fit
from ra_bench.training.pretrain import pretrain
from ra_bench.training.progress import FileProgress, Stopwatch
from ra_bench.training.progress_file import (
    CHECKPOINT,
    FORMAT,
    RESUME,
    find_progress,
    forget_progress,
    how_far,
    previous,
)
from ra_bench.training.protocol import with_overrides
from ra_bench.training.weights import read_weights

EPOCHS = 4


def noise():
    return 0.1 * random.gauss(0, 1) + 0.1 * np.random.normal()  # noqa: NPY002 - a plugin's model may draw from it


@pytest.fixture
def net_that_draws(model):
    """The tiny net with dropout, and with noise from the generators of Python and of numpy."""

    def shaken(module, inputs, output):
        return output + noise() if module.training else output

    def build():
        net = model.build()
        net.flatten = nn.Sequential(nn.Flatten(), nn.Dropout(0.3))
        net.register_forward_hook(shaken)
        return net

    return replace(model, build=build)


@pytest.fixture
def make_job(make_task, net_that_draws, tmp_path):
    """A task of four epochs and its progress, in the folder of that name; each call is a new try."""

    def make(folder="job", *, job="some job", **fields):
        (tmp_path / folder).mkdir(exist_ok=True)
        progress = FileProgress(tmp_path / folder / RESUME, job=job, watch=Stopwatch())
        overrides = {"epochs": EPOCHS, **fields.pop("overrides", {})}
        task = make_task(overrides=overrides, model=net_that_draws, folder=tmp_path / folder, **fields)
        return replace(task, progress=progress)

    return make


@pytest.fixture
def stopped(make_job, tmp_path):
    """The file of a job that was stopped after so many epochs."""

    def stop(epochs, folder="job", **fields):
        steps = fit(make_job(folder, **fields))
        reports = [next(steps) for _ in range(epochs)]
        steps.close()
        return tmp_path / folder / RESUME, reports

    return stop


def weights(task):
    return torch.load(task.folder / CHECKPOINT, weights_only=True)["weights"]


@pytest.mark.parametrize("keep", ["last", "best-validation-rmse"])
@pytest.mark.parametrize("optimiser", ["sgd", "adamw"])
@pytest.mark.parametrize("epochs", [1, 3, EPOCHS])
def test_a_job_that_goes_on_comes_to_the_same_bits(make_job, stopped, drain, epochs, optimiser, keep):
    overrides = {"optimiser.name": optimiser, "keep": keep}
    whole, going_on = make_job("whole", overrides=overrides), make_job("job", overrides=overrides)
    reports, wanted = drain(fit(whole))
    _, before = stopped(epochs, overrides=overrides)
    after, got = drain(fit(going_on))
    assert [replace(report, seconds=0) for report in (*before, *after)] == [
        replace(report, seconds=0) for report in reports
    ]
    assert (got.test.tobytes(), got.validation.tobytes()) == (wanted.test.tobytes(), wanted.validation.tobytes())
    assert got.kept_epoch == wanted.kept_epoch
    assert [name for name, value in weights(whole).items() if not torch.equal(weights(going_on)[name], value)] == []


def test_without_the_random_states_the_bits_would_be_others(make_job, stopped, drain):
    """The net that these tests use really draws."""
    _, wanted = drain(fit(make_job("whole")))
    stopped(2)
    steps = fit(make_job())
    next(steps)
    torch.rand(1)
    with pytest.raises(StopIteration) as end:
        next(steps), next(steps)
    assert end.value.value.test.tobytes() != wanted.test.tobytes()


def test_pretraining_goes_on_to_the_same_body(make_films, net_that_draws, protocol, tmp_path, drain):
    films, scores = make_films(32, protocol, name="p", seed=4)
    given = {
        "model": net_that_draws,
        "protocol": with_overrides(protocol, {"pretraining.epochs": EPOCHS}),
        "films": films,
        "findings": (scores > 50).astype(float)[:, None],
        "validation": films,
        "validation_findings": (scores > 50).astype(float)[:, None],
        "seed": 0,
        "device": "cpu",
    }
    drain(pretrain(**given, file=tmp_path / "whole.safetensors"))
    steps = pretrain(**given, file=tmp_path / "body.safetensors", progress=kept_in(tmp_path))
    next(steps), next(steps)
    steps.close()
    reports, _ = drain(pretrain(**given, file=tmp_path / "body.safetensors", progress=kept_in(tmp_path)))
    assert [report.epoch for report in reports] == [3, 4]
    whole, body = (read_weights(tmp_path / name) for name in ("whole.safetensors", "body.safetensors"))
    assert [name for name, value in whole.items() if not torch.equal(body[name], value)] == []


def kept_in(folder):
    return FileProgress(folder / RESUME, job="some job", watch=Stopwatch())


def test_earlier_reports_and_seconds_come_back_with_the_rest(make_job, stopped):
    _, before = stopped(2)
    watch = Stopwatch()
    task = make_job()
    progress = FileProgress(task.folder / RESUME, job="some job", watch=watch)
    watch.add(1000)
    next(fit(replace(task, progress=progress)))
    assert progress.earlier == tuple(before)
    kept = find_progress(task.folder / RESUME, "some job").kept
    assert kept.seconds > 1000 + sum(report.seconds for report in before)
    assert [report.epoch for report in kept.reports] == [1, 2, 3]


def test_a_new_job_finds_nothing_and_says_nothing(tmp_path, caplog):
    progress = kept_in(tmp_path)
    assert (progress.restore({}), progress.earlier, caplog.text) == (0, (), "")
    assert how_far(find_progress(tmp_path / RESUME, "some job")) == ""


def test_going_on_is_logged(make_job, stopped, caplog):
    caplog.set_level(logging.INFO)
    stopped(2)
    next(fit(make_job()))
    assert "training: going on after epoch 2 of 4, kept in resume.pt" in caplog.text


def cut(file):
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])


def test_a_truncated_file_costs_one_epoch_and_is_said(make_job, stopped, drain, caplog):
    _, wanted = drain(fit(make_job("whole")))
    file, _ = stopped(3)
    cut(file)
    reports, got = drain(fit(make_job()))
    assert [report.epoch for report in reports] == [3, 4]
    assert got.test.tobytes() == wanted.test.tobytes()
    assert "resume.pt is truncated (" in caplog.text


def test_what_is_found_beside_a_truncated_file_is_one_phrase(stopped):
    file, _ = stopped(3)
    cut(file)
    assert how_far(find_progress(file, "some job")).startswith("goes on after epoch 2 of 4 (resume.pt is truncated (")


def test_two_truncated_files_cost_all_epochs_and_are_said(make_job, stopped, drain, caplog):
    _, wanted = drain(fit(make_job("whole")))
    file, _ = stopped(3)
    cut(file)
    previous(file).write_bytes(b"")
    assert how_far(find_progress(file, "some job")).startswith("starts afresh: resume.pt is truncated (")
    reports, got = drain(fit(make_job()))
    assert [report.epoch for report in reports] == [1, 2, 3, 4]
    assert got.test.tobytes() == wanted.test.tobytes()
    assert "resume.previous.pt is damaged (its first line cannot be read): it is not used" in caplog.text


def test_a_file_with_another_byte_is_not_used(stopped):
    file, _ = stopped(1)
    content = bytearray(file.read_bytes())
    content[-100] ^= 1
    file.write_bytes(content)
    found = find_progress(file, "some job")
    assert found.troubles == ("resume.pt is damaged (its bytes are not those that were written)",)
    assert found.kept is None


def changed(file, **facts):
    line, _, rest = file.read_bytes().partition(b"\n")
    file.write_bytes(json.dumps(json.loads(line) | facts).encode() + b"\n" + rest)


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"format": FORMAT + 1}, f"is of another version of ra-bench (format {FORMAT + 1}, this one reads {FORMAT})"),
        ({"torch": "1.0"}, "is of another torch (1.0, this one is "),
        ({"surplus": 1}, "is damaged (its first line cannot be read)"),
        ({"size": "1"}, "is truncated ("),
        ({"job": "x" * 64}, "is of another job (xxxxxxxxxxxx, this one is some job)"),
    ],
)
def test_a_file_of_another_version_or_job_is_not_used(stopped, facts, said):
    file, _ = stopped(1)
    changed(file, **facts)
    found = find_progress(file, "some job")
    assert found.kept is None
    assert found.troubles[0].startswith(f"resume.pt {said}")


def test_a_file_that_cannot_be_opened_is_not_used(tmp_path):
    (tmp_path / RESUME).mkdir()
    assert find_progress(tmp_path / RESUME, "").troubles == ("resume.pt cannot be read (Is a directory)",)


def test_a_clock_that_was_set_back_changes_nothing(stopped):
    file, _ = stopped(3)
    os.utime(file, (0, 0))
    assert how_far(find_progress(file, "some job")) == "goes on after epoch 3 of 4"


def test_parts_that_do_not_fit_are_an_error_that_names_the_file(make_job, stopped):
    stopped(1)
    progress = make_job().progress
    with pytest.raises(TrainingError, match=r"kept in .*resume\.pt does not fit .*Delete that file and start"):
        progress.restore({"model": nn.Linear(2, 2)})
    with pytest.raises(TrainingError, match="does not fit this trainer's parts: 'network'"):
        progress.restore({"network": nn.Linear(2, 2)})


class Kept:
    """A part whose state is what it was given."""

    def __init__(self, value):
        self.value = value

    def state_dict(self):
        return {"value": self.value}

    def load_state_dict(self, state):
        self.value = state["value"]


@pytest.mark.parametrize("value", [np.ones(2), np.float64(1), random.Random(1)])
def test_a_state_that_could_not_be_read_back_is_refused_at_once(make_job, stopped, value, tmp_path):
    _, (report,) = stopped(1)
    (tmp_path / "mine").mkdir()
    with pytest.raises(TrainingError, match="Turn arrays of numpy into tensors, and its numbers into Python's"):
        kept_in(tmp_path / "mine").keep(report, {"part": Kept(value)})
    assert list((tmp_path / "mine").iterdir()) == []


def test_a_part_of_numbers_texts_and_lists_comes_back(stopped, tmp_path):
    _, (report,) = stopped(1)
    (tmp_path / "mine").mkdir()
    value = [1, 2.5, "three", None, {"four": (4, True)}]
    kept_in(tmp_path / "mine").keep(report, {"part": Kept(value)})
    part = Kept(None)
    assert kept_in(tmp_path / "mine").restore({"part": part}) == 1
    assert part.value == value


def test_a_disk_that_is_full_in_the_middle_stops_the_job_and_it_goes_on_later(make_job, drain):
    _, wanted = drain(fit(make_job("whole")))
    task = make_job()
    steps = fit(task)
    next(steps)
    room = (task.folder / RESUME).stat().st_size // 2
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))  # writing beyond it fails as on a full disk
    try:
        with pytest.raises(StorageError, match=r"Cannot write .*resume\.pt: File too large\."):
            next(steps)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [file.name for file in task.folder.iterdir()] == [RESUME]
    reports, got = drain(fit(make_job()))
    assert [report.epoch for report in reports] == [2, 3, 4]
    assert got.test.tobytes() == wanted.test.tobytes()


def test_what_a_killed_process_left_half_written_is_swept(make_job, stopped):
    file, _ = stopped(1)
    half = file.with_name(".resume.pt.ab12cd_x.pt")
    half.write_bytes(b"half")
    next(fit(make_job()))
    assert not half.exists()


def test_forgetting_deletes_all_that_was_kept(stopped):
    file, _ = stopped(2)
    file.with_name(".resume.pt.ab12cd_x.pt").touch()
    forget_progress(file)
    assert list(file.parent.iterdir()) == []
    forget_progress(file)


def test_what_cannot_be_deleted_is_an_error_that_says_so(tmp_path):
    (tmp_path / RESUME).mkdir()
    with pytest.raises(StorageError, match=r"Cannot delete .*resume\.pt: .*Choose a folder that can be written to"):
        forget_progress(tmp_path / RESUME)


def test_random_states_bring_every_generator_back():
    states = random_states()
    drawn = noise(), torch.rand(3).tolist()
    set_random_states(states)
    assert (noise(), torch.rand(3).tolist()) == drawn


@pytest.mark.parametrize(("last", "epoch"), [(None, 2), (3, 3)])
def test_the_best_weights_are_those_of_the_least_error_or_of_the_last_epoch(last, epoch):
    best, net = Best(last=last), nn.Linear(1, 1)
    for number, error in ((1, 5.0), (2, 4.0), (3, float("nan"))):
        nn.init.constant_(net.weight, number)
        best.offer(net, epoch=number, error=error)
    again = Best(last=last)
    again.load_state_dict(best.state_dict())
    assert (again.epoch, again.weights["weight"].item()) == (epoch, epoch)
