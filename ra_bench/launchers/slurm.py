"""A Slurm job a job, through submitit; the results are committed here, as those of the local launcher are.

Slurm's machines see the folder of runs: jobs, what they say on the way and their results go through it.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import signal
import subprocess
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from ra_bench.errors import LauncherError
from ra_bench.files import make_folder
from ra_bench.launchers.errand import Done, Errand, check_installed, cores_a_job, do_errand, errand_of, node_name
from ra_bench.runs.failures import failure_of_node
from ra_bench.runs.records import job_folder, write_files
from ra_bench.values import EpochReport, Failure, Job, RunRecord

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from ra_bench.specs import Observers, Work

#: In the folder of the board's runs: what submitit writes, and what jobs say on the way.
FOLDER = "slurm"
#: Seconds between two looks at the queue.
LOOK = 2.0
#: Seconds that a result may take to be seen here after its job has left the queue.
GRACE = 30.0
#: A job is done again as often as its machine is lost, but not more than so often in all.
TRIES = 3

_LOGGER = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class _Sent:
    """A job in Slurm's hands: how often it was sent, how much of what it says was heard, since when it is missed."""

    job: Job
    handle: Any
    news: Path
    tries: int = 1
    heard: int = 0
    node: str = ""
    missed: float | None = None
    started: bool = False


def launch(jobs: Sequence[Job], work: Work, observers: Observers, slots: int = 1) -> Iterator[RunRecord | Failure]:
    """Hand each job to Slurm, at most `slots` at work at a time, and give what came of it as it comes.

    Slurm's own variables ($SBATCH_PARTITION, $SBATCH_TIMELIMIT, ...) say where and how long. A job that left the
    queue without a result is sent again.

    Raises
    ------
    LauncherError
        submitit is not installed, Slurm is not here, or it refuses the jobs.
    StorageError
        A result cannot be written.
    """
    check_installed("submitit", "slurm")
    errand = errand_of(work, "slurm")
    if shutil.which("sbatch") is None:
        raise LauncherError(
            "The launcher 'slurm' needs Slurm, and there is no 'sbatch' here. Start the run on a machine where you "
            "would call it, or do the jobs here: --launcher local"
        )
    if not jobs:
        return
    runs = errand.work.workplace.runs
    folder = make_folder(runs / jobs[0].board / FOLDER)
    sent: list[_Sent] = []
    try:
        sent += _send(jobs, errand, folder, slots)
        while sent:
            time.sleep(LOOK)
            queue = _queue(sent)
            for each in tuple(sent):
                _hear(each, observers)
                done = _done(each, queue)
                if done is None:
                    continue
                sent.remove(each)
                if isinstance(done, str) and each.tries < TRIES:
                    sent.append(_again(each, done, errand, folder))
                    continue
                result, files = (failure_of_node(each.job, TRIES, done), {}) if isinstance(done, str) else done
                if not each.started:
                    observers.on_job_start(job=each.job)
                write_files(job_folder(runs, each.job), files)
                observers.on_job_end(job=each.job, record=result)
                yield result
    finally:  # after ctrl-C, too, nothing is left at work
        for each in sent:
            each.handle.cancel(check=False)


def _send(jobs: Sequence[Job], errand: Errand, folder: Path, slots: int) -> list[_Sent]:
    """All jobs at once, as one array that keeps to `slots`."""
    from submitit import SlurmExecutor

    gpu = {"gpus_per_node": 1} if errand.work.workplace.device == "cuda" else {}
    executor = SlurmExecutor(folder=folder)
    # No time limit of ours: submitit's would be five minutes, and Slurm has one for each partition.
    executor.update_parameters(
        job_name="ra-bench",
        time=None,
        wckey=None,
        cpus_per_task=cores_a_job(),
        array_parallelism=slots,
        stderr_to_stdout=True,
        use_srun=False,
        **gpu,
    )
    places = [folder / f"{job.key[:12]}.jsonl" for job in jobs]
    for place in places:
        place.unlink(missing_ok=True)
    try:
        with executor.batch():
            handles = [
                executor.submit(_on_machine, errand, job, place) for job, place in zip(jobs, places, strict=True)
            ]
    except Exception as error:
        said = " ".join(str(error).split()) or type(error).__name__
        raise LauncherError(
            f"Slurm does not take the jobs: {said}. See with 'sinfo' whether it runs, and with 'sbatch --test-only' "
            "what it wants; $SBATCH_PARTITION and $SBATCH_ACCOUNT say where jobs go."
        ) from error
    return [_Sent(job=job, handle=handle, news=place) for job, handle, place in zip(jobs, handles, places, strict=True)]


def _again(lost: _Sent, machine: str, errand: Errand, folder: Path) -> _Sent:
    job = lost.job
    _LOGGER.warning("%s, seed %d: %s was lost, or Slurm ended the job; it is done again.", job.model, job.seed, machine)
    (sent,) = _send([job], errand, folder, 1)
    sent.tries, sent.started = lost.tries + 1, lost.started
    return sent


def _on_machine(errand: Errand, job: Job, news: Path) -> Done:
    """What runs on a machine of Slurm's, in the main thread of a process of submitit's."""
    told_to_end = []

    def tell(content: object) -> None:
        with news.open("a", encoding="utf-8") as file:
            file.write(json.dumps(content) + "\n")

    # submitit lets the signal pass. Where Slurm tells every process of a job, the worker falls to it first.
    before = signal.signal(signal.SIGTERM, lambda *_: told_to_end.append(True))
    try:
        tell({"node": node_name()})
        result, files = do_errand(errand, job, lambda report: tell(asdict(report)))
    finally:
        signal.signal(signal.SIGTERM, before)
    if told_to_end and isinstance(result, Failure):
        os._exit(128 + signal.SIGTERM)  # Slurm ended the job: it failed at nothing, and leaves no result
    return result, files


def _hear(sent: _Sent, observers: Observers) -> None:
    """Pass on what a job has said since the last time; half a line is read when it is whole."""
    if not sent.news.exists():
        return
    *lines, _ = sent.news.read_text(encoding="utf-8").split("\n")
    for line in lines[sent.heard :]:
        content = json.loads(line)
        if "node" in content:
            sent.node = content["node"]
            if not sent.started:
                observers.on_job_start(job=sent.job)
            sent.started = True
        else:
            observers.on_epoch_end(job=sent.job, report=EpochReport(**content))
    sent.heard = len(lines)


def _queue(sent: Sequence[_Sent]) -> set[str] | None:
    """The jobs that Slurm has not finished with; None if it does not say."""
    arrays = ",".join(sorted({str(each.handle.job_id).partition("_")[0] for each in sent}))
    asked = ["squeue", "--noheader", "--array", "--format=%i", f"--jobs={arrays}"]
    ran = subprocess.run(asked, capture_output=True, text=True, check=False)  # noqa: S603 - Slurm's own command
    if ran.returncode == 0:
        return set(ran.stdout.split())
    return set() if "Invalid job id" in ran.stderr else None


def _done(sent: _Sent, queue: set[str] | None) -> Done | str | None:
    """What came of a job; one sentence if it left the queue without a result; None while it is at work."""
    if sent.handle.paths.result_pickle.exists():
        error = sent.handle.exception()
        done: Done = (_refused(sent, error), {}) if error is not None else sent.handle.result()
        for file in (sent.handle.paths.result_pickle, sent.handle.paths.submitted_pickle):
            file.unlink(missing_ok=True)  # as large as the job's files
        return done
    if queue is None or sent.handle.job_id in queue:
        sent.missed = None
        return None
    sent.missed = sent.missed or time.monotonic()
    if time.monotonic() - sent.missed < GRACE:
        return None
    return f"the machine '{sent.node}'" if sent.node else "a machine"


def _refused(sent: _Sent, error: BaseException) -> Failure:
    """A machine on which not even our own code ran."""
    said = (str(error).strip().splitlines() or [type(error).__name__])[-1]
    return Failure(
        job=sent.job,
        reason=f"It could not begin on the machine '{sent.node}': {said}",
        log="",
        kind="refused",
        advice="Install ra-bench and the same plugins where all machines find them, with the same Python. What the "
        f"machine said: {sent.handle.paths.stdout}",
    )
