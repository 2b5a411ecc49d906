"""Body weights of a transfer variant: trained once on its pretraining set, kept by content, reused."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from ra_bench.cohorts.layouts.chexpert import finding_array, split_findings
from ra_bench.cohorts.store import open_store
from ra_bench.runs.datasets import find_dataset, load_findings
from ra_bench.specs import FilmSet
from ra_bench.training.protocol import base_size
from ra_bench.values import EpochReport, FindingSample, FindingSet, Job, Protocol

if TYPE_CHECKING:
    from ra_bench.plugins import Registry
    from ra_bench.specs import ModelSpec


def body_weights(
    registry: Registry,
    job: Job,
    protocol: Protocol,
    data: Path,
    device: str,
    on_epoch: Callable[[EpochReport], None],
) -> Path | None:
    """The file of pretrained body weights of a job's model, trained now if it is not there; None without pretraining.

    The file's name hashes model, source, pretraining set, input size, pretraining protocol and seed.
    """
    if job.pretraining is None:
        return None
    spec: ModelSpec = registry.get("model", job.model)
    findings = load_findings(find_dataset(registry, job.pretraining), data)
    file = data / "pretrained" / f"{job.model.replace('/', '--')}-{_key(job, protocol, findings)}.pt"
    file.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(file.with_suffix(".lock")):
        if not file.exists():
            _pretrain(spec, protocol, findings, job.seed, data, device, file, on_epoch)
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
) -> None:
    from ra_bench.training.pretrain import pretrain

    train, validation = split_findings(findings, seed=seed, max_films=protocol.pretraining.max_films)
    for report in pretrain(
        spec,
        protocol,
        _films(findings, train, protocol, data),
        finding_array(train),
        _films(findings, validation, protocol, data),
        finding_array(validation),
        seed=seed,
        device=device,
        file=file,
    ):
        on_epoch(report)


def _films(findings: FindingSet, samples: tuple[FindingSample, ...], protocol: Protocol, data: Path) -> FilmSet:
    height, width = base_size(protocol)
    ids = hashlib.sha256("\n".join(sample.sample_id for sample in samples).encode()).hexdigest()
    key = f"{findings.version[:16]}-{ids[:16]}-{height}x{width}"
    return open_store(samples, height=height, width=width, folder=data / "films", key=key)


def _key(job: Job, protocol: Protocol, findings: FindingSet) -> str:
    identity = {
        "model": job.model,
        "plugin": (job.plugin, job.plugin_version, job.plugin_source),
        "trainer": job.trainer_source,
        "findings": findings.version,
        "size": (protocol.height, protocol.width),
        "augmentation": asdict(protocol.augmentation),
        "pretraining": asdict(protocol.pretraining),
        "initialisation": protocol.initialisation,
        "seed": job.seed,
    }
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:16]
