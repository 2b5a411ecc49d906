"""Which jobs a run means, which of them stand already, and why the others must be done."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from ra_bench.errors import PluginError, RecordError
from ra_bench.plugins import CORE, Plugin, Registry, hash_files
from ra_bench.runs.records import RECORD, job_folder, read_record
from ra_bench.values import Job, RunRecord

if TYPE_CHECKING:
    from ra_bench.specs import ModelSpec

#: Parts of a job that say where it is shown, not what it is.
_NOT_IN_KEY = frozenset({"key", "board", "protocol"})

_SAID = {
    "model": "model",
    "seed": "seed",
    "dataset": "dataset",
    "cohort": "cohort version",
    "split": "split",
    "protocol_hash": "protocol",
    "plugin": "plugin",
    "plugin_version": "plugin version",
    "plugin_source": "source of the plugin",
    "trainer": "trainer",
    "trainer_source": "source of the trainer",
    "pretraining": "pretraining set",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedJob:
    """A job with what is known of it: its record if one stands, and one sentence on why it runs or does not."""

    job: Job
    record: RunRecord | None
    reason: str


def make_job(
    registry: Registry,
    model: str,
    *,
    seed: int,
    board: str,
    dataset: str,
    cohort: str,
    split: str,
    protocol: str,
    protocol_hash: str,
) -> Job:
    """The job of one model and seed, with the key that identifies it.

    Raises
    ------
    UnknownNameError
        The model, its trainer or its pretraining set is not registered.
    """
    spec: ModelSpec = registry.get("model", model)
    registry.get("trainer", spec.trainer)
    pretraining = None if spec.pretraining is None else registry.get("dataset", spec.pretraining)
    if pretraining is not None and pretraining.task != "findings":
        raise PluginError(
            f"Model '{model}' is to be pretrained on '{spec.pretraining}', which has scores, not findings. "
            "Name a dataset whose task is 'findings'."
        )
    plugin = registry.origin("model", model)
    job = Job(
        key="",
        board=board,
        model=model,
        seed=seed,
        dataset=dataset,
        cohort=cohort,
        split=split,
        protocol=protocol,
        protocol_hash=protocol_hash,
        plugin=plugin.distribution,
        plugin_version=plugin.version,
        plugin_source=plugin.source,
        trainer=spec.trainer,
        trainer_source=_trainer_source(registry.origin("trainer", spec.trainer)),
        pretraining=spec.pretraining,
    )
    return replace(job, key=job_key(job))


def job_key(job: Job) -> str:
    """sha256 over everything that makes a job's result what it is."""
    identity = {name: value for name, value in asdict(job).items() if name not in _NOT_IN_KEY}
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()


def cheapest_first(registry: Registry, models: Iterable[str]) -> tuple[str, ...]:
    """Baselines, then networks by their parameters; a transfer variant after the model that it starts from."""

    def cost(name: str) -> tuple[bool, float, bool, str]:
        spec: ModelSpec = registry.get("model", name)
        parameters = float("inf") if spec.parameters is None else spec.parameters
        return (not spec.baseline, 0 if spec.baseline else parameters, spec.pretraining is not None, name)

    return tuple(sorted(dict.fromkeys(models), key=cost))


def plan_jobs(jobs: Sequence[Job], runs: Path, *, afresh: bool = False) -> list[PlannedJob]:
    """Look up which jobs stand; an unreadable record counts as none and is said so."""
    return [_plan_job(job, runs, afresh=afresh) for job in jobs]


def _plan_job(job: Job, runs: Path, *, afresh: bool) -> PlannedJob:
    folder = job_folder(runs, job)
    if afresh:
        return PlannedJob(job=job, record=None, reason="runs: asked to do it afresh")
    if not (folder / RECORD).exists():
        return PlannedJob(job=job, record=None, reason=f"runs: {_difference(job, folder)}")
    try:
        return PlannedJob(job=job, record=read_record(folder), reason=f"stands: {folder}")
    except RecordError as error:
        return PlannedJob(job=job, record=None, reason=f"runs: its record is unreadable ({str(error).splitlines()[0]})")


def _difference(job: Job, folder: Path) -> str:
    """What the nearest standing record of the same model and seed has that this job has not."""
    others = []
    for record_file in sorted(folder.parent.glob(f"seed{job.seed}-*/{RECORD}")):
        try:
            others.append(read_record(record_file.parent).job)
        except RecordError:
            continue
    if not others:
        return "no finished run of this model and seed yet"
    differences = [[field for field in _SAID if getattr(other, field) != getattr(job, field)] for other in others]
    nearest = min(range(len(others)), key=lambda index: len(differences[index]))
    changes = [
        f"{_SAID[field]} was {_short(getattr(others[nearest], field))}, is {_short(getattr(job, field))}"
        for field in differences[nearest]
    ]
    return "; ".join(changes)


def _trainer_source(plugin: Plugin) -> str:
    """The source that trains: of the guest's package, or of `ra_bench.training` for the suite's own."""
    if plugin.distribution != CORE:
        return plugin.source
    spec = find_spec("ra_bench.training")
    folders = [] if spec is None or spec.submodule_search_locations is None else spec.submodule_search_locations
    return hash_files(file for folder in folders for file in sorted(Path(folder).glob("*.py")))


def _short(value: object) -> str:
    text = str(value)
    return text[:8] if len(text) in (16, 64) else text
