"""Several machines for one job. Here they are processes on one machine, with folders of their own."""

from __future__ import annotations

import signal
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from ra_bench.errors import LauncherError
from ra_bench.runs import nodes
from ra_bench.runs.nodes import end, meet
from ra_bench.runs.records import read_record
from ra_bench.training.progress_file import CHECKPOINT

linux = pytest.mark.skipif(sys.platform != "linux", reason="ends with its parent by what Linux has")

#: Seconds that a whole run may take where others compute too.
PATIENCE = 300
#: Seconds in which a machine must tell that another was killed: a failed process stays 2, and 10 are waited for a sign
#: of life; the rest is for a machine on which others compute.
SOON = 60


@pytest.fixture
def port():
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return trial.getsockname()[1]


@pytest.fixture
def meeting(port):
    """What `count` machines come to that meet with these cards: lines, which are ended, or errors."""
    lines = []

    def call(*cards, count=2, patience=20.0):
        def come(card):
            try:
                return meet("127.0.0.1", port, count, card, patience=patience, say=lambda said: None)
            except LauncherError as error:
                return error

        with ThreadPoolExecutor() as pool:
            came = list(pool.map(come, cards))
        lines.extend(each for each in came if not isinstance(each, LauncherError))
        return came

    yield call
    for line in sorted(lines, key=lambda line: -line.node.rank):
        end(line, "")


def test_machines_that_were_told_the_same_meet_and_are_numbered(meeting):
    lines = meeting({"a": "1"}, {"a": "1"}, {"a": "1"}, count=3)
    assert sorted(line.node.rank for line in lines) == [0, 1, 2]
    assert {line.node.count for line in lines} == {3}
    first, second = sorted(lines, key=lambda line: line.node.rank)[:2]
    first.say("word", "hello")
    assert second.wait("other", "word") == ("word", "hello")
    assert [line.lost() for line in lines] == [None, None, None]


def test_what_differs_between_machines_is_named_on_both(meeting):
    first, second = meeting(
        {"--devices": "2", "split": "s", "same": "x"}, {"--devices": "4", "split": "t", "same": "x"}
    )
    assert str(first) == str(second)
    assert "does not do what the first does." in str(first)
    shown = {"--devices: 2 there, 4 here", "--devices: 4 there, 2 here"}  # whoever came first
    assert sum(part in str(first) for part in shown) == 1
    assert "split: " in str(first)
    assert "same" not in str(first).replace("the same command, with the same packages", "")


def test_machines_that_do_not_come_are_waited_for_so_long(meeting):
    started = time.monotonic()
    (alone,) = meeting({}, patience=1.0)
    assert time.monotonic() - started < 15
    assert "1 of 2 machines came to 127.0.0.1:" in str(alone)
    assert "in 1 seconds. Start the same command on the others" in str(alone)


def test_an_address_of_another_machine_that_does_not_answer_is_named():
    with pytest.raises(LauncherError, match=r"Nobody answered at nowhere\.invalid:29400 in 0\.5 seconds: "):
        meet("nowhere.invalid", 29400, 2, {}, patience=0.5, say=lambda said: None)


def test_a_port_that_something_else_has_is_said(port, monkeypatch):
    monkeypatch.setattr(nodes, "LOST", 1.0)
    with socket.create_server(("127.0.0.1", port)), pytest.raises(LauncherError, match=r"is no run of ra-bench that"):
        meet("127.0.0.1", port, 2, {}, patience=5.0, say=lambda said: None)


@pytest.mark.slow
def test_a_machine_that_falls_silent_is_lost(meeting, monkeypatch):
    first, second = sorted(meeting({}, {}), key=lambda line: line.node.rank)
    first.wait("life/1")
    monkeypatch.setattr(nodes, "LOST", 3.0)
    monkeypatch.setattr(second, "_live", lambda: None)  # as if its plug had been pulled
    with pytest.raises(LauncherError, match=r"Machine 2 of 2 ended or was lost\. Start the same command on all"):
        first.wait("never said", until=time.monotonic() + 30)


def test_a_machine_that_ends_is_lost_at_once_and_so_is_the_first(meeting):
    first, second = sorted(meeting({}, {}), key=lambda line: line.node.rank)
    first.wait("life/1")
    until(lambda: first.lost() is None and first._heard, 10)
    end(second, "")
    until(lambda: first.lost() == 1, 10)


@pytest.fixture
def started(tmp_path, command, tiny_file, port):
    """Start a run on a machine, which is a folder of its own."""
    processes = []

    def call(machine, model, protocol, *options, count=2):
        folder = tmp_path / machine
        folder.mkdir(exist_ok=True)
        meeting = ["--nodes", count, "--rdzv-endpoint", f"127.0.0.1:{port}", "--rdzv-timeout", "120s"] * (count > 1)
        what = ["--models", model, "--dataset", "tiny", "--protocol", protocol, "--device", "cpu"]
        # One machine of two processes would have half the threads a process of two machines of one: other last digits.
        one_thread = {"OMP_NUM_THREADS": "1"}
        process = command(folder, "run", *what, *meeting, *options, "-q", "-p", tiny_file, env=one_thread)
        processes.append(process)
        if machine == "first":
            listening(port)
        return folder, process

    yield call
    for process in processes:
        process.kill()
        process.communicate()


@pytest.mark.slow
def test_a_job_of_two_machines_comes_to_the_weights_of_one_and_is_recorded_once(started, longer_protocol):
    here, first = started("first", "plain,fifty", longer_protocol)
    there, second = started("second", "plain,fifty", longer_protocol)
    _, single = started("single", "plain", longer_protocol, count=1)
    out, err = first.communicate(timeout=PATIENCE)
    assert (first.returncode, second.wait(60), single.wait(PATIENCE)) == (0, 0, 0), err + second.stderr.read()
    assert "plain: epoch 4/4" in err
    assert "plain" in out
    assert not list(there.glob("runs")) + list(there.glob("leaderboards"))
    (both,), (one,) = here.glob("runs/*/plain/*"), (here.parent / "single").glob("runs/*/plain/*")
    assert (read_record(both).devices, read_record(one).devices) == (2, 1)
    assert read_record(next(here.glob("runs/*/fifty/*"))).devices == 1
    wanted, found = (torch.load(folder / CHECKPOINT, weights_only=True)["weights"] for folder in (one, both))
    torch.testing.assert_close(found, wanted, rtol=1e-3, atol=2e-5)
    assert read_record(both).predictions.predicted == pytest.approx(read_record(one).predictions.predicted, rel=1e-3)


@linux
@pytest.mark.slow
def test_a_machine_that_is_killed_ends_the_run_and_the_same_command_goes_on_to_the_same_bits(started, longer_protocol):
    _, whole = started("whole", "restless", longer_protocol, "--devices", 2, count=1)
    assert whole.wait(PATIENCE) == 0, whole.stderr.read()
    here, first = started("first", "restless", longer_protocol)
    _, second = started("second", "restless", longer_protocol)
    until(lambda: list(here.glob("runs/*/restless/*/resume.pt")), PATIENCE)
    second.kill()
    _, err = first.communicate(timeout=SOON)
    assert first.returncode == 1
    assert "Failed: restless, seed 0: Machine 2 of 2 ended or was lost. Start the same command on all" in err
    assert "Traceback" not in err
    _, first = started("first", "restless", longer_protocol)
    _, second = started("second", "restless", longer_protocol)
    assert (first.wait(PATIENCE), second.wait(60)) == (0, 0), first.stderr.read() + second.stderr.read()
    (job,) = here.glob("runs/*/restless/*")
    assert "going on after epoch" in (job / "log.txt").read_text()
    (alone,) = (here.parent / "whole").glob("runs/*/restless/*")
    assert read_record(job).predictions == read_record(alone).predictions
    assert not list(here.parent.glob("*/data/pretrained/*resume*"))


@linux
@pytest.mark.slow
@pytest.mark.parametrize(
    ("how", "said"),
    [
        (
            signal.SIGKILL,
            ", ended or was lost. Start the same command on all machines again: what was finished is kept",
        ),
        (signal.SIGINT, "Error: The first machine ended the run: it was stopped"),
    ],
)
def test_the_others_end_when_the_first_machine_does(started, longer_protocol, how, said):
    here, first = started("first", "restless", longer_protocol)
    _, second = started("second", "restless", longer_protocol)
    until(lambda: list(here.glob("data/pretrained/*.resume.pt")), PATIENCE)
    first.send_signal(how)
    _, err = second.communicate(timeout=SOON)
    assert second.returncode == 1
    assert said in err
    assert "Traceback" not in err.rpartition("Error: ")[2]


@pytest.mark.slow
def test_what_fails_on_another_machine_is_told_on_the_first(started, tiny_protocol):
    _, first = started("first", "second-raises", tiny_protocol)
    _, second = started("second", "second-raises", tiny_protocol)
    _, err = first.communicate(timeout=PATIENCE)
    assert (first.returncode, second.wait(60)) == (1, 1)
    assert f"Failed: second-raises, seed 0: On '{socket.gethostname()}': LookupError: not in this process" in err


@pytest.mark.slow
def test_machines_that_were_given_different_commands_say_what_differs_and_write_nothing(started, tiny_protocol):
    here, first = started("first", "plain", tiny_protocol)
    _, second = started("second", "plain,tiny-net", tiny_protocol, "--devices", "1", "--seeds", "7")
    said = [process.communicate(timeout=PATIENCE)[1].rpartition("Error: ")[2] for process in (first, second)]
    assert (first.returncode, second.returncode) == (1, 1)
    assert said[0] == said[1]
    assert said[0].endswith(
        "models: plain there, tiny-net, plain here; seeds: 0 there, 7 here; jobs: 1 there, 2 here. "
        "Give the same command, with the same packages and films.\n"
    )
    assert not list(here.glob("runs")) + list(here.glob("leaderboards"))


def listening(port):
    """Wait until somebody listens at a port."""

    def answers():
        with socket.socket() as trial:
            return trial.connect_ex(("127.0.0.1", port)) == 0

    until(answers, PATIENCE)


def until(happened, seconds):
    limit = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < limit
        time.sleep(0.02)
