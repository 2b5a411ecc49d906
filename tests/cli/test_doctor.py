"""`ra-bench doctor`: every kind of trouble is found, with what mends it; without any the exit code is 0."""

from __future__ import annotations

import fcntl
import json
import shutil
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

from ra_bench.health import folders, installed, machine
from ra_bench.health.values import Part
from ra_bench.runs.records import FAILURE, JOB, RECORD, read_job, write_failure, write_job
from ra_bench.suite import plan, run
from ra_bench.training.progress_file import RESUME
from ra_bench.values import Failure

TORCH = Path(sys.executable)


@pytest.fixture(scope="module")
def finished(tmp_path_factory, tiny_suite, tiny_protocol, new_observer):
    """A folder in which one model was trained and one failed."""
    folder = tmp_path_factory.mktemp("runs")
    run(
        tiny_suite(folder),
        plan(tiny_suite(folder), models=["fifty", "raises"], dataset="tiny", protocol=str(tiny_protocol)),
        observers=new_observer(),
    )
    return folder


def said(part: Part) -> list[str]:
    return [problem.said for problem in part.problems]


def job_of(folder: Path, model: str) -> Path:
    (found,) = (folder / "runs").glob(f"*/{model}/*")
    return found


def test_a_machine_that_is_well_gives_exit_code_0(cli, monkeypatch):
    monkeypatch.setattr("ra_bench.health.look.look_at_torch", lambda: Part(name="torch", facts={"torch": "2.4"}))
    monkeypatch.setattr("ra_bench.health.look.look_at_memory", lambda: Part(name="machine", facts={"memory": 2**31}))
    monkeypatch.setattr("ra_bench.plugins._guests", list)  # whichever guests are here
    told = cli("doctor", "--data", "data")
    assert told.code == 0, told.out
    assert "  memory: 2.0 GiB\n" in told.out
    assert "  ra_bench.builtin (ra-bench 0.1.0): loaded\n" in told.out
    assert told.out.endswith("\nNothing is wrong.\n")


def test_json_holds_all_parts_and_nothing_else_is_printed(cli, finished, monkeypatch):
    monkeypatch.setattr("ra_bench.health.look.look_at_torch", lambda: Part(name="torch", facts={}))
    told = cli("doctor", "--json", "--runs", finished / "runs", "--boards", finished / "boards", "--data", finished)
    found = json.loads(told.out)
    names = [part["name"] for part in found["parts"]]
    assert (told.code, told.err, found["well"]) == (1, "", False)
    assert names == ["python", "torch", "machine", "folders", "stores", "runs", "plugins", "extras"]
    assert all(set(part) == {"name", "facts", "problems"} for part in found["parts"])


def test_nothing_is_written(cli, tmp_path, monkeypatch):
    monkeypatch.setattr("ra_bench.health.look.look_at_torch", lambda: Part(name="torch", facts={}))
    cli("doctor", "--data", "data")
    assert list(tmp_path.iterdir()) == []


def test_a_failed_job_is_told_with_its_kind_and_what_to_do(finished):
    part = folders.look_at_runs(finished / "runs")
    (failed,) = part.facts["failed"]
    assert (part.facts["finished"], failed["kind"], failed["tries"]) == (1, "raised", 1)
    (problem,) = part.problems
    assert problem.said == f"{job_of(finished, 'raises').relative_to(finished / 'runs')} failed (raised): " + str(
        failed["reason"]
    )
    assert problem.fix.endswith("Then: ra-bench run --retry-failed")


def test_a_failure_that_cannot_be_read_is_told(tmp_path):
    (tmp_path / "board" / "net" / "seed0").mkdir(parents=True)
    (tmp_path / "board" / "net" / "seed0" / FAILURE).write_text("{")
    assert said(folders.look_at_runs(tmp_path)) == [f"{tmp_path / 'board/net/seed0' / FAILURE} cannot be read."]


def test_a_job_that_was_stopped_is_told_but_not_while_a_run_is_at_work(finished, tmp_path):
    job = json.loads((job_of(finished, "fifty") / JOB).read_text())
    folder = tmp_path / "board" / "fifty" / "seed0"
    folder.mkdir(parents=True)
    (folder / JOB).write_text(json.dumps(job))
    (folder / RESUME).write_bytes(b"not what it should be\n")
    part = folders.look_at_runs(tmp_path)
    assert said(part) == ["board/fifty/seed0 was stopped in the middle."]
    assert "it starts afresh: resume.pt is damaged (its first line cannot be read)." in part.problems[0].fix
    with (tmp_path / "board" / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        part = folders.look_at_runs(tmp_path)
        assert (part.facts["at_work"], part.problems) == (["board"], ())
    assert folders.look_at_runs(tmp_path).facts["at_work"] == []


def test_a_record_that_cannot_be_read_is_told(tmp_path):
    (tmp_path / "board" / "net").mkdir(parents=True)
    (tmp_path / "board" / "net" / RECORD).write_text("{")
    (problem,) = folders.look_at_runs(tmp_path).problems
    assert problem.said == f"The record in {tmp_path / 'board' / 'net'} cannot be read."
    assert "Delete that folder and run again" in problem.fix


def test_what_a_killed_process_left_half_written_is_told(tmp_path):
    (tmp_path / "board" / "net").mkdir(parents=True)
    (tmp_path / "board" / "net" / ".record.json.abcd1234.json").write_text("{")
    (problem,) = folders.look_at_runs(tmp_path).problems
    assert problem.said.startswith("1 file was left half written by a process that was killed, such as ")


def test_a_damaged_store_is_told(finished, tmp_path):
    shutil.copytree(finished / "data" / "films", tmp_path / "films")
    (store,) = (tmp_path / "films").iterdir()
    assert folders.look_at_stores(tmp_path).problems == ()
    (store / "films.bin").write_bytes(b"")
    (problem,) = folders.look_at_stores(tmp_path).problems
    assert problem.said == f"The store {store.name} is damaged."
    assert problem.fix.startswith(f"ra-bench cohort cache {store.name} --prune.")


def test_a_store_of_another_version_is_told(tmp_path):
    (tmp_path / "films" / "hands-1x1-00000000").mkdir(parents=True)
    (problem,) = folders.look_at_stores(tmp_path).problems
    assert problem.said == "hands-1x1-00000000 (0 MB) is of another version of ra-bench: nothing opens it."


def test_a_file_in_place_of_a_folder_is_told(tmp_path):
    (tmp_path / "runs").write_text("")
    part = folders.look_at_folders(tmp_path / "runs" / "deep", tmp_path, tmp_path)
    assert said(part) == [f"{tmp_path / 'runs'} is no folder."]


def test_a_disk_that_is_nearly_full_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(folders, "_LITTLE_ROOM", 2**70)
    part = folders.look_at_folders(tmp_path, tmp_path, tmp_path)
    assert len(part.problems) == 3
    assert part.problems[0].fix.endswith("or give another folder: --runs.")


@pytest.fixture
def python(tmp_path):
    """A Python that answers what a test wants."""

    def answering(script):
        file = tmp_path / "python"
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)
        return str(file)

    return answering


@pytest.mark.parametrize(
    ("script", "why"),
    [
        (
            "echo 'ImportError: libcudart.so: no such file.' >&2; exit 1",
            "ImportError: libcudart.so: no such file",
        ),
        ("exit 139", "its process ended with exit code 139"),
        ("echo hello", "its answer cannot be read"),
    ],
)
def test_a_torch_that_is_broken_is_told(python, script, why):
    (problem,) = machine.look_at_torch(python(script)).problems
    assert problem.said.endswith(f" cannot be used: {why}.")
    assert problem.fix == "pip install --force-reinstall torch torchvision"


def test_a_torch_that_hangs_is_told(python, monkeypatch):
    monkeypatch.setattr(machine, "_PATIENCE", 0.2)
    (problem,) = machine.look_at_torch(python("exec sleep 5")).problems
    assert problem.said.endswith(" cannot be used: no answer in 0.2 seconds.")


def test_a_torch_that_is_missing_is_told(monkeypatch):
    monkeypatch.setattr(machine, "_version", lambda name: None)
    (problem,) = machine.look_at_torch().problems
    assert problem.said == "torch is not installed. Boards can be made; nothing can be trained."


ANSWER = '{"torch": "2.4.0", "threads": 4, "cuda": %s, "mps": false, "vision": "%s"}'


def test_a_torchvision_that_does_not_fit_is_told(python):
    part = machine.look_at_torch(python(f"echo '{ANSWER % ('[]', 'RuntimeError: operator torchvision::nms')}'"), [])
    assert said(part) == ["torchvision cannot be imported beside torch 2.4.0: RuntimeError: operator torchvision::nms."]


def test_a_gpu_that_torch_does_not_find_is_told(python, monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    answer = python(f"echo '{ANSWER % ('[]', '')}'")
    assert said(machine.look_at_torch(answer, [TORCH])) == ["There is a driver for a GPU, but torch 2.4.0 finds none."]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")  # somebody wants none
    assert said(machine.look_at_torch(answer, [TORCH])) == []


def test_gpus_are_told_with_their_memory(python):
    gpu = '[{"name": "H200", "free": 100, "total": 200}]'
    part = machine.look_at_torch(python(f"echo '{ANSWER % (gpu, '')}'"), [TORCH])
    assert part.facts["cuda"] == [{"name": "H200", "free": 100, "total": 200}]
    assert part.problems == ()


def test_little_memory_is_told(tmp_path):
    file = tmp_path / "meminfo"
    file.write_text("MemTotal: 2097152 kB\nMemAvailable: 524288 kB\n")
    part = machine.look_at_memory(file, tmp_path / "none")
    assert part.facts["available"] == 2**29
    assert said(part) == ["Only 512 MiB of memory are available."]


def test_little_shared_memory_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "_LITTLE_SHARED", 2**70)
    (problem,) = machine.look_at_memory(tmp_path / "none", tmp_path).problems
    assert "--shm-size=1g" in problem.fix


def test_what_is_missing_or_too_old_is_told(monkeypatch):
    monkeypatch.setattr(installed, "version", lambda name: "0.1" if name == "pluggy" else version(name))
    assert said(installed.look_at_python()) == ["pluggy 0.1: ra-bench needs >=1.5."]


def test_an_extra_that_is_missing_is_no_problem(monkeypatch):
    def without_openpyxl(name):
        if name == "openpyxl":
            raise PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr(installed, "version", without_openpyxl)
    part = installed.look_at_extras()
    assert part.facts["xlsx"] == "missing (openpyxl): pip install 'ra-bench[xlsx]'"
    assert part.problems == ()
    assert "dev" not in part.facts


def test_a_failure_is_told_with_its_advice_and_its_tries(finished, tmp_path):
    job = read_job(job_of(finished, "fifty"))
    folder = tmp_path / "board" / "net"
    folder.mkdir(parents=True)
    write_job(folder, job)
    write_failure(folder, Failure(job=job, reason="Out of memory.", log="", kind="memory", advice="Buy some.", tries=3))
    (problem,) = folders.look_at_runs(tmp_path).problems
    assert problem.said == "board/net failed (memory, 3 times in a row): Out of memory."
    assert problem.fix == "Buy some. Then: ra-bench run --retry-failed"


def test_a_job_that_cannot_be_read_is_told(tmp_path):
    (tmp_path / "board").mkdir()
    (tmp_path / "board" / JOB).write_text("{")
    (problem,) = folders.look_at_runs(tmp_path).problems
    assert "its job cannot be read: " in problem.fix
