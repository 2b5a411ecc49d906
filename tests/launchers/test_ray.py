"""The Ray launcher: on a real cluster of two nodes, one of which is killed in the middle, and then the head."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from ra_bench.errors import LauncherError
from ra_bench.launchers import ray, ray_driver
from ra_bench.launchers.errand import cores_a_job, do_errand, errand_of
from ra_bench.runs.failures import failure_of_node, failure_of_node_memory, is_settled
from ra_bench.runs.records import read_record, standing_records, write_files, write_record
from ra_bench.runs.work import JobWork, Workplace
from ra_bench.suite import BUILTINS, plan, rebuild_boards
from ra_bench.values import Failure

FILES = Path(__file__).parent.parent / "plugin_files"
GATED = FILES / "gated.py"


@dataclass(frozen=True)
class Told:
    """How a command ended, what it said, and what was still at work then."""

    code: int
    err: str
    left: tuple[int, ...]


@dataclass(frozen=True)
class Story:
    """One cluster, and what came of four runs on it, in this order; the folder of each is named like it."""

    folder: Path
    lost_node: Told
    no_room: Told
    stopped: Told
    lost_head: Told


@pytest.fixture(scope="module")
def story(tmp_path_factory, command, tiny_file, tiny_protocol):
    folder = tmp_path_factory.mktemp("ray")
    shared = ["run", "-q", "-p", tiny_file, "-p", GATED, "--dataset", "tiny", "--protocol", tiny_protocol]
    cluster = subprocess.Popen(
        [sys.executable, Path(__file__).with_name("two_nodes.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
        env={**os.environ, "GATE": str(folder), "RAY_USAGE_STATS_ENABLED": "0", "OMP_NUM_THREADS": "1"},
    )
    address = cluster.stdout.readline().strip()

    def start(name, models, **env):
        (folder / name).mkdir()
        wanted = [*shared, "--models", models, "--launcher", "ray"]
        return command(folder / name, *wanted, env={"RAY_ADDRESS": address, "OMP_NUM_THREADS": "1", **env})

    def kill(node):
        cluster.stdin.write(f"kill {node}\n")
        cluster.stdin.flush()
        assert cluster.stdout.readline() == "done\n"

    try:
        process = start("lost_node", "forty,fifty,raises,gated-one,gated-two,free-one,free-two")
        _begun(folder, 2, process)
        kill("second")
        (folder / "open").touch()
        lost_node = _ended(process)
        no_room = _ended(start("no_room", "forty", OMP_NUM_THREADS="99"))
        pids = _shut(folder)
        process = start("stopped", "free-one,gated-one")
        pids = _begun(folder, 1, process)
        process.send_signal(signal.SIGINT)
        stopped = _ended(process, pids)
        _shut(folder)
        process = start("lost_head", "free-one,gated-one", RAY_gcs_rpc_server_reconnect_timeout_s="2")
        _begun(folder, 1, process)
        kill("head")
        lost_head = _ended(process)
        yield Story(folder=folder, lost_node=lost_node, no_room=no_room, stopped=stopped, lost_head=lost_head)
    finally:
        cluster.stdin.close()
        cluster.wait(60)
        cluster.stdout.close()


def _begun(folder, count, process):
    """Wait for jobs to begin; their processes."""
    until = time.monotonic() + 300
    while len(found := list(folder.glob("gated-*-*"))) < count:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.1)
    return tuple(int(file.name.rpartition("-")[2]) for file in found)


def _shut(folder):
    """Shut the gate, and forget who stood before it."""
    for file in [*folder.glob("gated-*-*"), folder / "open"]:
        file.unlink(missing_ok=True)


def _ended(process, pids=()):
    _, err = process.communicate(timeout=300)
    until = time.monotonic() + 15
    while (left := tuple(pid for pid in pids if Path(f"/proc/{pid}").exists())) and time.monotonic() < until:
        time.sleep(0.1)
    return Told(code=process.returncode, err=err, left=left)


def _every_record_arrives_though_a_node_is_killed_and_the_user_is_told(story):
    assert story.lost_node.code == 1  # one model raises
    records, broken = standing_records(story.folder / "lost_node/runs")
    assert broken == []
    assert sorted(record.job.model for record in records) == [
        "fifty", "forty", "free-one", "free-two", "gated-one", "gated-two"
    ]  # fmt: skip
    assert ": the machine '" in story.lost_node.err
    assert "was lost (" in story.lost_node.err
    assert "the job is done again elsewhere." in story.lost_node.err
    assert "raises: failed: RuntimeError: the net is torn\n" in story.lost_node.err


@pytest.fixture(scope="module")
def locally(story, command, tiny_file, tiny_protocol):
    """The same run on this machine alone."""
    folder = story.folder / "locally"
    folder.mkdir()
    (story.folder / "open").touch()
    process = command(
        folder,
        *["run", "-q", "-p", tiny_file, "-p", GATED, "--dataset", "tiny", "--protocol", tiny_protocol],
        *["--models", "forty,fifty,raises,gated-one,gated-two,free-one,free-two"],
        env={"GATE": str(story.folder), "OMP_NUM_THREADS": "1"},
    )
    assert _ended(process).code == 1
    return folder


def _the_files_of_a_job_are_those_of_the_local_launcher(story, locally):
    names = [
        sorted(str(file.relative_to(folder)) for file in folder.glob("runs/*/*/*/*"))
        for folder in (story.folder / "lost_node", locally)
    ]
    assert names[0] == names[1]
    predictions = [
        {file.relative_to(folder): file.read_bytes() for file in folder.glob("runs/*/*/*/predictions.csv")}
        for folder in (story.folder / "lost_node", locally)
    ]
    assert predictions[0] == predictions[1]
    assert len(predictions[0]) == 6


def _the_board_is_that_of_the_local_launcher_byte_for_byte_but_for_costs(story, locally, tiny_suite):
    boards = []
    for folder in (story.folder / "lost_node", locally):
        for record in (folder / "leaderboards").glob("*/records/*"):
            found = read_record(record)
            write_record(record, replace(found, seconds=1.0, peak_memory=2**30, finished="2020-02-02T02:02:02+00:00"))
        list(rebuild_boards(tiny_suite(folder, boards=folder / "leaderboards")))
        files = [file for file in (folder / "leaderboards").rglob("*") if file.is_file()]
        boards.append({file.relative_to(folder): file.read_bytes() for file in files})
    assert boards[0] == boards[1]
    assert len(boards[0]) == 3 + 6 * 4


def _what_no_node_has_is_told_at_once(story):
    assert story.no_room.code == 1
    assert (
        "Error: No node of the Ray cluster has what a job needs: 99 core(s) and 0 GPU(s). The nodes have: 1 and 0"
    ) in story.no_room.err
    assert (
        "What was finished is kept. Add a node, lower OMP_NUM_THREADS, or choose --device cpu.\n" in story.no_room.err
    )


def _ctrl_c_cancels_what_is_at_work_and_keeps_what_is_finished(story):
    assert story.stopped.code == 130
    assert "Stopped. What was finished is kept; the same command goes on from there." in story.stopped.err
    assert "Traceback" not in story.stopped.err
    assert story.stopped.left == ()
    records, _ = standing_records(story.folder / "stopped/runs")
    assert [record.job.model for record in records] == ["free-one"]
    board = json.loads((story.folder / "stopped/leaderboards/tiny-tiny/board.json").read_text())
    assert {row["name"]: row["kind"] for row in board["rows"]}["gated-one"] == "waiting"


def _a_head_that_is_gone_is_told_and_what_is_finished_is_kept(story):
    assert story.lost_head.code == 1
    assert "Error: The Ray cluster (" in story.lost_head.err
    assert (
        ") is gone: its head does not answer any more. What was finished is kept. Start the head" in story.lost_head.err
    )
    assert "Traceback" not in story.lost_head.err
    (log,) = (story.folder / "lost_head").glob("runs/tiny-tiny/ray.log")
    assert str(log) in story.lost_head.err
    assert len(standing_records(story.folder / "lost_head/runs")[0]) == 1


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
def test_a_run_on_a_cluster_ends_as_here_whatever_is_killed(story, locally, tiny_suite):
    """One test for one story: tests that are dealt out to several workers would start a cluster each."""
    _every_record_arrives_though_a_node_is_killed_and_the_user_is_told(story)
    _the_files_of_a_job_are_those_of_the_local_launcher(story, locally)
    _the_board_is_that_of_the_local_launcher_byte_for_byte_but_for_costs(story, locally, tiny_suite)
    _what_no_node_has_is_told_at_once(story)
    _ctrl_c_cancels_what_is_at_work_and_keeps_what_is_finished(story)
    _a_head_that_is_gone_is_told_and_what_is_finished_is_kept(story)


@pytest.mark.slow
def test_a_head_that_does_not_answer_is_told_within_seconds(tmp_path, command, tiny_file, tiny_protocol):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # taken, and not listened at
        address = f"127.0.0.1:{nobody.getsockname()[1]}"
        wanted = ["run", "-q", "-p", tiny_file, "--dataset", "tiny", "--protocol", tiny_protocol, "--launcher", "ray"]
        process = command(tmp_path, *wanted, "--models", "forty", env={"RAY_ADDRESS": address})
        _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert f"Error: Cannot reach Ray at {address}: [Errno " in err
    assert "start it with 'ray start --head', or unset RAY_ADDRESS to start Ray on this machine." in err
    assert "Traceback" not in err


def test_a_client_from_outside_the_cluster_is_refused(monkeypatch):
    monkeypatch.setenv("RAY_ADDRESS", "ray://head:10001")
    with pytest.raises(LauncherError, match=r"RAY_ADDRESS is ray://head:10001.* with RAY_ADDRESS=auto\."):
        ray_driver._cluster().__enter__()


@pytest.fixture
def work(tmp_path, tiny_suite, tiny_protocol):
    """The work of a plan, and its one job."""
    suite = tiny_suite(tmp_path)

    def make(model):
        wanted = plan(suite, models=[model], dataset="tiny", protocol=str(tiny_protocol))
        workplace = Workplace(
            runs=suite.runs,
            data=suite.data,
            dataset="tiny",
            device="cpu",
            protocol=wanted.protocol,
            folds=None,
            builtins=BUILTINS,
            plugin_files=suite.plugin_files,
        )
        return JobWork(workplace=workplace), wanted.jobs[0].job

    return make


def errand(work, **changes):
    return errand_of(replace(work, workplace=replace(work.workplace, **changes)), "ray")


def test_without_ray_the_package_to_install_is_named(work, monkeypatch, new_observer):
    made, job = work("forty")
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(LauncherError, match=r"needs the package ray\. Install it: pip install 'ra-bench\[ray\]'"):
        list(ray.launch([job], made, new_observer()))


def test_work_that_no_node_can_set_up_is_refused(work, new_observer):
    with pytest.raises(LauncherError, match=r"does only jobs of 'ra_bench\.suite\.run', which other machines can"):
        list(ray.launch([work("forty")[1]], lambda job, on_epoch: None, new_observer()))


@pytest.mark.parametrize(("said", "cores"), [("", 1), ("4", 4), ("0", 1), ("many", 1)])
def test_a_job_is_given_as_many_cores_as_it_is_to_have_threads(monkeypatch, said, cores):
    monkeypatch.setenv("OMP_NUM_THREADS", said)
    assert cores_a_job() == cores


def test_a_node_does_a_job_in_a_folder_of_its_own_and_gives_its_files_back(work, tmp_path, monkeypatch):
    (tmp_path / "scratch").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "scratch"))
    made, job = work("forty")
    epochs = []
    record, files = do_errand(errand(made), job, epochs.append)
    assert [report.epoch for report in epochs] == [1]
    assert sorted(files) == ["history.csv", "job.json", "log.txt", "predictions.csv", "record.json", "validation.csv"]
    assert not made.workplace.runs.exists()
    assert list((tmp_path / "scratch").iterdir()) == []
    write_files(tmp_path / "back", files)
    assert read_record(tmp_path / "back") == record


def test_a_job_that_fails_on_a_node_gives_its_reason_and_its_log_back(work):
    made, job = work("raises")
    failure, files = do_errand(errand(made), job, print)
    assert (failure.reason, failure.kind) == ("RuntimeError: the net is torn", "raised")
    assert b"raise RuntimeError" in files["log.txt"]
    assert "record.json" not in files


def _said(made, job):
    failure, files = do_errand(made, job, print)
    assert isinstance(failure, Failure)
    assert (failure.kind, files) == ("refused", {})
    return failure.reason


def test_a_node_without_the_films_says_so(work, tmp_path):
    made, job = work("forty")
    said = _said(errand(made, dataset=str(tmp_path / "cohort.toml")), job)
    assert said.startswith(
        f"The machine '{socket.gethostname()}' has no file {tmp_path / 'cohort.toml'}. Put the films"
    )


def test_a_node_without_the_plugin_says_so(work):
    made, job = work("forty")
    said = _said(replace(errand(made), plugins=()), job)
    assert f"The machine '{socket.gethostname()}' lacks something: No model named 'forty'." in said


def test_a_node_with_another_version_of_the_plugin_says_so(work):
    made, job = work("forty")
    ((name, text),) = errand(made).plugins
    said = _said(replace(errand(made), plugins=((name, text + "\n# changed\n"),)), job)
    assert f"The machine '{socket.gethostname()}' has another source of " in said
    assert said.endswith("Install the same packages on all machines.")


def test_a_node_with_another_cohort_says_so(work):
    made, job = work("forty")
    said = _said(errand(made), replace(job, cohort="two"))
    assert "has version one of the cohort 'tiny', and the run is of version two. Put the same films" in said


def test_what_a_node_does_to_a_job_says_nothing_about_the_next_try(work):
    _, job = work("forty")
    lost, memory = failure_of_node(job, 3, "the machine 'x'"), failure_of_node_memory(job, "the machine 'x'")
    assert lost.reason == "3 machines were lost while they did it, the last one: the machine 'x'."
    assert memory.reason == "The memory of the machine 'x' ran low, and Ray's memory monitor ended the job."
    assert not is_settled(replace(lost, tries=9))
    assert not is_settled(replace(memory, tries=9))
