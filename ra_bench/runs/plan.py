"""Which jobs a run means, which of them stand already, and why the others must be done."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ra_bench.diagnosis import CORE
from ra_bench.errors import PluginError, RecordError
from ra_bench.plugins import Plugin, Registry, hash_files
from ra_bench.runs.failures import is_settled
from ra_bench.runs.records import RECORD, job_data, job_folder, read_failure, read_record
from ra_bench.training.progress_file import RESUME, find_progress, how_far
from ra_bench.training.protocol import CAME_LATER
from ra_bench.values import Failure, Fold, Job, RunRecord

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ra_bench.specs import ModelSpec
    from ra_bench.values import EpochReport, Protocol

#: Names of what other parts of a job identify by content.
_NOT_IN_KEY = frozenset({"key", "board", "dataset", "protocol"})

_SAID = {
    "model": "model",
    "seed": "seed",
    "cohort": "cohort version",
    "split": "split",
    "protocol_hash": "protocol",
    "plugin": "plugin",
    "plugin_version": "plugin version",
    "plugin_source": "source of the plugin",
    "trainer": "trainer",
    "trainer_source": "source of the trainer",
    "pretraining": "pretraining set",
    "pretraining_version": "version of the pretraining set",
    "weights": "weights to start from",
}


#: Sections of a protocol that do not decide a result.
_UNSAID = ("summary", "ours.", "seeds")

#: Of the sha256 of given weights, in the name of a row.
_DIGITS = 8

#: Why a job runs that nobody will wonder about.
FIRST_TIME = "no finished run of this model and seed yet"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedJob:
    """A job with what is known of it: its record if one stands, and one sentence on why it runs or does not.

    `due` says whether it runs; `failure` is that of its last try, `earlier` are the epochs after which it goes on.
    """

    job: Job
    record: RunRecord | None
    reason: str
    due: bool
    failure: Failure | None = None
    earlier: tuple[EpochReport, ...] = ()


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
    pretraining_version: str | None = None,
    fold: Fold | None = None,
    weights: str | None = None,
) -> Job:
    """The job of one model, seed and fold, with the key that identifies it.

    `weights` is the sha256 of the file from which the model starts: instead of pretraining, where it had any.

    Raises
    ------
    UnknownNameError
        The model is not registered.
    PluginError
        The model asks for a trainer or a pretraining set that is not there.
    """
    spec: ModelSpec = registry.get("model", model)
    plugin = registry.origin("model", model)
    _check_needs(registry, spec, plugin)
    job = Job(
        key="",
        board=board,
        model=model if weights is None else f"{model}+{weights[:_DIGITS]}",
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
        trainer_source=_trainer_source(registry, spec.trainer),
        pretraining=spec.pretraining if weights is None else None,
        pretraining_version=pretraining_version if weights is None else None,
        fold=fold,
        weights=weights,
    )
    return replace(job, key=job_key(job))


def registered_model(job: Job) -> str:
    """The name under which a job's model is registered: without what tells the weights that it starts from."""
    return job.model if job.weights is None else job.model.removesuffix(f"+{job.weights[:_DIGITS]}")


def job_key(job: Job) -> str:
    """sha256 over everything that makes a job's result what it is."""
    identity = {name: value for name, value in job_data(job).items() if name not in _NOT_IN_KEY}
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()


def cheapest_first(registry: Registry, models: Iterable[str]) -> tuple[str, ...]:
    """Baselines, then networks by their parameters; a transfer variant after the model that it starts from."""

    def cost(name: str) -> tuple[bool, float, bool, str]:
        spec: ModelSpec = registry.get("model", name)
        parameters = float("inf") if spec.parameters is None else spec.parameters
        return (not spec.baseline, 0 if spec.baseline else parameters, spec.pretraining is not None, name)

    return tuple(sorted(dict.fromkeys(models), key=cost))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """Part `number` of `of` parts of the jobs, counted from 1: the share of one of several machines."""

    number: int
    of: int


def dealt(jobs: Sequence[Job], shard: Shard) -> list[Job]:
    """The jobs of one shard, dealt out one by one: all shards together have each once, cheap and dear alike.

    Whether a job stands does not matter, so that a machine has the same jobs however often it is asked.
    """
    return list(jobs[shard.number - 1 :: shard.of])


def plan_jobs(
    jobs: Sequence[Job], protocol: Protocol, runs: Path, *, afresh: bool = False, retry_failed: bool = False
) -> list[PlannedJob]:
    """Look up which jobs stand; an unreadable record counts as none and is said so.

    With `afresh` all run; with `retry_failed` those, and only those, whose last try failed. Without, a job that failed
    runs again too, but not a third time if it failed twice alike.
    """
    return [_plan_job(job, protocol, job_folder(runs, job), afresh=afresh, only_failed=retry_failed) for job in jobs]


def _plan_job(job: Job, protocol: Protocol, folder: Path, *, afresh: bool, only_failed: bool) -> PlannedJob:
    failure = read_failure(folder)
    if afresh:
        return PlannedJob(job=job, record=None, reason="runs: asked to do it afresh", due=True, failure=failure)
    reason = ""
    if (folder / RECORD).exists():
        try:
            return PlannedJob(job=job, record=read_record(folder), reason=f"stands: {folder}", due=False)
        except RecordError as error:
            reason = str(error)
    elif failure is not None and is_settled(failure) and not only_failed:
        reason = f"waits: it failed {failure.tries} times alike; --retry-failed tries it again: {failure.reason}"
        return PlannedJob(job=job, record=None, reason=reason, due=False, failure=failure)
    found = find_progress(folder / RESUME, job.key)
    far, earlier = how_far(found), () if found.kept is None else found.kept.reports
    if failure is not None and not reason:
        reason = f"runs: the last try failed: {failure.reason}{f'; {far}' if far else ''}"
        return PlannedJob(job=job, record=None, reason=reason, due=True, failure=failure, earlier=earlier)
    if only_failed:
        reason = "waits: it did not fail, and --retry-failed does only what did"
        return PlannedJob(job=job, record=None, reason=reason, due=False)
    reason = f"runs: {reason or far or _difference(job, protocol, folder)}"
    return PlannedJob(job=job, record=None, reason=reason, due=True, earlier=earlier)


def _difference(job: Job, protocol: Protocol, folder: Path) -> str:
    """What this job has that the nearest standing record of the same model, seed and fold has not."""
    others: list[RunRecord] = []
    for record_file in sorted(folder.parent.glob(f"seed{job.seed}-*/{RECORD}")):
        with suppress(RecordError):
            others.append(read_record(record_file.parent))
    others = [other for other in others if _number(other.job) == _number(job)]
    if not others:
        return FIRST_TIME
    changes = [_changes(job, protocol, other) for other in others]
    _, nearest = min((len(phrases), phrases) for phrases in changes)
    return "; ".join(nearest)


def _number(job: Job) -> int | None:
    return None if job.fold is None else job.fold.number


def _changes(job: Job, protocol: Protocol, record: RunRecord) -> list[str]:
    """A phrase on each part in which a job differs from a record's."""
    changes = []
    for part, name in _SAID.items():
        was, now = getattr(record.job, part), getattr(job, part)
        if was != now and part == "protocol_hash":
            changes += _protocol_changes(protocol, record) or ["protocol changed"]
        elif was != now:
            changes.append(f"{name} was {_short(was)}, is {_short(now)}")
    return changes


def _protocol_changes(protocol: Protocol, record: RunRecord) -> list[str]:
    """A phrase on each key of the protocol that differs, but for those that the model overrides."""
    was, now = dict(_flat(CAME_LATER)) | dict(_flat(record.protocol)), dict(_flat(protocol_data(protocol)))
    keys = [key for key in {**was, **now} if key not in record.overrides and not key.startswith(_UNSAID)]
    absent = "absent"
    return [
        f"protocol key {key} was {was.get(key, absent)}, is {now.get(key, absent)}"
        for key in keys
        if was.get(key, absent) != now.get(key, absent)
    ]


def protocol_data(protocol: Protocol) -> dict[str, Any]:
    """A protocol as plain data: what JSON gives back is equal to it."""
    data: dict[str, Any] = json.loads(json.dumps(asdict(protocol)))
    return data


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _check_needs(registry: Registry, spec: ModelSpec, plugin: Plugin) -> None:
    """A model names its trainer and its pretraining set; other plugins may bring them, or not."""
    for kind, wanted in (("trainer", spec.trainer), ("dataset", spec.pretraining)):
        if wanted is not None and wanted not in registry.names(kind):
            raise PluginError(
                f"Model '{spec.name}' of {plugin.distribution} needs the {kind} '{wanted}', which no plugin registers. "
                f"Known: {', '.join(registry.names(kind))}. "
                f"Install the package that brings it, or leave this one out: --without {plugin.name}"
            )
    if spec.pretraining is not None and registry.get("dataset", spec.pretraining).task != "findings":
        raise PluginError(
            f"Model '{spec.name}' is to be pretrained on '{spec.pretraining}', which has scores, not findings. "
            "Name a dataset whose task is 'findings'."
        )


def training_source() -> str:
    """Hash of the suite's own training code; found without importing torch."""
    spec = find_spec("ra_bench.training")
    folders = [] if spec is None or spec.submodule_search_locations is None else spec.submodule_search_locations
    return hash_files(file for folder in folders for file in sorted(Path(folder).glob("*.py")))


def _trainer_source(registry: Registry, trainer: str) -> str:
    """Hash of the code that trains: the suite's, a guest's, or both."""
    plugin: Plugin = registry.origin("trainer", trainer)
    if plugin.distribution == CORE:
        return training_source()
    if not registry.get("trainer", trainer).uses_parts:
        return plugin.source
    return hashlib.sha256(f"{plugin.source}+{training_source()}".encode()).hexdigest()[:16]


def _short(value: object) -> str:
    text = str(value)
    return text[:8] if len(text) in (16, 64) else text
