"""A run that is watched: curves for TensorBoard, and a terminal that is left as it was found."""

from __future__ import annotations

import os
import signal
import sys

import pytest

from ra_bench.runs.records import standing_records


def events(folder):
    return sorted(file.relative_to(folder).parts[:-1] for file in folder.rglob("events.out.tfevents.*"))


@pytest.fixture(scope="module")
def tensorboard():
    return pytest.importorskip("tensorboard", reason="the extra tensorboard is not installed")


def test_a_run_with_curves_has_them_and_the_results_of_one_without(first, cli, arguments, tmp_path, tensorboard):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    assert cli(*arguments, "forty", "--tensorboard").code == 0
    (record,), _ = standing_records(tmp_path / "runs/tiny-tiny")
    without = next(each for each in standing_records(first[0] / "runs/tiny-tiny")[0] if each.job == record.job)
    assert (record.predictions, record.history) == (without.predictions, without.history)
    (folder,) = (tmp_path / "runs/tensorboard/tiny-tiny/forty").iterdir()
    found = EventAccumulator(str(folder))
    found.Reload()
    points = [(each.step, each.value) for each in found.Scalars("training/validation_rmse")]
    assert points == [(each.epoch, each.validation_rmse) for each in record.history]


def test_curves_go_where_one_says(cli, arguments, tmp_path, tensorboard):
    assert cli(*arguments, "forty", "--tensorboard", "curves").code == 0
    assert [parts[:2] for parts in events(tmp_path / "curves")] == [("tiny-tiny", "forty")]


def test_jobs_that_stand_are_drawn_when_curves_are_asked_for_later(cli, arguments, tmp_path, tensorboard):
    cli(*arguments, "forty")
    assert cli(*arguments, "forty", "--tensorboard").code == 0
    assert len(events(tmp_path / "runs/tensorboard")) == 1


def test_to_explain_draws_nothing(cli, arguments, tmp_path, tensorboard):
    assert cli(*arguments, "forty", "--tensorboard", "--explain").code == 0
    assert not (tmp_path / "runs/tensorboard").exists()


def test_without_tensorboard_nothing_is_trained(cli, arguments, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    said = cli(*arguments, "forty", "--tensorboard")
    assert said.code == 1
    assert "Install it: pip install 'ra-bench[tensorboard]'" in said.err
    assert not (tmp_path / "runs").exists()


def test_a_folder_that_cannot_be_made_is_told_before_anything_is_trained(cli, arguments, tmp_path, tensorboard):
    (tmp_path / "taken").write_text("")
    said = cli(*arguments, "forty", "--tensorboard", "taken")
    assert said.code == 1
    assert "taken" in said.err
    assert not (tmp_path / "runs").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="opens a terminal of Linux")
def test_after_ctrl_c_the_terminal_shows_its_cursor_again(command, arguments, tmp_path):
    ours, theirs = os.openpty()
    live = [each for each in arguments if each != "-q"]
    process = command(tmp_path, *live, "endless", stderr=theirs, env={"TERM": "xterm"})
    os.close(theirs)
    said = b""
    while b"running" not in said:
        said += os.read(ours, 65536)
    process.send_signal(signal.SIGINT)
    try:
        while more := os.read(ours, 65536):
            said += more
    except OSError:  # it has gone
        pass
    assert process.wait(timeout=60) == 130
    process.stdout.close()
    os.close(ours)
    assert b"\x1b[?25l" in said
    assert b"\x1b[?25l" not in said.rpartition(b"\x1b[?25h")[2]
