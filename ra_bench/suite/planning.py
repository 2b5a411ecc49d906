"""What a run means, and which of its jobs stand. Trains nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ra_bench.cohorts.folds import SITES
from ra_bench.cohorts.splits import plan_hash
from ra_bench.runs.datasets import find_dataset, load_findings, load_scores
from ra_bench.runs.plan import PlannedJob, Shard, cheapest_first, dealt, make_job, plan_jobs
from ra_bench.runs.protocols import find_protocol
from ra_bench.runs.records import standing_records
from ra_bench.runs.weights import Start, find_weights, weights_text
from ra_bench.runs.work import splits_for
from ra_bench.suite.opening import ALL, DEFAULT_DATASET, DEFAULT_PROTOCOL, Suite
from ra_bench.training.protocol import base_size, protocol_hash, with_compute
from ra_bench.values import Cohort, Fold, Folds, Protocol, SplitPlan

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ra_bench.cohorts.store import OnFilms
    from ra_bench.plugins import Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A run before it starts: what is trained on what, and which jobs stand already."""

    board: str
    cohort: Cohort
    splits: SplitPlan
    protocol: Protocol
    folds: Folds
    dataset: str
    device: str
    jobs: tuple[PlannedJob, ...]
    #: Also what an earlier try of a job kept is not used.
    afresh: bool = False
    #: Weights that were given, by model.
    weights: Mapping[str, Start] = field(default_factory=dict)


def plan(
    suite: Suite,
    *,
    models: Sequence[str] = (ALL,),
    dataset: str = DEFAULT_DATASET,
    protocol: str = DEFAULT_PROTOCOL,
    seeds: Sequence[int] = (),
    folds: Folds = None,
    shard: Shard | None = None,
    device: str = "auto",
    compute: Mapping[str, Any] = MappingProxyType({}),
    weights: Sequence[str] = (),
    afresh: bool = False,
    retry_failed: bool = False,
    keep_films: bool = True,
    on_films: OnFilms | None = None,
) -> Plan:
    """Find out what a run means and which of its jobs stand. Trains nothing.

    `folds` is a number of folds of patients, "sites" for a fold a site, or None to split once; see cohorts/folds.py.
    `compute` are keys of the protocol's section of that name; with them the run has a board of its own.
    `shard` takes one part of the jobs, for one of several machines.
    `afresh` and `retry_failed` are as in `runs.plan.plan_jobs`.
    `weights` are as behind `--weights`; see runs/weights.py.

    Films of a cohort.toml that were not seen before are decoded to know them, and stored for the training on the way
    if `keep_films` says so and the protocol uses all of them. `on_films` is as in `run`.

    Raises
    ------
    UnknownNameError, ProtocolError, CohortError
        A name that nobody registered, a file that cannot be read, a cohort that cannot be used.
    WeightsError
        Weights that cannot be read or fetched, or do not fit.
    """
    names = _models(suite.registry, models)
    rules = with_compute(find_protocol(suite.registry, protocol), compute)
    size = base_size(rules) if keep_films and rules.max_films is None else None
    found = find_dataset(suite.registry, dataset, size=size, on_films=on_films)
    cohort = load_scores(found, suite.data)
    splits = splits_for(cohort, rules, folds)
    board = board_name(cohort.name, rules.name, folds)
    starts = find_weights(suite.registry, weights, names, suite.data)
    versions = _pretraining_versions(suite, [name for name in names if name not in starts])
    jobs = [
        make_job(
            suite.registry,
            name,
            seed=seed,
            board=board,
            dataset=found.name,
            cohort=cohort.version,
            split=plan_hash(splits),
            protocol=rules.name,
            protocol_hash=protocol_hash(rules),
            pretraining_version=versions.get(name),
            fold=fold,
            weights=starts[name].given.sha256 if name in starts else None,
        )
        for name in names
        for seed in (seeds or rules.seeds)
        for fold in _folds(splits)
    ]
    return Plan(
        board=board,
        cohort=cohort,
        splits=splits,
        protocol=rules,
        folds=folds,
        dataset=str(Path(dataset).resolve()) if dataset.endswith(".toml") else dataset,
        device=device,
        jobs=tuple(
            plan_jobs(
                jobs if shard is None else dealt(jobs, shard),
                rules,
                suite.runs,
                afresh=afresh,
                retry_failed=retry_failed,
            )
        ),
        afresh=afresh,
        weights=starts,
    )


def board_name(cohort: str, protocol: str, folds: Folds = None) -> str:
    """A board holds one cohort, one protocol and one split plan; the default protocol and a single split are not named.

    Examples
    --------
    >>> board_name("clinic", "quick"), board_name("clinic", "smoke", 5), board_name("clinic", "quick", "sites")
    ('clinic', 'clinic-smoke-5-folds', 'clinic-sites')
    """
    name = cohort if protocol == DEFAULT_PROTOCOL else f"{cohort}-{protocol}"
    if folds is None:
        return name
    return f"{name}-{folds}" if folds == SITES else f"{name}-{folds}-folds"


def _folds(splits: SplitPlan) -> list[Fold | None]:
    """What its jobs test: a fold each, or all there is."""
    count = len(splits.splits)
    if count == 1:
        return [None]
    sites = splits.sites or ("",) * count
    return [Fold(number=number, of=count, site=site) for number, site in enumerate(sites, start=1)]


def _models(registry: Registry, wanted: Sequence[str]) -> tuple[str, ...]:
    """Names asked for, `all` spelt out, cheapest first."""
    every = [name for name in registry.names("model") if registry.get("model", name).in_all]
    names = [name for asked in wanted for name in (every if asked == ALL else [asked])]
    return cheapest_first(registry, names)


def _pretraining_versions(suite: Suite, models: Sequence[str]) -> dict[str, str | None]:
    """The version of each model's pretraining set, which its result depends on; each set is loaded once."""
    wanted = {name: suite.registry.get("model", name).pretraining for name in models}
    known = {name: suite.registry.get("dataset", name) for name in suite.registry.names("dataset")}
    sets = [known[name] for name in dict.fromkeys(wanted.values()) if name in known and known[name].task == "findings"]
    versions = {spec.name: load_findings(spec, suite.data).version for spec in sets}
    return {model: versions.get(name) for model, name in wanted.items()}


def about_weights(plan: Plan) -> list[str]:
    """A sentence or two on the weights that each model was given, and what of them fits."""
    return [f"{model}: {weights_text(start.given)}" for model, start in plan.weights.items()]


def unreadable_records(suite: Suite, plan: Plan) -> list[str]:
    """A sentence each on records in the board's folder that cannot be read, and so are not on the board."""
    return [str(error) for error in standing_records(suite.runs / plan.board)[1]]
