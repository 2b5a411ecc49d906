"""Body weights of a transfer variant: trained once on its pretraining set, kept by content, reused."""

from __future__ import annotations

import hashlib
import json
from contextlib import nullcontext
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from filelock import FileLock

from ra_bench.cohorts.layouts.chexpert import label_array, split_findings
from ra_bench.cohorts.store import open_store
from ra_bench.errors import CohortError
from ra_bench.files import make_folder
from ra_bench.runs.datasets import find_dataset, load_findings
from ra_bench.runs.plan import training_source
from ra_bench.training.progress_file import RESUME, forget_progress
from ra_bench.training.protocol import base_size

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from ra_bench.plugins import Registry
    from ra_bench.specs import FilmSet, ModelSpec
    from ra_bench.training.progress import Stopwatch
    from ra_bench.values import EpochReport, FindingSet, Job, Protocol

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
    from ra_bench.training.distributed import team

    spec: ModelSpec = registry.get("model", job.model)
    findings = load_findings(find_dataset(registry, job.pretraining), data)
    if findings.version != job.pretraining_version:
        raise CohortError(
            f"The pretraining set '{findings.name}' changed while the run was going on. Start the run again."
        )
    file = data / "pretrained" / f"{job.model.replace('/', '--')}-{_key(job, protocol, findings)}.pt"
    make_folder(file.parent)
    crew = team()
    with FileLock(file.with_suffix(".lock")) if crew.first else nullcontext():
        if not crew.same(file.exists()):
            _pretrain(spec, protocol, findings, job.seed, data, device, file, on_epoch, watch)
            crew.same(None)  # the file is there when the first process comes here
    return file


def _pretrain(
    spec: ModelSpec,
    protocol: Protocol,
    findings: FindingSet,
    seed: int,
    data: Path,
    device: str,
    file: Path,
    on_epoch: Callable[[EpochReport], None],
    watch: Stopwatch,
) -> None:
    from ra_bench.training.distributed import team
    from ra_bench.training.pretrain import pretrain
    from ra_bench.training.progress import FileProgress

    resume = file.with_suffix(f".{RESUME}")
    split = split_findings(findings, VALIDATION_SHARE, seed)
    most = protocol.pretraining.max_films
    train = _part(findings, _drawn(split.train, most, seed))
    validation = _part(findings, _drawn(split.validation, most and max(1, round(VALIDATION_SHARE * most)), seed))
    for report in pretrain(
        spec,
        protocol,
        _films(train, protocol, data),
        _labels(train),
        _films(validation, protocol, data),
        _labels(validation),
        seed=seed,
        device=device,
        file=file,
        progress=FileProgress(resume, job=file.stem, watch=watch, writes=team().first),
    ):
        on_epoch(report)
    if team().first:
        forget_progress(resume)


def _drawn(ids: tuple[str, ...], most: int | None, seed: int) -> tuple[str, ...]:
    """At most so many ids, drawn by seed: the first rows of a table are no fair sample of it."""
    return tuple(sorted(ids, key=lambda name: hashlib.sha256(f"{seed}:{name}".encode()).digest())[:most])


def _part(findings: FindingSet, ids: tuple[str, ...]) -> FindingSet:
    by_id = {sample.sample_id: sample for sample in findings.samples}
    return replace(findings, samples=tuple(by_id[name] for name in ids))


def _labels(findings: FindingSet) -> NDArray[np.float64]:
    return label_array(findings).astype("float64")


def _films(findings: FindingSet, protocol: Protocol, data: Path) -> FilmSet:
    height, width = base_size(protocol)
    return open_store(
        findings.samples, name=findings.name, version=findings.version, height=height, width=width, data=data
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
