"""What a machine of a cluster does for one job: all of it in a folder of its own, whose files go back."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, TypeAlias

from ra_bench.errors import CohortError, LauncherError, RaBenchError
from ra_bench.launchers import local
from ra_bench.runs.datasets import find_dataset, load_scores
from ra_bench.runs.failures import failure_of_error
from ra_bench.runs.plan import make_job, registered_model
from ra_bench.runs.records import job_folder, read_files
from ra_bench.runs.work import JobWork

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ra_bench.runs.work import Workplace
    from ra_bench.specs import Work
    from ra_bench.values import EpochReport, Failure, Job, RunRecord

#: What comes of a job, and the files of its folder by name.
Done: TypeAlias = "tuple[RunRecord | Failure, Mapping[str, bytes]]"

#: What identifies the code of a job, in the words of a message.
_CODE = {"plugin_version": "version", "plugin_source": "source", "trainer_source": "source of the trainer"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """A job's work with all that a node may lack: the text of plugin files, by name."""

    work: JobWork
    plugins: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Teller:
    """The observer of one job, who passes its epochs on."""

    tell: Callable[[EpochReport], None]

    def on_job_start(self, *, job: Job) -> None:
        """Known already."""

    def on_epoch_end(self, *, job: Job, report: EpochReport) -> None:  # noqa: ARG002 - it is the only job
        """Pass it on."""
        self.tell(report)

    def on_job_end(self, *, job: Job, record: RunRecord | Failure) -> None:
        """Given back as the result."""


def errand_of(work: Work, launcher: str) -> Errand:
    """The work of a run as it can be sent to another machine.

    Raises
    ------
    LauncherError
        It is not the work of `ra_bench.suite.run`.
    """
    if not isinstance(work, JobWork):
        raise LauncherError(
            f"The launcher '{launcher}' does only jobs of 'ra_bench.suite.run', which other machines can set up."
        )
    files = work.workplace.plugin_files
    return Errand(work=work, plugins=tuple((file.name, file.read_text(encoding="utf-8")) for file in files))


def check_installed(package: str, launcher: str) -> None:
    """Refuse to go on without the package that a launcher needs.

    Raises
    ------
    LauncherError
        It is not installed; names the extra that brings it.
    """
    if find_spec(package) is None:
        raise LauncherError(
            f"The launcher '{launcher}' needs the package {package}. Install it: pip install 'ra-bench[{launcher}]'"
        )


def cores_a_job() -> int:
    """As many as a job is to have threads: $OMP_NUM_THREADS, or one."""
    said = os.environ.get("OMP_NUM_THREADS", "")
    return max(1, int(said)) if said.isdecimal() else 1


def do_errand(errand: Errand, job: Job, tell: Callable[[EpochReport], None]) -> Done:
    """Do a job as the local launcher does, in a process of its own, and give what came of it with the job's files.

    The folder that it worked in is gone afterwards. What this machine lacks is a failure that says so.
    """
    with TemporaryDirectory(prefix="ra-bench-") as scratch:
        workplace = _settle(errand, Path(scratch))
        try:
            _check(workplace, job)
        except RaBenchError as error:
            return failure_of_error(job, error), {}
        here = replace(errand.work, workplace=workplace, gpus=())
        (result,) = local.launch([job], here, _Teller(tell=tell))
        return result, read_files(job_folder(workplace.runs, job))


def node_name() -> str:
    """What this machine is called in messages."""
    return socket.gethostname()


def _settle(errand: Errand, scratch: Path) -> Workplace:
    """The same work here: in a folder of its own, with the plugin files written anew."""
    files = []
    for number, (name, text) in enumerate(errand.plugins):
        file = scratch / f"plugin{number}" / name
        file.parent.mkdir()
        file.write_text(text, encoding="utf-8")
        files.append(file)
    return replace(errand.work.workplace, runs=scratch / "runs", plugin_files=tuple(files))


def _check(workplace: Workplace, job: Job) -> None:
    """Refuse what would give another result than where the run was planned.

    Raises
    ------
    LauncherError
        A package or the films are not here, or are others than there.
    """
    dataset = workplace.dataset
    if dataset.endswith(".toml") and not Path(dataset).is_file():
        raise LauncherError(
            f"The machine '{node_name()}' has no file {dataset}. Put the films and their cohort.toml where all "
            "machines find them under one path."
        )
    try:
        registry = workplace.registry()
        here = make_job(
            registry,
            registered_model(job),
            seed=job.seed,
            board=job.board,
            dataset=job.dataset,
            cohort=job.cohort,
            split=job.split,
            protocol=job.protocol,
            protocol_hash=job.protocol_hash,
            pretraining_version=job.pretraining_version,
            fold=job.fold,
            weights=job.weights,
        )
    except RaBenchError as error:
        raise LauncherError(f"The machine '{node_name()}' lacks something: {error}") from error
    for part, word in _CODE.items():
        if getattr(here, part) != getattr(job, part):
            raise LauncherError(
                f"The machine '{node_name()}' has another {word} of {here.plugin} than the machine that started the "
                f"run: '{getattr(here, part)}', not '{getattr(job, part)}'. Install the same packages on all machines."
            )
    with suppress(CohortError):  # told by the job itself
        cohort = load_scores(find_dataset(registry, dataset), workplace.data)
        if cohort.version != job.cohort:
            raise LauncherError(
                f"The machine '{node_name()}' has version {cohort.version} of the cohort '{cohort.name}', and the run "
                f"is of version {job.cohort}. Put the same films and readings where all machines find them."
            )
