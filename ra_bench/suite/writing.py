"""The board of everything that stands, written to its folder."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ra_bench.cohorts.folds import SITES
from ra_bench.cohorts.splits import plan_hash
from ra_bench.cohorts.visits import visit_numbers, with_visits
from ra_bench.errors import (
    PluginError,
    UnknownNameError,
)
from ra_bench.runs.plan import make_job, registered_model
from ra_bench.runs.records import standing_failures, standing_records
from ra_bench.suite.opening import ALL, DEFAULT_DATASET, DEFAULT_PROTOCOL, Suite, every
from ra_bench.training.protocol import asked_compute, protocol_hash

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ra_bench.plugins import Registry
    from ra_bench.suite.planning import Plan
    from ra_bench.values import Board, Job


def write_board(suite: Suite, plan: Plan, waiting: Sequence[Job], *, figures: bool = True) -> tuple[Board, str]:
    """The board of everything that stands now, and of what failed and was not done since, written to its folder.

    A renderer or figure that fails stops no run: all else is written, and the sentence on it is given back.
    """
    from ra_bench.boards.board import build_board
    from ra_bench.boards.ensembles import without_stale
    from ra_bench.boards.facts import setting_facts
    from ra_bench.boards.leaderboard import save_board

    folder = suite.runs / plan.board
    visits = visit_numbers(plan.cohort.samples)
    records = [
        replace(record, predictions=with_visits(record.predictions, visits))  # runs of before may not know them
        for record in standing_records(folder)[0]
        if is_current(suite, plan, record.job)
    ]
    failures = [failure for failure in standing_failures(folder) if is_current(suite, plan, failure.job)]
    records, stale = without_stale(records)
    finished = {record.job.key for record in records}
    board = build_board(
        plan.board,
        records=records,
        metrics=every(suite.registry, "metric"),
        failures=[*(failure for failure in failures if failure.job.key not in finished), *stale],
        waiting=[job for job in waiting if job.key not in finished],
        baselines=[name for name in suite.registry.names("model") if suite.registry.get("model", name).baseline],
        facts=setting_facts(plan.cohort, plan.splits, plan.protocol, command=_command(suite.registry, plan)),
        title=_title(plan),
        simulated=plan.cohort.simulated,
        private=plan.cohort.private,
    )
    try:
        renderers = every(suite.registry, "renderer")
        return save_board(board, records, suite.boards / plan.board, renderers, figures=figures), ""
    except PluginError as error:
        return board, str(error)


def _title(plan: Plan) -> str:
    folds = "" if plan.folds is None else ", leaving one site out" if plan.folds == SITES else f", {plan.folds} folds"
    return f"{plan.cohort.name}, protocol {plan.protocol.name}{folds}"


def _command(registry: Registry, plan: Plan) -> str:
    """The command that makes this board, without folders of this machine."""
    dataset = "PATH/cohort.toml" if plan.dataset.endswith(".toml") else plan.dataset
    name, compute = asked_compute(plan.protocol)
    protocol = name if name in registry.names("protocol") else f"PATH/{name}.toml"
    options = [
        "" if dataset == DEFAULT_DATASET else f" --dataset {dataset}",
        "" if protocol == DEFAULT_PROTOCOL else f" --protocol {protocol}",
        "" if plan.folds is None else f" --folds {plan.folds}",
        *(f" {_option(key, value)}" for key, value in compute.items()),
        *(f" --weights {model}={start.given.file}" for model, start in plan.weights.items()),
    ]
    return f"ra-bench run --models {ALL}{''.join(options)}"


def _option(key: str, value: object) -> str:
    """A key of a protocol's section `compute` as an option of `ra-bench run`."""
    flag = f"--{key.replace('_', '-')}"
    return flag if value is True else f"{flag} {value}"


def is_current(suite: Suite, plan: Plan, job: Job) -> bool:
    """Whether a job belongs on the plan's board: same cohort, split and protocol, and nothing stale."""
    if (job.cohort, job.split, job.protocol_hash) != _setting(plan):
        return False
    versions = {planned.job.model: planned.job.pretraining_version for planned in plan.jobs}
    try:
        today = make_job(
            suite.registry,
            registered_model(job),
            seed=job.seed,
            board=job.board,
            dataset=job.dataset,
            cohort=job.cohort,
            split=job.split,
            protocol=job.protocol,
            protocol_hash=job.protocol_hash,
            pretraining_version=versions.get(job.model, job.pretraining_version),
            fold=job.fold,
            weights=job.weights,
        )
    except (UnknownNameError, PluginError):
        return True  # a package of its model, trainer or pretraining set is not here, and nothing says that it changed
    return job.key == today.key


def _setting(plan: Plan) -> tuple[str, str, str]:
    """What all jobs of a board share: cohort version, split and protocol."""
    return plan.cohort.version, plan_hash(plan.splits), protocol_hash(plan.protocol)
