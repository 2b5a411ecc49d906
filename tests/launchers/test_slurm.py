"""The Slurm launcher: what can be told without Slurm everywhere, the rest where there is one."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from multiprocessing import get_context
from pathlib import Path

import pytest

from ra_bench.errors import LauncherError
from ra_bench.launchers import slurm
from ra_bench.launchers.errand import errand_of
from ra_bench.runs.records import read_files, read_record, standing_records
from ra_bench.runs.work import JobWork, Workplace
from ra_bench.suite import BUILTINS, open_suite, plan, run

GATED = Path(__file__).parent.parent / "plugin_files" / "gated.py"


def _nodes():
    """How many nodes are ready, of the Slurm that is reached from here."""
    if shutil.which("sinfo") is None:
        return 0
    asked = ["sinfo", "--noheader", "--Node", "--states=idle,mix,alloc", "--format=%N"]
    return len(set(subprocess.run(asked, capture_output=True, text=True, check=False).stdout.split()))


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """How many nodes the Slurm of this machine has; where there is none, two are made for these tests."""
    if there := _nodes():
        yield there
        return
    folder = tmp_path_factory.mktemp("slurm")
    program = [sys.executable, Path(__file__).with_name("two_slurm_nodes.py"), folder]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen(program, text=True, **pipes) as process, pytest.MonkeyPatch.context() as patch:
        settings = process.stdout.readline().strip()
        if not settings:
            pytest.skip(f"no Slurm here: {process.stderr.read()}")
        patch.setenv("SLURM_CONF", settings)
        until = time.monotonic() + 60
        while _nodes() < 2:
            if time.monotonic() > until:
                said = "\n".join(file.read_text(errors="replace")[-1000:] for file in sorted(folder.glob("*.log")))
                pytest.skip(f"no Slurm here: two nodes were started and are not ready:\n{said}")
            time.sleep(0.2)
        yield 2


@pytest.fixture
def planned(tmp_path, tiny_suite, tiny_protocol):
    def make(*models):
        suite = tiny_suite(tmp_path)
        return suite, plan(suite, models=models, dataset="tiny", protocol=str(tiny_protocol))

    return make


@pytest.fixture
def work(planned):
    """The work of a plan, and its one job."""
    return work_of(*planned("forty"))


def work_of(suite, wanted):
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


def test_without_submitit_the_package_to_install_is_named(work, monkeypatch, new_observer):
    made, job = work
    monkeypatch.setitem(sys.modules, "submitit", None)
    with pytest.raises(LauncherError, match=r"the package submitit\. Install it: pip install 'ra-bench\[slurm\]'"):
        list(slurm.launch([job], made, new_observer()))


def test_without_slurm_the_user_is_told_where_to_start(work, monkeypatch, new_observer):
    made, job = work
    monkeypatch.setenv("PATH", "")
    with pytest.raises(LauncherError, match=r"there is no 'sbatch' here\. Start the run on a machine where you would"):
        list(slurm.launch([job], made, new_observer()))


def test_a_job_on_a_machine_says_where_it_is_and_what_each_epoch_did(work, tmp_path):
    made, job = work
    record, files = slurm._on_machine(errand_of(made, "slurm"), job, tmp_path / "news")
    first, second = map(json.loads, (tmp_path / "news").read_text().splitlines())
    assert list(first) == ["node"]
    assert (second["stage"], second["epoch"]) == ("training", 1)
    assert record.job == job
    assert "record.json" in files


@pytest.mark.usefixtures("cluster")
@pytest.mark.slow
def test_jobs_on_slurm_end_as_they_do_here(planned, new_observer, tmp_path, tiny_suite):
    seen = new_observer()
    suite, wanted = planned("forty", "fifty", "raises")
    outcome = run(suite, wanted, observers=seen, launcher="slurm")
    assert (outcome.trained, [failure.reason for failure in outcome.failures]) == (2, ["RuntimeError: the net is torn"])
    assert len(seen.starts) == len(seen.ends) == 3
    assert {job.model for job, _ in seen.epochs} >= {"forty", "fifty"}
    here = tiny_suite(tmp_path / "here")
    run(here, wanted, observers=new_observer())
    predictions = [
        {file.relative_to(at.runs): file.read_bytes() for file in at.runs.glob("*/*/*/predictions.csv")}
        for at in (suite, here)
    ]
    assert predictions[0] == predictions[1]
    names = [
        {
            job: sorted(read_files(at.runs / job))
            for job in sorted(f.relative_to(at.runs) for f in at.runs.glob("*/*/seed*"))
        }
        for at in (suite, here)
    ]
    assert names[0] == names[1]


@pytest.mark.usefixtures("cluster")
@pytest.mark.slow
def test_jobs_that_slurm_refuses_are_told_with_its_reason(planned, new_observer, monkeypatch):
    monkeypatch.setenv("SBATCH_PARTITION", "nowhere")
    suite, wanted = planned("forty", "fifty")
    with pytest.raises(LauncherError, match=r"Slurm does not take the jobs: .*invalid partition.*SBATCH_PARTITION"):
        run(suite, wanted, observers=new_observer(), launcher="slurm")


def _begun(folder, process):
    """Wait for a job to begin."""
    until = time.monotonic() + 120
    while not (found := list(folder.glob("gated-*-*"))):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.1)
    return int(found[0].name.rpartition("-")[2])


def _queued():
    return subprocess.run(
        ["squeue", "--noheader", "--format=%A"], capture_output=True, text=True, check=True
    ).stdout.split()


@pytest.mark.usefixtures("cluster")
@pytest.mark.slow
def test_ctrl_c_cancels_what_slurm_has_and_keeps_what_is_finished(tmp_path, command, tiny_file, tiny_protocol):
    wanted = ["run", "-q", "-p", tiny_file, "-p", GATED, "--dataset", "tiny", "--protocol", tiny_protocol]
    process = command(tmp_path, *wanted, "--models", "gated-one", "--launcher", "slurm", env={"GATE": str(tmp_path)})
    pid = _begun(tmp_path, process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err
    until = time.monotonic() + 60
    while (Path(f"/proc/{pid}").exists() or _queued()) and time.monotonic() < until:
        time.sleep(0.2)
    assert (Path(f"/proc/{pid}").exists(), _queued()) == (False, [])


@pytest.mark.slow
@pytest.mark.parametrize("whole", [True, False], ids=["all processes of the job", "the worker alone"])
def test_a_job_that_slurm_tells_to_end_leaves_no_result_and_one_whose_worker_is_told_so_fails(
    tmp_path, monkeypatch, tiny_protocol, tiny_file, whole
):
    monkeypatch.setenv("GATE", str(tmp_path))
    places = {"runs": tmp_path / "runs", "boards": tmp_path / "boards", "data": tmp_path / "data"}
    suite = open_suite(plugin_files=[tiny_file, GATED], **places)
    made, job = work_of(suite, plan(suite, models=["gated-one"], dataset="tiny", protocol=str(tiny_protocol)))
    errand = errand_of(made, "slurm")
    process = get_context("spawn").Process(target=slurm._on_machine, args=(errand, job, tmp_path / "news"))
    process.start()
    until = time.monotonic() + 60
    while not (begun := list(tmp_path.glob("gated-one-*"))) and time.monotonic() < until:
        time.sleep(0.05)
    for pid in [process.pid] * whole + [int(begun[0].name.rpartition("-")[2])]:
        os.kill(pid, signal.SIGTERM)
    process.join(60)
    assert process.exitcode == (128 + signal.SIGTERM if whole else 0)


def _submit(script):
    """Hand a script to Slurm and wait for it; `sbatch --wait` would look every half a minute only."""
    number = subprocess.run(
        ["sbatch", "--parsable", script], cwd=script.parent, check=True, capture_output=True, text=True
    ).stdout.strip()
    states, until = set(), time.monotonic() + 300
    while not states or states & {"PENDING", "CONFIGURING", "RUNNING", "COMPLETING"}:
        assert time.monotonic() < until, states
        time.sleep(0.2)
        told = subprocess.run(["scontrol", "show", "job", number], check=True, capture_output=True, text=True).stdout
        states = set(re.findall(r"JobState=(\w+)", told))
    assert states == {"COMPLETED"}, [file.read_text() for file in script.parent.glob("*.*") if file.is_file()]


@pytest.mark.usefixtures("cluster")
@pytest.mark.slow
def test_the_array_of_the_documentation_makes_the_board_of_one_run(tmp_path, monkeypatch, cli):
    page = (Path(__file__).parents[2] / "docs/how-to/many-machines.md").read_text()
    script = re.search(r"```sh cluster file=array.sh\n(.*?)```", page, re.DOTALL)[1]
    shared = "--models mean,median,film-statistics --protocol smoke"
    script = script.replace("1-5", "1-2").replace("/5", "/2").replace("task=4", "task=1")
    (tmp_path / "array.sh").write_text(script.replace("--models all --protocol standard", shared))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    monkeypatch.setenv("RA_BENCH_DATA", str(tmp_path / "data"))
    _submit(tmp_path / "array.sh")
    said = cli("merge", "runs-1", "runs-2")
    assert (said.code, said.out.splitlines()[0]) == (0, "synthetic-hands-smoke: 3 finished, 3 of them new; 0 not.")


@pytest.mark.slow
def test_the_script_of_the_documentation_shares_a_job_among_nodes(tmp_path, monkeypatch, cluster):
    if cluster < 2:
        pytest.skip("the Slurm here has one node")
    page = (Path(__file__).parents[2] / "docs/how-to/many-machines.md").read_text()
    script = re.search(r"```sh cluster file=nodes.sh\n(.*?)```", page, re.DOTALL)[1]
    script = script.replace("#SBATCH --gpus-per-node=4\n", "").replace("--devices 4", "--devices 1")
    script = script.replace(
        "--models resnet50 --protocol standard --device cuda", "--models mobilenetv2 --protocol smoke"
    )
    (tmp_path / "nodes.sh").write_text(script)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    monkeypatch.setenv("RA_BENCH_DATA", str(tmp_path / "data"))
    _submit(tmp_path / "nodes.sh")
    (record,) = (read_record(file.parent) for file in (tmp_path / "runs").rglob("record.json"))
    assert (record.devices, record.job.model) == (2, "mobilenetv2")


@pytest.mark.usefixtures("cluster")
@pytest.mark.slow
def test_a_job_that_left_the_queue_without_a_result_is_done_again(
    tmp_path, monkeypatch, caplog, new_observer, tiny_protocol, tiny_file
):
    monkeypatch.setattr(slurm, "GRACE", 1.0)
    monkeypatch.setenv("GATE", str(tmp_path))
    places = {"runs": tmp_path / "runs", "boards": tmp_path / "boards", "data": tmp_path / "data"}
    suite = open_suite(plugin_files=[tiny_file, GATED], **places)
    wanted = plan(suite, models=["gated-one"], dataset="tiny", protocol=str(tiny_protocol))

    class Cancels(type(new_observer())):
        def on_epoch_end(self, *, job, report):
            super().on_epoch_end(job=job, report=report)
            if len(self.epochs) == 1:
                subprocess.run(["scancel", "--name=ra-bench"], check=True)
                (tmp_path / "open").touch()

    seen = Cancels(starts=[], epochs=[], ends=[])
    outcome = run(suite, wanted, observers=seen, launcher="slurm")
    assert (outcome.trained, len(seen.starts), len(seen.ends)) == (1, 1, 1)
    assert "was lost, or Slurm ended the job; it is done again." in caplog.text
    assert len(standing_records(suite.runs)[0]) == 1
