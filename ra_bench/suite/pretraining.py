"""A body trained by itself, for runs and for others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ra_bench.errors import (
    CohortError,
    TrainingError,
)
from ra_bench.runs.datasets import find_findings
from ra_bench.runs.protocols import find_protocol
from ra_bench.suite.opening import DEFAULT_PROTOCOL, Suite
from ra_bench.suite.running import check_device
from ra_bench.training.protocol import with_overrides

if TYPE_CHECKING:
    from pathlib import Path

    from ra_bench.cohorts.store import OnFilms
    from ra_bench.runs.export import Body
    from ra_bench.specs import Observers
    from ra_bench.values import EpochReport


def pretrain(
    suite: Suite,
    model: str,
    *,
    dataset: str | None = None,
    protocol: str = DEFAULT_PROTOCOL,
    seed: int = 0,
    device: str = "auto",
    out: Path | None = None,
    observers: Observers,
    on_films: OnFilms | None = None,
) -> Body:
    """Train a model's body on findings, or take the one that is kept, and write it with a card; see runs/export.py.

    Raises
    ------
    UnknownNameError, ProtocolError, CohortError, TrainingError
        A name that nobody registered, a set or a protocol that cannot be used, a training that cannot go on.
    WeightsError
        A file of other weights is there already.
    """
    from ra_bench.runs.export import check_place, default_place, export_body
    from ra_bench.runs.pretraining import body_file, make_body, pretraining_job

    check_device(device)
    spec = suite.registry.get("model", model)
    if spec.head is None:
        raise TrainingError(
            f"The model '{model}' has no body to pretrain: it names no head, the last layer, which pretraining "
            "replaces. Choose a network; in a model of yours, give ModelSpec.head."
        )
    name = dataset or spec.pretraining
    if name is None:
        raise CohortError(
            f"The model '{model}' names no set to pretrain on. Name one with --dataset: synthetic-chest, or the path "
            "of a cohort.toml of CheXpert's layout (see docs/how-to/pretrain.md)."
        )
    findings = find_findings(suite.registry, name, suite.data)
    rules = with_overrides(find_protocol(suite.registry, protocol), spec.overrides)
    job = pretraining_job(suite.registry, model, rules, findings, seed)
    place = out or default_place(job)
    kept = body_file(job, rules, findings, suite.data)
    check_place(place, kept)
    is_new = not kept.exists()
    if is_new:
        observers.on_job_start(job=job)

    def report(epoch: EpochReport) -> None:
        observers.on_epoch_end(job=job, report=epoch)

    make_body(spec, job, rules, findings, suite.data, device, report, on_films)
    return export_body(kept, place, is_new=is_new)
