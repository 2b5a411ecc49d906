"""Body weights of a transfer variant: trained once on its pretraining set, kept by content, reused."""

from __future__ import annotations

import hashlib
import json
from contextlib import nullcontext
from dataclasses import asdict, replace
from importlib.metadata import version
from typing import TYPE_CHECKING

from filelock import FileLock

from ra_bench.cohorts.layouts.chexpert import label_array, split_findings
from ra_bench.cohorts.store import open_store
from ra_bench.errors import CohortError
from ra_bench.files import make_folder
from ra_bench.runs.datasets import find_dataset, load_findings
from ra_bench.runs.hand_out import first_rank, hand_out, own_progress
from ra_bench.runs.plan import training_source
from ra_bench.training.progress_file import RESUME, forget_progress
from ra_bench.training.protocol import base_size, protocol_hash
from ra_bench.values import Job

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from ra_bench.cohorts.store import OnFilms
    from ra_bench.plugins import Registry
    from ra_bench.specs import FilmSet, ModelSpec
    from ra_bench.training.progress import Stopwatch
    from ra_bench.values import EpochReport, FindingSet, Protocol

#: What an uncertain finding counts, as CheXpert's authors call it.
POLICIES = {"ones": "U-Ones", "zeros": "U-Zeros", "ignore": "U-Ignore"}

#: Share of the pretraining patients that is held out, to show whether pretraining learnt anything.
VALIDATION_SHARE = 0.1


def body_weights(
    registry: Registry,
    job: Job,
    protocol: Protocol,
    data: Path,
    device: str,
    on_epoch: Callable[[EpochReport], None],
    watch: Stopwatch,
) -> Path | None:
    """The file of pretrained body weights of a job's model, trained now if it is not there; None without pretraining.

    A team of processes trains it together.

    The file's name hashes model, source, pretraining set, input size, pretraining protocol and seed. A pretraining that
    was stopped goes on after its last epoch; the seconds of its earlier tries are added to the watch.

    Raises
    ------
    CohortError
        The pretraining set is another one than when the run was planned.
    """
    if job.pretraining is None:
        return None

    spec: ModelSpec = registry.get("model", job.model)
    findings = load_findings(find_dataset(registry, job.pretraining), data)
    if findings.version != job.pretraining_version:
        raise CohortError(
            f"The pretraining set '{findings.name}' changed while the run was going on. Start the run again."
        )
    return make_body(spec, job, protocol, findings, data, device, on_epoch, watch=watch)


def pretraining_job(registry: Registry, model: str, protocol: Protocol, findings: FindingSet, seed: int) -> Job:
    """A pretraining by itself, on no board. Its body is the one that a run of the same model would train."""
    spec: ModelSpec = registry.get("model", model)
    plugin = registry.origin("model", model)
    return Job(
        key=f"pretraining of {model}",
        board="",
        model=model,
        seed=seed,
        dataset=findings.name,
        cohort=findings.version,
        split="",
        protocol=protocol.name,
        protocol_hash=protocol_hash(protocol),
        plugin=plugin.distribution,
        plugin_version=plugin.version,
        plugin_source=plugin.source,
        trainer=spec.trainer,
        trainer_source=training_source(),
        pretraining=findings.name,
        pretraining_version=findings.version,
    )


def body_file(job: Job, protocol: Protocol, findings: FindingSet, data: Path) -> Path:
    """Where a body is kept: under a name that hashes all that decides it."""
    return data / "pretrained" / f"{job.model.replace('/', '--')}-{_key(job, protocol, findings)}.safetensors"


def make_body(
    spec: ModelSpec,
    job: Job,
    protocol: Protocol,
    findings: FindingSet,
    data: Path,
    device: str,
    on_epoch: Callable[[EpochReport], None],
    on_films: OnFilms | None = None,
    watch: Stopwatch | None = None,
) -> Path:
    """The file of a body, trained now if it is not there. Of the job, model, plugin and seed count.

    Raises
    ------
    TrainingError
        The films, the findings or the model do not fit.
    """
    from ra_bench.training.distributed import team

    file = body_file(job, protocol, findings, data)
    make_folder(file.parent)
    crew = team()
    with FileLock(file.with_suffix(".lock")) if crew.first else nullcontext():
        if not crew.same(file.exists()):
            _pretrain(spec, job, protocol, findings, data, device, file, on_epoch, on_films, watch)
            crew.same(None)  # the file is there when the first process comes here
        if crew.most(not file.exists()):  # on another machine, which has a data folder of its own
            hand_out(file, file)
    return file


def _pretrain(
    spec: ModelSpec,
    job: Job,
    protocol: Protocol,
    findings: FindingSet,
    data: Path,
    device: str,
    file: Path,
    on_epoch: Callable[[EpochReport], None],
    on_films: OnFilms | None,
    watch: Stopwatch | None,
) -> None:
    from ra_bench.training.distributed import team
    from ra_bench.training.pretrain import pretrain
    from ra_bench.training.progress import FileProgress, Stopwatch

    resume = own_progress(file.with_suffix(f".{RESUME}"), file.stem)
    split = split_findings(findings, VALIDATION_SHARE, job.seed)
    most = protocol.pretraining.max_films
    train = _part(findings, _drawn(split.train, most, job.seed))
    validation = _part(findings, _drawn(split.validation, most and max(1, round(VALIDATION_SHARE * most)), job.seed))
    for report in pretrain(
        spec,
        protocol,
        _films(train, protocol, data, on_films),
        _labels(train),
        _films(validation, protocol, data, on_films),
        _labels(validation),
        seed=job.seed,
        device=device,
        file=file,
        about=_about(job, protocol, findings, train, validation),
        progress=FileProgress(resume, job=file.stem, watch=watch or Stopwatch(), writes=team().first),
    ):
        on_epoch(report)
    if team().first or first_rank():
        forget_progress(resume)


def _about(
    job: Job, protocol: Protocol, findings: FindingSet, train: FindingSet, validation: FindingSet
) -> dict[str, str]:
    """What the file says of itself; texts only, as safetensors wants it."""
    return {
        "format": "pt",
        "made_with": f"ra-bench {version('ra-bench')}",
        "model": job.model,
        "plugin": f"{job.plugin} {job.plugin_version}",
        "dataset": findings.name,
        "dataset_version": findings.version,
        "simulated": str(findings.simulated).lower(),
        "citation": findings.citation,
        "licence": findings.licence,
        "remarks": json.dumps(findings.remarks),
        "findings": json.dumps(findings.findings),
        "train": json.dumps(_counts(train)),
        "validation": json.dumps(_counts(validation)),
        "protocol": protocol.name,
        "protocol_hash": protocol_hash(protocol),
        "policy": POLICIES[protocol.pretraining.uncertain],
        "input": f"{protocol.height} x {protocol.width}",
        "epochs": str(protocol.pretraining.epochs),
        "keep": protocol.keep,
        "seed": str(job.seed),
        "key": _key(job, protocol, findings),
    }


def _counts(findings: FindingSet) -> list[int]:
    """Films and patients."""
    return [len(findings.samples), len({sample.patient_id for sample in findings.samples})]


def _drawn(ids: tuple[str, ...], most: int | None, seed: int) -> tuple[str, ...]:
    """At most so many ids, drawn by seed: the first rows of a table are no fair sample of it."""
    return tuple(sorted(ids, key=lambda name: hashlib.sha256(f"{seed}:{name}".encode()).digest())[:most])


def _part(findings: FindingSet, ids: tuple[str, ...]) -> FindingSet:
    by_id = {sample.sample_id: sample for sample in findings.samples}
    return replace(findings, samples=tuple(by_id[name] for name in ids))


def _labels(findings: FindingSet) -> NDArray[np.float64]:
    return label_array(findings).astype("float64")


def _films(findings: FindingSet, protocol: Protocol, data: Path, on_films: OnFilms | None) -> FilmSet:
    height, width = base_size(protocol)
    return open_store(
        findings.samples,
        name=findings.name,
        version=findings.version,
        height=height,
        width=width,
        data=data,
        on_films=on_films,
    )


def _key(job: Job, protocol: Protocol, findings: FindingSet) -> str:
    identity = {
        "model": job.model,
        "plugin": (job.plugin, job.plugin_version, job.plugin_source),
        "training": training_source(),
        "findings": findings.version,
        "size": (protocol.height, protocol.width),
        "augmentation": asdict(protocol.augmentation),
        "pretraining": asdict(protocol.pretraining),
        "initialisation": protocol.initialisation,
        "seed": job.seed,
    }
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:16]
