"""The front office: registry, plan, launch, boards. What the command line and a notebook call."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from ra_bench.cohorts.splits import split_hash
from ra_bench.errors import BusyError, ProtocolError, RecordError, StorageError
from ra_bench.plugins import Registry, load_plugins
from ra_bench.runs.datasets import find_dataset, load_scores
from ra_bench.runs.plan import PlannedJob, cheapest_first, make_job, plan_jobs
from ra_bench.runs.records import LOG, job_folder, standing_records, write_failure
from ra_bench.runs.work import Workplace, do_job, films_of, split_for
from ra_bench.training.protocol import protocol_hash, read_protocol
from ra_bench.values import Board, Cohort, Failure, Job, Protocol, RunRecord, Split

if TYPE_CHECKING:
    from ra_bench.specs import Observers

BUILTINS = ("ra_bench.builtin",)
DEFAULT_DATASET = "synthetic-hands"
DEFAULT_PROTOCOL = "quick"
ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """A registry, and where runs, boards and data are kept."""

    registry: Registry
    plugin_files: tuple[Path, ...]
    without: tuple[str, ...]
    runs: Path
    boards: Path
    data: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A run before it starts: what is trained on what, and which jobs stand already."""

    board: str
    cohort: Cohort
    split: Split
    protocol: Protocol
    device: str
    jobs: tuple[PlannedJob, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A run after it ended: the board, its folder, and what failed."""

    board: Board
    folder: Path
    failures: tuple[Failure, ...]
    trained: int


def open_suite(
    *,
    plugin_files: Sequence[Path] = (),
    without: Sequence[str] = (),
    runs: Path = Path("runs"),
    boards: Path = Path("leaderboards"),
    data: Path,
) -> Suite:
    """Load the plugins and remember the folders. Creates nothing."""
    return Suite(
        registry=load_plugins(BUILTINS, files=plugin_files, without=without),
        plugin_files=tuple(file.resolve() for file in plugin_files),
        without=tuple(without),
        runs=runs,
        boards=boards,
        data=data,
    )


def plan(
    suite: Suite,
    *,
    models: Sequence[str] = (ALL,),
    dataset: str = DEFAULT_DATASET,
    protocol: str = DEFAULT_PROTOCOL,
    seeds: Sequence[int] = (),
    device: str = "auto",
    afresh: bool = False,
) -> Plan:
    """Find out what a run means and which of its jobs stand. Trains nothing.

    Raises
    ------
    UnknownNameError, ProtocolError, CohortError
        A name that nobody registered, a file that cannot be read, a cohort that cannot be used.
    """
    names = _models(suite.registry, models)
    rules = find_protocol(suite.registry, protocol)
    cohort = load_scores(find_dataset(suite.registry, dataset), suite.data)
    split = split_for(cohort, rules)
    board = board_name(cohort.name, rules.name)
    jobs = [
        make_job(
            suite.registry,
            name,
            seed=seed,
            board=board,
            dataset=str(Path(dataset).resolve()) if dataset.endswith(".toml") else dataset,
            cohort=cohort.version,
            split=split_hash(split),
            protocol=rules.name,
            protocol_hash=protocol_hash(rules),
        )
        for name in names
        for seed in (seeds or rules.seeds)
    ]
    planned = plan_jobs(jobs, suite.runs, afresh=afresh)
    return Plan(board=board, cohort=cohort, split=split, protocol=rules, device=device, jobs=tuple(planned))


def run(
    suite: Suite,
    plan: Plan,
    *,
    observers: Observers,
    on_films: Callable[[int, int], None] | None = None,
    on_board: Callable[[Board], None] | None = None,
    launcher: str = "local",
) -> Outcome:
    """Do the jobs that do not stand, cheapest first, and write the board after each.

    Parameters
    ----------
    observers
        Told of every start, epoch and end, together with the observers among the plugins.
    on_films
        Gets (films done, films in all) while films are decoded.
    on_board
        Gets the board each time it was written.

    Raises
    ------
    BusyError
        Another run works on the same board's folder.
    """
    launch = suite.registry.get("launcher", launcher).launch
    with _alone(suite.runs / plan.board):
        films_of(plan.cohort, plan.split, plan.protocol, suite.data, on_films)
        due = [planned.job for planned in plan.jobs if planned.record is None]
        failures: dict[str, Failure] = {}
        done = 0
        outcome = _write_board(suite, plan, due, failures)
        for result in launch(due, _work(suite, plan), observers):
            done += 1
            if isinstance(result, Failure):
                failures[result.job.key] = _kept(suite, result)
            outcome = _write_board(suite, plan, due[done:], failures)
            if on_board is not None:
                on_board(outcome)
    return Outcome(
        board=outcome,
        folder=suite.boards / plan.board,
        failures=tuple(failures.values()),
        trained=done - len(failures),
    )


def board_name(cohort: str, protocol: str) -> str:
    """A board holds one cohort and one protocol; the default protocol is not named."""
    return cohort if protocol == DEFAULT_PROTOCOL else f"{cohort}-{protocol}"


def find_protocol(registry: Registry, name: str) -> Protocol:
    """The protocol registered under a name, or the one in a TOML file.

    Raises
    ------
    UnknownNameError, ProtocolError
        Nobody registered it, or the file cannot be read.
    """
    if not name.endswith(".toml"):
        return read_protocol(registry.get("protocol", name).file)
    return read_protocol(Path(name))


def _models(registry: Registry, wanted: Sequence[str]) -> tuple[str, ...]:
    """Names asked for, `all` spelt out, cheapest first."""
    every = [name for name in registry.names("model") if registry.get("model", name).in_all]
    names = [name for asked in wanted for name in (every if asked == ALL else [asked])]
    return cheapest_first(registry, names)


def _work(suite: Suite, plan: Plan) -> partial[RunRecord]:
    workplace = Workplace(
        runs=suite.runs.resolve(),
        data=suite.data.resolve(),
        device=plan.device,
        protocol=plan.protocol,
        builtins=BUILTINS,
        plugin_files=suite.plugin_files,
        without=suite.without,
    )
    return partial(do_job, workplace)


def _kept(suite: Suite, failure: Failure) -> Failure:
    """A failure with the place of its log, written into the job's folder."""
    folder = job_folder(suite.runs, failure.job)
    kept = replace(failure, log=str(folder / LOG))
    folder.mkdir(parents=True, exist_ok=True)
    write_failure(folder, kept)
    return kept


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold a folder for one run.

    Raises
    ------
    BusyError
        Another process holds it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"Cannot make the folder {folder}: {error.strerror}. Choose another with --runs.") from error
    lock = FileLock(folder / ".lock", blocking=False)
    try:
        lock.acquire()
    except Timeout as error:
        raise BusyError(
            f"Another run is working in {folder}. Wait until it ends, or give this one a folder of its own with --runs."
        ) from error
    try:
        yield
    finally:
        lock.release()


def _standing(suite: Suite, plan: Plan) -> list[RunRecord]:
    """Records that belong on the plan's board: same cohort, split and protocol, and nothing stale."""
    some = plan.jobs[0].job
    found = []
    for record in standing_records(suite.runs / plan.board):
        job = record.job
        same = (job.cohort, job.split, job.protocol_hash) == (some.cohort, some.split, some.protocol_hash)
        if same and job.key == _current_key(suite.registry, job):
            found.append(record)
    return found


def _current_key(registry: Registry, job: Job) -> str:
    """The key that a job has with the plugins of today; its own where its model is not installed."""
    if job.model not in registry.names("model"):
        return job.key
    return make_job(
        registry,
        job.model,
        seed=job.seed,
        board=job.board,
        dataset=job.dataset,
        cohort=job.cohort,
        split=job.split,
        protocol=job.protocol,
        protocol_hash=job.protocol_hash,
    ).key
