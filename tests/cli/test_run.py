"""`ra-bench run` as a person runs it: a board, why anything runs, and every way in which it may be stopped."""

from __future__ import annotations

import json
import resource
import signal
import sys
import time
from pathlib import Path

import pytest

from ra_bench.runs.records import standing_records

linux = pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")


def test_a_run_in_which_a_model_failed_exits_with_1(first):
    assert first[1] == 1


def test_the_board_is_printed_at_the_end_with_the_failed_model_and_why(first):
    out = first[2]
    assert "tiny, protocol tiny, simulated cohort" in out
    assert "   1  forty " in out
    assert "\nraises (failed): RuntimeError: the net is torn\n" in out
    assert out.endswith("\nBoard: leaderboards/tiny-tiny/board.md\n")
    assert max(map(len, out.splitlines())) <= 80


def test_the_failed_model_and_its_log_are_named_on_stderr(first):
    folder, _, _, err = first
    assert "Failed: raises, seed 0: RuntimeError: the net is torn\n  Log: runs/tiny-tiny/raises/seed0-" in err
    log = err.rpartition("Log: ")[2].strip()
    assert (folder / log).is_file()
    assert "Traceback" not in err


def test_the_observer_in_a_plugin_file_heard_of_every_job(first):
    assert (first[0] / "heard.txt").read_text() == "fifty RunRecord\nforty RunRecord\nraises Failure\n"


def test_quiet_lines_tell_model_epoch_and_loss(first):
    err = first[3]
    assert "tiny: 12 training, 4 validation, 4 test films; protocol tiny. Jobs: 3 to do, 0 standing.\n" in err
    assert "forty: epoch 1/1, loss 1.000, validation RMSE 30.0\n" in err
    assert "raises: failed: RuntimeError: the net is torn\n" in err


def test_the_same_run_again_trains_only_what_failed(first, cli, monkeypatch, arguments):
    said = _in(first[0], cli, monkeypatch, *arguments, "fifty,forty,raises", "--explain")
    assert said.code == 0
    lines = said.out.splitlines()
    assert lines[0].startswith("fifty, seed 0: stands: runs/tiny-tiny/fifty/seed0-")
    assert "forty, seed 0: stands: runs/tiny-tiny/forty/seed0-" in said.out
    assert "raises, seed 0: runs: the last try failed: RuntimeError: the net is torn" in lines


def test_explain_names_the_key_of_the_protocol_that_changed(first, cli, monkeypatch, arguments, tiny_protocol):
    changed = first[0] / "changed.toml"
    changed.write_text(tiny_protocol.read_text().replace("batch_size = 4\nkeep", "batch_size = 6\nkeep"))
    wanted = [changed if word == tiny_protocol else word for word in arguments]
    said = _in(first[0], cli, monkeypatch, *wanted, "forty", "--explain")
    assert said.out == "forty, seed 0: runs: protocol key batch_size was 4, is 6\n"


def test_explain_says_nothing_of_a_key_that_the_record_is_too_old_to_have(first, cli, monkeypatch, arguments):
    changed, record = first[0] / "changed.toml", next(first[0].glob("runs/tiny-tiny/forty/*/record.json"))
    text = record.read_text()
    assert '"delta": 1.0' in text
    record.write_text(text.replace(',\n      "delta": 1.0', ""))
    wanted = [changed if str(word).endswith("tiny.toml") else word for word in arguments]
    said = _in(first[0], cli, monkeypatch, *wanted, "forty", "--explain")
    record.write_text(text)
    assert said.out == "forty, seed 0: runs: protocol key batch_size was 4, is 6\n"


def test_explain_says_that_the_source_of_the_plugin_changed(first, cli, monkeypatch, arguments, tiny_file):
    copy = first[0] / "tiny.py"
    copy.write_text(tiny_file.read_text() + "\n# changed\n")
    wanted = [copy if word == tiny_file else word for word in arguments]
    said = _in(first[0], cli, monkeypatch, *wanted, "forty", "--explain")
    assert "source of the plugin was " in said.out
    assert "source of the trainer was " in said.out


def test_explain_says_when_nothing_was_finished_yet_and_when_all_is_done_afresh(first, cli, monkeypatch, arguments):
    said = _in(first[0], cli, monkeypatch, *arguments, "tiny-net", "--explain")
    assert said.out == "tiny-net, seed 0: runs: no finished run of this model and seed yet\n"
    said = _in(first[0], cli, monkeypatch, *arguments, "forty", "--explain", "--afresh")
    assert said.out == "forty, seed 0: runs: asked to do it afresh\n"


def test_explain_writes_nothing(cli, tmp_path, arguments):
    assert cli(*arguments, "forty", "--explain").code == 0
    assert list(tmp_path.iterdir()) == []


def test_a_plugin_that_did_not_load_is_told_of(cli, tmp_path, monkeypatch, arguments):
    info = tmp_path / "site/ra_broken-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: ra-broken\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[ra_bench]\nbroken = no_such_module_anywhere\n")
    monkeypatch.syspath_prepend(tmp_path / "site")
    said = cli(*arguments, "forty", "--explain")
    assert said.code == 0
    assert "Plugin 'broken' (ra-broken 1) is failed: ModuleNotFoundError" in said.err


@pytest.mark.slow
def test_a_renderer_that_raises_stops_no_run_and_is_told_at_the_end(tmp_path, command, arguments):
    (tmp_path / "renders.py").write_text(
        "from ra_bench import RendererSpec, hookimpl\n@hookimpl\ndef register_renderers():\n"
        "    return [RendererSpec(name='torn', suffix='.txt', render=lambda board: 1 / 0)]\n"
    )
    process = command(tmp_path, *arguments, "forty,fifty", "-p", "renders.py")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Error: The renderer 'torn' cannot draw this board: ZeroDivisionError: division by zero\n" in err
    assert (tmp_path / "leaderboards/tiny-tiny/board.md").read_text().count("forty") > 0


@pytest.mark.slow
@linux
def test_ctrl_c_keeps_what_is_finished_and_leaves_no_worker(tmp_path, command, arguments):
    process, pids = _until_endless(tmp_path, command, arguments)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Stopped. What was finished is kept; the same command goes on from there." in err
    assert "Traceback" not in out + err
    assert _gone(pids, seconds=1)
    assert len(list(tmp_path.glob("runs/tiny-tiny/fifty/seed0-*/record.json"))) == 1
    board = json.loads((tmp_path / "leaderboards/tiny-tiny/board.json").read_text())
    kinds = {row["name"]: row["kind"] for row in board["rows"]}
    assert (kinds["fifty"], kinds["endless"]) == ("baseline", "waiting")
    assert [file.name for file in tmp_path.glob("**/.*") if not file.name.endswith(".lock")] == []


@pytest.mark.slow
@linux
def test_a_worker_does_not_outlive_a_parent_that_was_killed(tmp_path, command, arguments):
    process, pids = _until_endless(tmp_path, command, arguments)
    process.kill()
    process.communicate(timeout=30)
    assert _gone(pids, seconds=5)


@pytest.mark.slow
@linux
def test_a_worker_that_hangs_in_native_code_does_not_outlive_a_parent_that_was_killed(tmp_path, command, arguments):
    process = command(tmp_path, *arguments, "hangs")
    _wait(lambda: any("hangs\n" in file.read_text() for file in tmp_path.glob("runs/tiny-tiny/hangs/*/log.txt")))
    pids = _descendants(process.pid)
    assert len(pids) >= 2  # the worker, and what watches over it
    process.kill()
    process.communicate(timeout=30)
    assert _gone(pids, seconds=5)


@pytest.mark.slow
@linux
def test_ctrl_z_stops_the_workers_too_and_they_go_on_with_their_parent(tmp_path, command, arguments):
    process, pids = _until_endless(tmp_path, command, arguments)
    process.send_signal(signal.SIGTSTP)
    _wait(lambda: {_state(pid) for pid in (process.pid, *pids)} == {"T"})
    process.send_signal(signal.SIGCONT)
    _wait(lambda: "T" not in {_state(pid) for pid in (process.pid, *pids)})
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 130
    assert _gone(pids, seconds=2)


@pytest.mark.slow
@linux
def test_a_job_that_takes_longer_than_its_timeout_is_a_row_and_the_others_stand(tmp_path, command, arguments):
    process = command(tmp_path, *arguments, "fifty,endless", "--timeout", "5s")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "endless (failed): It took longer than --timeout 5s and was stopped. Run again," in out
    assert "Failed: endless, seed 0: It took longer than --timeout 5s and was stopped.\n  Run again, if" in err
    (file,) = tmp_path.glob("runs/tiny-tiny/endless/seed0-*/failure.json")
    kept = json.loads(file.read_text())
    assert (kept["kind"], kept["tries"]) == ("timeout", 1)
    assert (tmp_path / kept["log"]).samefile(file.with_name("log.txt"))
    assert kept["ended"].endswith("+00:00")
    assert len(list(tmp_path.glob("runs/tiny-tiny/fifty/seed0-*/record.json"))) == 1


@pytest.mark.slow
@linux
def test_a_second_run_in_the_same_folder_says_so_and_exits_with_1(tmp_path, command, arguments):
    process, _ = _until_endless(tmp_path, command, arguments)
    second = command(tmp_path, *arguments, "forty")
    out, err = second.communicate(timeout=60)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert (second.returncode, out) == (1, "")
    assert "Error: Another run is working in runs/tiny-tiny. Wait until it ends, or give this one folders of" in err


@pytest.mark.slow
@linux
@pytest.mark.parametrize(
    ("model", "room", "message"),
    [
        ("forty", 500, "Error: Cannot write leaderboards/tiny-tiny/board.json: File too large."),
        ("chatty", 60_000, "Failed: chatty, seed 0: OSError: [Errno 27] File too large"),
    ],
)
def test_a_full_disk_is_one_sentence_and_nothing_is_half_written(
    first, tmp_path, command, arguments, model, room, message
):
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))  # writing beyond it fails as on a full disk

    (tmp_path / "data").symlink_to(first[0] / "data")
    process = command(tmp_path, *arguments, model, preexec_fn=limit)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert message in err
    assert "Traceback" not in err
    assert standing_records(tmp_path / "runs") == ([], [])
    assert [file.name for file in tmp_path.glob("**/.*") if not file.name.endswith(".lock")] == []


def _in(folder, cli, monkeypatch, *arguments):
    monkeypatch.chdir(folder)
    monkeypatch.setenv("RA_BENCH_DATA", str(folder / "data"))
    return cli(*arguments)


def _until_endless(folder, command, arguments):
    """A run that works on the model that never ends: its process, and the ids of its worker and the worker's child."""
    process = command(folder, *arguments, "fifty,endless")
    for _ in range(600):
        if found := [file for file in folder.glob("runs/tiny-tiny/endless/seed0-*/pids") if file.read_text()]:
            return process, [int(number) for number in found[0].read_text().split()]
        assert process.poll() is None, process.communicate()
        time.sleep(0.1)
    raise AssertionError("the run did not start within a minute")


def _gone(pids, seconds):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not any(map(_alive, pids)):
            return True
        time.sleep(0.1)
    return not any(map(_alive, pids))


def _alive(pid):
    return _state(pid) not in {"Z", ""}


def _state(pid):
    """A letter on what a process does, such as T for stopped; none if it is no more."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _descendants(pid):
    children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [found for child in children for found in (child, *_descendants(child))]


def _wait(comes):
    deadline = time.monotonic() + 60
    while not comes():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.slow
def test_half_precision_has_a_board_of_its_own_that_says_how_it_was_made(tmp_path, command, arguments):
    options = ["--precision", "bf16", "--compile", "--fit-batch"]
    out, _ = command(tmp_path, *arguments, "fifty", *options).communicate(timeout=120)
    assert "Board: leaderboards/tiny-tiny-bf16-compile-fit-batch/board.md" in out
    board = (tmp_path / "leaderboards/tiny-tiny-bf16-compile-fit-batch/board.md").read_text()
    assert (
        "ra-bench run --models all --dataset tiny --protocol PATH/tiny.toml --precision bf16 --compile --fit-bat"
        in board
    )
