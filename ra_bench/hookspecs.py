"""Every hook. Providers return specs; observers return nothing and steer nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from collections.abc import Iterable

    import click

    from ra_bench.specs import (
        CollectionSpec,
        DatasetSpec,
        LauncherSpec,
        MetricSpec,
        ModelSpec,
        ProtocolSpec,
        RendererSpec,
        TrainerSpec,
    )
    from ra_bench.values import EpochReport, Failure, Job, RunRecord

PROJECT = "ra_bench"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def register_datasets() -> Iterable[DatasetSpec]:
    """Cohorts and pretraining sets, by name."""
    raise NotImplementedError


@hookspec
def register_models() -> Iterable[ModelSpec]:
    """Models that can be trained and measured."""
    raise NotImplementedError


@hookspec
def register_collections() -> Iterable[CollectionSpec]:
    """Collections of models that are found by name when asked for, such as all of a library."""
    raise NotImplementedError


@hookspec
def register_metrics() -> Iterable[MetricSpec]:
    """Columns of the board, in order."""
    raise NotImplementedError


@hookspec
def register_trainers() -> Iterable[TrainerSpec]:
    """Ways to train; a model chooses one by name."""
    raise NotImplementedError


@hookspec
def register_protocols() -> Iterable[ProtocolSpec]:
    """Protocols as TOML files."""
    raise NotImplementedError


@hookspec
def register_launchers() -> Iterable[LauncherSpec]:
    """Places where jobs run."""
    raise NotImplementedError


@hookspec
def register_renderers() -> Iterable[RendererSpec]:
    """Files that a board is written to."""
    raise NotImplementedError


@hookspec
def register_commands(cli: click.Group) -> None:
    """Add commands of your own to `ra-bench`."""


@hookspec
def on_job_start(job: Job) -> None:
    """A job was handed to its process."""


@hookspec
def on_epoch_end(job: Job, report: EpochReport) -> None:
    """An epoch of a job ended."""


@hookspec
def on_job_end(job: Job, record: RunRecord | Failure) -> None:
    """A job ended: with a record, or with a failure that says why."""
