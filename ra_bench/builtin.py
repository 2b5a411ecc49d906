"""The suite's own datasets, metrics, trainer, protocols, launcher and renderers: registered like a guest's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ra_bench.hookspecs import hookimpl
from ra_bench.metrics import ccc, mae, pearson, rmse
from ra_bench.metrics.sums import ccc_from_sums, mae_from_sums, pearson_from_sums, rmse_from_sums
from ra_bench.specs import (
    DatasetSpec,
    FitTask,
    Fitted,
    LauncherSpec,
    MetricSpec,
    Observers,
    ProtocolSpec,
    RendererSpec,
    TrainerSpec,
    Work,
)

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence

    from ra_bench.values import Board, BoardFiles, Cohort, EpochReport, Failure, FindingSet, Job, RunRecord

_PROTOCOLS = Path(__file__).parent / "protocols"


@hookimpl
def register_datasets() -> list[DatasetSpec]:
    """The simulated hands, at one visit and at two, and the simulated chests to pretrain on."""
    return [
        DatasetSpec(
            name="synthetic-hands",
            load=_synthetic_hands,
            obtain="Simulated; drawn when first used.",
            citation="Simulated by ra-bench; no patient was involved.",
            licence="Apache-2.0",
        ),
        DatasetSpec(
            name="synthetic-hands-visits",
            load=_synthetic_hands_visits,
            obtain="Simulated, two visits a patient; drawn when first used.",
            citation="Simulated by ra-bench; no patient was involved.",
            licence="Apache-2.0",
        ),
        DatasetSpec(
            name="synthetic-chest",
            load=_synthetic_chest,
            task="findings",
            obtain="Simulated; drawn when first used, in CheXpert's layout.",
            citation="Simulated by ra-bench; no patient was involved.",
            licence="Apache-2.0",
        ),
    ]


@hookimpl
def register_metrics() -> list[MetricSpec]:
    """Correlation, two errors and concordance."""
    return [
        MetricSpec(
            name="rho",
            label="rho",
            unit="",
            compute=pearson,
            from_sums=pearson_from_sums,
            best="high",
            interval="percentile",
        ),
        MetricSpec(name="mae", label="MAE", unit="", compute=mae, from_sums=mae_from_sums, best="low", digits=1),
        MetricSpec(name="rmse", label="RMSE", unit="", compute=rmse, from_sums=rmse_from_sums, best="low", digits=1),
        MetricSpec(
            name="ccc",
            label="CCC",
            unit="",
            compute=ccc,
            from_sums=ccc_from_sums,
            best="high",
            interval="percentile",
        ),
    ]


@hookimpl
def register_trainers() -> list[TrainerSpec]:
    """The loop of training/loop.py."""
    return [TrainerSpec(name="standard", fit=_standard, many_devices=True)]


@hookimpl
def register_protocols() -> list[ProtocolSpec]:
    """The TOML files of ra_bench/protocols."""
    return [
        ProtocolSpec(name=name, file=_PROTOCOLS / f"{name}.toml") for name in ("smoke", "quick", "standard", "wang2022")
    ]


@hookimpl
def register_launchers() -> list[LauncherSpec]:
    """A process a job on this machine, or on a cluster of Ray's or Slurm's."""
    return [
        LauncherSpec(name="local", launch=_local),
        LauncherSpec(name="ray", launch=_ray, elsewhere=True),
        LauncherSpec(name="slurm", launch=_slurm, elsewhere=True),
    ]


@hookimpl
def register_renderers() -> list[RendererSpec]:
    """The board for people, and for programs."""
    return [
        RendererSpec(name="markdown", suffix=".md", render=_markdown),
        RendererSpec(name="json", suffix=".json", render=_json),
        RendererSpec(name="html", suffix=".html", render=_html, stem="index", takes_files=True),
    ]


# Each loads its module when called: `ra-bench list` must neither import torch nor draw a film.


def _synthetic_hands(data: Path) -> Cohort:
    from ra_bench.cohorts.synthetic.cohort import load_synthetic_hands

    return load_synthetic_hands(data)


def _synthetic_hands_visits(data: Path) -> Cohort:
    from ra_bench.cohorts.synthetic.visits.cohort import load_synthetic_hands_visits

    return load_synthetic_hands_visits(data)


def _synthetic_chest(data: Path) -> FindingSet:
    from ra_bench.cohorts.synthetic.chest import load_synthetic_chest

    return load_synthetic_chest(data)


def _standard(task: FitTask) -> Generator[EpochReport, None, Fitted]:
    from ra_bench.training.loop import fit

    return fit(task)


def _local(jobs: Sequence[Job], work: Work, observers: Observers, slots: int) -> Iterable[RunRecord | Failure]:
    from ra_bench.launchers.local import launch

    return launch(jobs, work, observers, slots)


def _ray(jobs: Sequence[Job], work: Work, observers: Observers, slots: int) -> Iterable[RunRecord | Failure]:
    from ra_bench.launchers.ray import launch

    return launch(jobs, work, observers, slots)


def _slurm(jobs: Sequence[Job], work: Work, observers: Observers, slots: int) -> Iterable[RunRecord | Failure]:
    from ra_bench.launchers.slurm import launch

    return launch(jobs, work, observers, slots)


def _markdown(board: Board) -> str:
    from ra_bench.boards.render.markdown import render

    return render(board)


def _html(board: Board, files: BoardFiles) -> str:
    from ra_bench.boards.render.html import render

    return render(board, files)


def _json(board: Board) -> str:
    from ra_bench.boards.render.json import render

    return render(board)
