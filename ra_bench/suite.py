"""The front office: registry, plan, launch, boards. What the command line and a notebook call."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from ra_bench.cohorts.folds import SITES
from ra_bench.cohorts.splits import plan_hash
from ra_bench.errors import (
    AttentionError,
    CohortError,
    LauncherError,
    PluginError,
    RaBenchError,
    RecordError,
    TrainingError,
    UnknownNameError,
)
from ra_bench.plugins import Registry, load_plugins
from ra_bench.runs.datasets import find_dataset, find_findings, load_findings, load_scores
from ra_bench.runs.gather import combined, gather
from ra_bench.runs.gpus import check_gpus, gpus_for
from ra_bench.runs.lock import alone
from ra_bench.runs.merge import folds_of, join, of_board, protocol_of, refusals, strangers
from ra_bench.runs.plan import PlannedJob, Shard, cheapest_first, dealt, make_job, plan_jobs, registered_model
from ra_bench.runs.protocols import find_protocol
from ra_bench.runs.records import LOG, job_folder, standing_failures, standing_records, write_failure
from ra_bench.runs.weights import Start, find_weights, weights_text
from ra_bench.runs.work import JobWork, Workplace, films_of, splits_for
from ra_bench.training.progress_file import RESUME, forget_progress
from ra_bench.training.protocol import asked_compute, base_size, protocol_hash, with_compute, with_overrides
from ra_bench.values import Board, Cohort, EpochReport, Failure, Fold, Folds, Job, Protocol, SplitPlan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ra_bench.attention.look import FilmLook
    from ra_bench.attention.values import Attention
    from ra_bench.cohorts.store import OnFilms
    from ra_bench.costs.values import Bench, Measured, NotMeasured
    from ra_bench.publishing.check import Checked
    from ra_bench.publishing.verify import Verified
    from ra_bench.reports.check import CohortReport
    from ra_bench.reports.columns import Columns
    from ra_bench.reports.front import Wishes
    from ra_bench.reports.paper.views import PaperTables
    from ra_bench.reports.values import ModelReport, ReadersReport
    from ra_bench.runs.export import Body
    from ra_bench.runs.gather import Gathered
    from ra_bench.runs.merge import BoardRuns
    from ra_bench.specs import LauncherSpec, MetricSpec, Observers, RendererSpec

Made = TypeVar("Made")
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A run after it ended: the board, its folder, what failed and still does, and what else the user must know."""

    board: Board
    folder: Path
    failures: tuple[Failure, ...]
    trained: int
    trouble: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """The report on predictions, and the board that got a row of them, where one was asked for."""

    report: ModelReport
    board: Board | None = None
    folder: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinedBoard:
    """The jobs of one board, how many finished ones are new, its folder, and what the user must know.

    `folder` is None where the board could not be written.
    """

    runs: BoardRuns
    new: int
    folder: Path | None
    trouble: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """What came of joining folders of runs: a board each, and a sentence on each job that cannot be read."""

    boards: tuple[JoinedBoard, ...]
    broken: tuple[str, ...]


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


def run(
    suite: Suite,
    plan: Plan,
    *,
    observers: Observers,
    on_films: OnFilms | None = None,
    launcher: str = "local",
    slots: int | None = None,
    timeout: float | None = None,
    devices: int = 1,
    gpus: tuple[str, ...] | None = None,
) -> Outcome:
    """Do the jobs that are due, cheapest first, and write the board after each.

    Parameters
    ----------
    observers
        Told of every start, epoch and end.
    on_films
        Gets what is done, such as "Decoding", films done and films in all.
    launcher
        The name of a registered launcher.
    slots
        Jobs that may run at a time. If not given: as many as GPUs suffice for, or one on a CPU; elsewhere all.
    timeout
        Seconds that a job may take.
    devices
        Those of each job, which share its batches: GPUs, or processes on a CPU.
    gpus
        GPUs that jobs may use, as CUDA_VISIBLE_DEVICES names them; all that the device means, if not given.

    Raises
    ------
    TrainingError
        The device is not there, or not as often as a job is to have it.
    LauncherError
        A launcher of other machines is to use several devices a job.
    BusyError
        Another run works on the same board's folder.
    StorageError
        A file cannot be written.
    """
    place: LauncherSpec = suite.registry.get("launcher", launcher)
    if not place.elsewhere:
        _check_device(plan.device)
    elif devices > 1:
        raise LauncherError(
            f"--devices {devices} is for the launcher 'local'; a job of '{place.name}' has one device. Leave out "
            "--devices or --launcher."
        )
    with alone(suite.runs / plan.board):
        due = [planned.job for planned in plan.jobs if planned.due]
        if gpus is None:
            gpus = gpus_for(plan.device) if due and not place.elsewhere else ()
        if due:
            if not place.elsewhere:
                check_gpus(plan.device, devices, gpus)
            films_of(plan.cohort, plan.splits.splits[0], plan.protocol, suite.data, on_films)  # as all folds have
        for planned in plan.jobs:
            if planned.record is not None or plan.afresh:
                forget_progress(job_folder(suite.runs, planned.job) / RESUME)
        before = {planned.job.key: planned.failure for planned in plan.jobs}
        failed = [planned.failure for planned in plan.jobs if planned.failure and not planned.due]
        waiting = {planned.job.key: planned.job for planned in plan.jobs if planned.record is None}
        board, trouble = _write_board(suite, plan, list(waiting.values()), figures=not due)
        trained = 0
        usual = len(due) if place.elsewhere else len(gpus) // devices
        work = _work(suite, plan, timeout=timeout, devices=devices, gpus=gpus)
        for done, result in enumerate(place.launch(due, work, observers, slots or max(1, usual)), start=1):
            del waiting[result.job.key]
            if isinstance(result, Failure):
                failed.append(_kept(suite, result, before[result.job.key]))
            else:
                trained += 1
            # Figures take seconds, and the next job would change them.
            board, trouble = _write_board(suite, plan, list(waiting.values()), figures=done == len(due))
    return Outcome(
        board=board, folder=suite.boards / plan.board, failures=tuple(failed), trained=trained, trouble=trouble
    )


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

    _check_device(device)
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


def _work(
    suite: Suite, plan: Plan, *, timeout: float | None = None, devices: int = 1, gpus: tuple[str, ...] = ()
) -> JobWork:
    workplace = Workplace(
        runs=suite.runs.resolve(),
        data=suite.data.resolve(),
        dataset=plan.dataset,
        device=plan.device,
        protocol=plan.protocol,
        folds=plan.folds,
        builtins=BUILTINS,
        plugin_files=suite.plugin_files,
        without=suite.without,
        weights={model: start.file for model, start in plan.weights.items()},
    )
    return JobWork(workplace=workplace, timeout=timeout, devices=devices, gpus=gpus)


def _check_device(name: str) -> None:
    """Refuse a device that is not there before anything starts; auto and cpu always are, and need no torch here."""
    if name not in {"auto", "cpu"}:
        from ra_bench.training.device import resolve

        resolve(name)


def _kept(suite: Suite, failure: Failure, before: Failure | None) -> Failure:
    """A failure with its time, the place of its log, if it came so far, and how often in a row it came.

    It is written into the job's folder.
    """
    folder = job_folder(suite.runs, failure.job)
    log = folder / LOG
    again = before is not None and (before.kind, before.reason) == (failure.kind, failure.reason)
    kept = replace(
        failure,
        log=str(log) if log.exists() else "",
        ended=datetime.now(UTC).isoformat(timespec="seconds"),
        tries=before.tries + 1 if before is not None and again else 1,
    )
    write_failure(folder, kept)
    return kept


def _is_current(suite: Suite, plan: Plan, job: Job) -> bool:
    """Whether a job belongs on the plan's board: same cohort, split and protocol, and nothing stale."""
    if (job.cohort, job.split, job.protocol_hash) != _setting(plan):
        return False
    model = registered_model(job)
    if model not in suite.registry.names("model"):
        return True  # its package is not installed here, and nothing says that it changed
    versions = {planned.job.model: planned.job.pretraining_version for planned in plan.jobs}
    try:
        today = make_job(
            suite.registry,
            model,
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
    except PluginError:
        return True  # so it is with the package of its trainer or its pretraining set
    return job.key == today.key


def _setting(plan: Plan) -> tuple[str, str, str]:
    """What all jobs of a board share: cohort version, split and protocol."""
    return plan.cohort.version, plan_hash(plan.splits), protocol_hash(plan.protocol)


def unreadable_records(suite: Suite, plan: Plan) -> list[str]:
    """A sentence each on records in the board's folder that cannot be read, and so are not on the board."""
    return [str(error) for error in standing_records(suite.runs / plan.board)[1]]


def about_weights(plan: Plan) -> list[str]:
    """A sentence or two on the weights that each model was given, and what of them fits."""
    return [f"{model}: {weights_text(start.given)}" for model, start in plan.weights.items()]


def _write_board(suite: Suite, plan: Plan, waiting: Sequence[Job], *, figures: bool = True) -> tuple[Board, str]:
    """The board of everything that stands now, and of what failed and was not done since, written to its folder.

    A renderer or figure that fails stops no run: all else is written, and the sentence on it is given back.
    """
    from ra_bench.boards.board import build_board
    from ra_bench.boards.facts import setting_facts
    from ra_bench.boards.leaderboard import save_board

    folder = suite.runs / plan.board
    records = [record for record in standing_records(folder)[0] if _is_current(suite, plan, record.job)]
    failures = [failure for failure in standing_failures(folder) if _is_current(suite, plan, failure.job)]
    finished = {record.job.key for record in records}
    board = build_board(
        plan.board,
        records=records,
        metrics=_every(suite.registry, "metric"),
        failures=[failure for failure in failures if failure.job.key not in finished],
        waiting=[job for job in waiting if job.key not in finished],
        baselines=[name for name in suite.registry.names("model") if suite.registry.get("model", name).baseline],
        facts=setting_facts(plan.cohort, plan.splits, plan.protocol, command=_command(suite.registry, plan)),
        title=_title(plan),
        simulated=plan.cohort.simulated,
        private=plan.cohort.private,
    )
    try:
        renderers = _every(suite.registry, "renderer")
        return save_board(board, records, suite.boards / plan.board, renderers, figures=figures), ""
    except PluginError as error:
        return board, str(error)


def _title(plan: Plan) -> str:
    folds = "" if plan.folds is None else ", leaving one site out" if plan.folds == SITES else f", {plan.folds} folds"
    return f"{plan.cohort.name}, protocol {plan.protocol.name}{folds}"


def rebuild_boards(
    suite: Suite, names: Sequence[str] = (), *, thumbnails: str | None = None
) -> Iterator[tuple[Path, str]]:
    """Write boards anew from their records and published rows; each with a sentence on what it was made from.

    With the name of a dataset, or the path of a cohort.toml, as `thumbnails`, pictures of the films read worst are put
    on the page of the boards that are named.

    Raises
    ------
    UnknownNameError, RecordError
        No board of that name, or boards that cannot be made, after all that can be are written; thumbnails of no
        named board, of a private cohort, or of other films.
    """
    from ra_bench.boards.leaderboard import rebuild

    if thumbnails is not None:
        there = _board_folders(suite, names)
        _put_thumbnails(suite, [there[name] for name in names], thumbnails)
    for folder, found in _each_board(suite, names, rebuild):
        yield folder, found.source


def check_boards(suite: Suite, names: Sequence[str] = ()) -> Iterator[tuple[Path, Checked]]:
    """Make boards again beside their folders, and tell where these hold something else. Writes nothing.

    Raises
    ------
    UnknownNameError, RecordError
        No board of that name, or boards that cannot be made, after all others are checked.
    """
    from ra_bench.publishing.check import check_board

    yield from _each_board(suite, names, check_board)


def publish_board(suite: Suite, name: str, out: Path | None = None) -> tuple[Path, list[str]]:
    """Put a board together in a folder, `published/<board>` if none is given; its path, and the files in it.

    Raises
    ------
    UnknownNameError, RecordError
        No board of that name, or one whose files are not what its records give.
    StorageError
        The folder holds something else, or cannot be written to.
    """
    from ra_bench.publishing.publish import published_files, write_published

    folder, checked = _one_board(suite, name)
    target = Path("published") / name if out is None else out
    return target, write_published(published_files(suite.registry, folder, checked), target)


def export_board(
    suite: Suite, name: str, kind: str, *, model: str | None = None, hub_dataset: str | None = None
) -> str:
    """A board as "latex", "csv", "hf" (a model's results for the Hugging Face Hub) or "methods" (a paragraph).

    Raises
    ------
    UnknownNameError, RecordError
        No board or row of that name, or one that cannot be exported so.
    """
    from ra_bench.publishing.hub import eval_results
    from ra_bench.publishing.latex import latex
    from ra_bench.publishing.methods import methods
    from ra_bench.publishing.spreadsheet import spreadsheet

    _, checked = _one_board(suite, name)
    board, records = checked.made.board, checked.made.records
    makers: dict[str, Callable[[], str]] = {
        "latex": lambda: latex(board),
        "csv": lambda: spreadsheet(board),
        "hf": lambda: eval_results(board, records, model=model, hub_dataset=hub_dataset),
        "methods": lambda: methods(board, records),
    }
    return makers[kind]()


def verify_folder(suite: Suite, folder: Path, *, dataset: str | None = None, tolerance: float = 0.1) -> Verified:
    """Measure the predictions of a folder that somebody handed in, and mark each row of its board.

    `dataset` is the path of the cohort.toml of its films, where no plugin registers them.

    Raises
    ------
    RecordError
        No board in the folder, or records that do not belong together.
    """
    from ra_bench.publishing.readings import find_readings
    from ra_bench.publishing.verify import read_submission, verify

    given = read_submission(folder)
    readings = find_readings(suite.registry, suite.data, given.records, dataset)
    return verify(given, readings, _every(suite.registry, "metric"), (suite.runs, suite.boards), tolerance)


def _one_board(suite: Suite, name: str) -> tuple[Path, Checked]:
    return next(check_boards(suite, [name]))


def _each_board(
    suite: Suite, names: Sequence[str], make: Callable[[Path, list[MetricSpec], list[RendererSpec]], Made]
) -> Iterator[tuple[Path, Made]]:
    """What `make` gives for each board or for those named; those that cannot be made are told of at the end."""
    there = _board_folders(suite, names)
    broken = []
    for name in names or there:
        try:
            found = make(there[name], _every(suite.registry, "metric"), _every(suite.registry, "renderer"))
        except RaBenchError as error:
            broken.append(f"Board '{name}': {error}")
        else:
            yield there[name], found
    if broken:
        raise RecordError("\n".join(broken))


def _board_folders(suite: Suite, names: Sequence[str]) -> dict[str, Path]:
    """The folder of every board, after a look whether those named are among them."""
    there = {folder.name: folder for folder in sorted(suite.boards.glob("*")) if folder.is_dir()}
    if not there:
        raise RecordError(
            f"No board in {suite.boards}. Make one with 'ra-bench run', or name the folder with --boards."
        )
    for name in names:
        if name not in there:
            raise UnknownNameError(
                "board", name, there, "Make it with 'ra-bench run', or name the folder with --boards."
            )
    return there


def _put_thumbnails(suite: Suite, folders: Sequence[Path], dataset: str) -> None:
    from ra_bench.reports.thumbnails import make_thumbnails

    if not folders:
        raise RecordError("--thumbnails shows films of one cohort: name the boards that were measured on it.")
    cohort = load_scores(find_dataset(suite.registry, dataset), suite.data)
    for folder in folders:
        make_thumbnails(folder, cohort)


def merge_runs(suite: Suite, folders: Sequence[Path], datasets: Sequence[str] = ()) -> Joined:
    """Join folders of runs into the suite's, and write the boards of what came; trains nothing.

    Parameters
    ----------
    folders
        Folders that other machines gave to --runs. They are only read.
    datasets
        Paths of the `cohort.toml` of cohorts that no plugin registers.

    Raises
    ------
    RecordError
        No such folder, no job in any, or jobs that do not belong together: nothing is written then.
    BusyError, StorageError
        A run is at work on a board, or a file cannot be written.
    """
    theirs = _gathered(folders)
    names = sorted({found.job.board for found in theirs.jobs})
    every = combined(gather(suite.runs / name for name in names), theirs)
    known = {find_dataset(suite.registry, dataset).name: dataset for dataset in datasets}
    refused = [f"Board '{name}': {said}" for name in names for said in refusals(name, every)]
    plans: dict[str, Plan | str] = {}
    for name in names if not refused else ():
        runs = of_board(name, every)
        plans[name] = found = _recorded_plan(suite, runs, known)
        if not isinstance(found, str):
            refused += [f"Board '{name}': {said}" for said in strangers(runs, found.cohort, found.splits)]
    if refused:
        raise RecordError("\n".join([*refused, "Nothing was joined. Leave out what does not belong, and try again."]))
    return Joined(
        boards=tuple(_joined(suite, of_board(name, every), plans[name]) for name in names), broken=every.broken
    )


def _gathered(folders: Sequence[Path]) -> Gathered:
    for folder in folders:
        if not folder.is_dir():
            raise RecordError(f"There is no folder {folder}. Give the folders that the other runs had as --runs.")
    found = gather(folders)
    if not (found.jobs or found.broken):
        raise RecordError(
            f"No job in {', '.join(map(str, folders))}. Give the folders that the other runs had as --runs."
        )
    return found


def _recorded_plan(suite: Suite, runs: BoardRuns, datasets: Mapping[str, str]) -> Plan | str:
    """The plan that jobs were made by, as far as it is needed to write their board; or why it is not known here.

    Raises
    ------
    RecordError
        The cohort here is not the one of the jobs.
    """
    job = runs.jobs[0].job
    if job.dataset not in datasets and job.dataset not in suite.registry.names("dataset"):
        return (
            f"the cohort '{job.dataset}' is not known here. Give its description with --dataset PATH/cohort.toml, or "
            "the plugin that brings it with -p FILE.py, and merge again"
        )
    protocol = protocol_of(suite.registry, runs)
    if protocol is None:
        return f"the protocol '{job.protocol}' is not known here. 'ra-bench run' with it writes the board"
    dataset = datasets.get(job.dataset, job.dataset)
    try:
        cohort = load_scores(find_dataset(suite.registry, dataset), suite.data)
    except CohortError as error:
        return f"the cohort '{job.dataset}' cannot be loaded here: {error}"
    folds = folds_of(runs)
    splits = splits_for(cohort, protocol, folds) if cohort.version == job.cohort else None
    if splits is None or plan_hash(splits) != job.split:
        what, was, now = (
            ("version", job.cohort, cohort.version) if splits is None else ("split", job.split, plan_hash(splits))
        )
        raise RecordError(
            f"Board '{runs.name}': the jobs are of {what} {was[:16]} of the cohort '{cohort.name}', and the cohort "
            f"here has {now[:16]}. Nothing was joined. Give the data that the jobs were done on."
        )
    return Plan(
        board=runs.name,
        cohort=cohort,
        splits=splits,
        protocol=protocol,
        folds=folds,
        dataset=dataset,
        device="auto",
        jobs=(),
    )


def _joined(suite: Suite, runs: BoardRuns, plan: Plan | str) -> JoinedBoard:
    with alone(suite.runs / runs.name):
        new = join(runs, suite.runs)
        if isinstance(plan, str):
            trouble, folder = f"Its board is not written: {plan}", None
        else:
            waiting = [left.job for left in runs.unfinished if _is_current(suite, plan, left.job)]
            _, trouble = _write_board(suite, plan, waiting)
            folder = suite.boards / runs.name
    return JoinedBoard(runs=runs, new=new, folder=folder, trouble=trouble)


def score_predictions(
    suite: Suite,
    source: Path,
    *,
    columns: Columns | None = None,
    name: str | None = None,
    dataset: str | None = None,
    board: str | None = None,
    wishes: Wishes | None = None,
) -> Scored:
    """Measure predictions that anybody made, or those of a finished run; on request also as a row of a board.

    Raises
    ------
    CohortError, RecordError
        A table, a run or a board that cannot be read, films that do not match, or a name that is taken.
    """
    from ra_bench.boards.facts import scale_of
    from ra_bench.reports.board_row import add_row, on_board, open_board
    from ra_bench.reports.front import Wishes, known_films, scored
    from ra_bench.reports.tables import read_model_predictions

    alone_known = dataset is None and board is None
    model = read_model_predictions(source, columns, name=name, needs_reference=alone_known)
    known = None if dataset is None else known_films(suite.registry, dataset, suite.data)
    if board is None:
        return Scored(report=scored(model, known, wishes or Wishes()))
    opened = open_board(suite.boards / board, suite.runs / board)
    model = on_board(model, opened)
    wishes = wishes or Wishes()
    report = scored(model, None, replace(wishes, scale=wishes.scale or scale_of(opened.board)))
    with alone(suite.runs / board):
        made = add_row(
            opened,
            model,
            runs=suite.runs,
            installed=suite.registry.names("model"),
            metrics=_every(suite.registry, "metric"),
            renderers=_every(suite.registry, "renderer"),
        )
    return Scored(report=report, board=made, folder=opened.folder)


def rescore_board(suite: Suite, name: str, labels: str, reread: Path | None = None) -> tuple[Board, Path]:
    """Measure a board's stored predictions on other labels; write a board of its own, and give it with its folder.

    `reread` is a sheet of films that were read again, whose scores are put into the labels first.

    Raises
    ------
    CohortError, RecordError
        A board or runs that cannot be read, labels of other films, on another scale, or the same as before.
    TableError
        A sheet that cannot be read, or of other films.
    """
    from ra_bench.boards.leaderboard import save_board
    from ra_bench.reports.reread.merge import with_reread
    from ra_bench.reports.rescore import read_scorable, rescored

    metrics = _every(suite.registry, "metric")
    found = read_scorable(suite.boards / name, suite.runs / name, metrics)
    cohort = load_scores(find_dataset(suite.registry, labels), suite.data)
    again = None if reread is None else with_reread(cohort, reread)
    board, records = rescored(found, cohort if again is None else again.cohort, metrics, reread=again)
    folder = suite.boards / board.name
    return save_board(board, records, folder, _every(suite.registry, "renderer")), folder


def films_to_reread(
    suite: Suite,
    name: str,
    *,
    films: int = 20,
    margin: float | None = None,
    readers: Sequence[str] = (),
    file: Path | None = None,
) -> list[str]:
    """Write a sheet of films to be read again, `<board>-reread.csv` if no file is named: see reports/reread.

    Raises
    ------
    UnknownNameError, RecordError
        No board of that name, no predictions of it, too few models or readers, or a file that is there already.
    """
    from ra_bench.reports.board_films import own_films
    from ra_bench.reports.reread.front import write_reread

    found = own_films(_board_folder(suite, name), suite.runs / name, _every(suite.registry, "metric"))
    place = Path(f"{name}-reread.csv") if file is None else file
    return write_reread(found, films=films, margin=margin, readers=readers, file=place, boards=suite.boards)


def tables_of_paper(suite: Suite, name: str) -> PaperTables:
    """Tables 2 to 6 of the paper for a board: see reports/paper.

    Raises
    ------
    UnknownNameError, RecordError
        No board of that name, or one that cannot be read.
    """
    from ra_bench.reports.board_films import published_films
    from ra_bench.reports.paper.views import paper_tables

    folder = _board_folder(suite, name)
    found = published_films(folder, suite.runs / name, _every(suite.registry, "metric"))
    return paper_tables(found, folder)


def _board_folder(suite: Suite, name: str) -> Path:
    there = {folder.name: folder for folder in sorted(suite.boards.glob("*")) if folder.is_dir()}
    if name not in there:
        raise UnknownNameError("board", name, there, "Make it with 'ra-bench run', or name the folder with --boards.")
    return there[name]


def measure_costs(
    suite: Suite,
    models: Sequence[str] = (),
    *,
    protocol: str = DEFAULT_PROTOCOL,
    device: str = "auto",
    threads: int | None = None,
    batch_size: int | None = None,
    seconds: float = 3.0,
    rounds: int = 3,
    say: Callable[[str], None] = lambda _: None,
) -> tuple[Bench, list[Measured | NotMeasured]]:
    """Measure what models cost on this machine, the networks of `all` if none is named; resnet50 always, as the base.

    Parameters
    ----------
    seconds
        What a quantity may take in one process, once its least number of calls is done.
    rounds
        Processes a model.
    say
        Gets a sentence on what is going on.

    Raises
    ------
    UnknownNameError, ProtocolError, TrainingError
        A model, a protocol or a device that is not there.
    """
    from ra_bench.costs.rounds import measure_all
    from ra_bench.costs.values import Bench
    from ra_bench.reports.cost_page import BASE

    rules = find_protocol(suite.registry, protocol)
    names = list(cheapest_first(suite.registry, models or networks(suite.registry)))
    _check_device(device)
    if BASE not in names and BASE in suite.registry.names("model"):
        say(f"{BASE} is measured too: it is what the others are compared with.")
        names.append(BASE)
    bench = Bench(
        protocol=rules,
        device=device,
        threads=threads,
        batch_size=batch_size,
        seconds=seconds,
        builtins=BUILTINS,
        plugin_files=suite.plugin_files,
        without=suite.without,
    )
    return bench, measure_all(names, bench, rounds=rounds, say=say)


def networks(registry: Registry) -> list[str]:
    """Models of `all` that may have a network of their own: no baselines, and no transfer variants of another."""
    specs = [registry.get("model", name) for name in registry.names("model")]
    return [spec.name for spec in specs if spec.in_all and not spec.baseline and spec.pretraining is None]


def look_where(
    suite: Suite,
    model: str,
    *,
    dataset: str = DEFAULT_DATASET,
    protocol: str = DEFAULT_PROTOCOL,
    seed: int | None = None,
    layer: str | None = None,
    shown: int = 12,
    device: str = "auto",
    out: Path | None = None,
    on_films: OnFilms | None = None,
) -> tuple[Attention, tuple[FilmLook, ...]]:
    """Find where a trained model looks on its test films; trains nothing and writes nothing.

    Parameters
    ----------
    seed
        The protocol's first one, if not given.
    layer
        Dotted name of a layer, if not the last feature map.
    shown
        Films whose maps are wanted, from the lowest score to the highest; none without a place to write them to.
    out
        Where the caller is going to write; checked before anything is computed.

    Raises
    ------
    UnknownNameError, ProtocolError, CohortError, TrainingError
        A name that nobody registered, or a protocol, a cohort or a device that cannot be used.
    AttentionError
        No finished run, no network, no feature map, no library, or a place where overlays must not be.
    """
    from ra_bench.attention.look import look
    from ra_bench.cohorts.contact_sheet import spread

    _check_place(suite, out)
    rules = find_protocol(suite.registry, protocol)
    seeds = [rules.seeds[0] if seed is None else seed]
    planned = plan(
        suite, models=[model], dataset=dataset, protocol=protocol, seeds=seeds, device=device, on_films=on_films
    )
    (wanted,) = planned.jobs
    if wanted.record is None:
        raise AttentionError(
            f"There is no finished run of '{model}', seed {seeds[0]}, on '{planned.cohort.name}' under "
            f"'{rules.name}' in {suite.runs}: {wanted.reason.partition(': ')[2]}.\n"
            f"Train it first: {_training_command(suite, wanted.job, dataset, protocol)}"
        )
    _check_device(device)
    test = planned.splits.splits[0].test
    by_id = {sample.sample_id: sample for sample in planned.cohort.samples}
    samples = [by_id[name] for name in test]
    if out is None and any(sample.drawn is None for sample in samples):
        raise AttentionError(
            f"Where the damage is on the films of '{planned.cohort.name}' is not known, so there is no share to "
            "print, only overlays: name a folder for them with --out."
        )
    spec = suite.registry.get("model", model)
    own = with_overrides(planned.protocol, spec.overrides)
    return look(
        spec,
        wanted.record,
        job_folder(suite.runs, wanted.job),
        protocol=own,
        films=films_of(
            planned.cohort,
            replace(planned.splits.splits[0], train=(), validation=()),
            own,
            suite.data,
            on_films,
        ),
        samples=samples,
        shown=[sample.sample_id for sample in spread(replace(planned.cohort, samples=tuple(samples)), shown)]
        if out is not None
        else [],
        simulated=planned.cohort.simulated,
        layer=layer,
        device=device,
        on_films=on_films,
    )


def _check_place(suite: Suite, out: Path | None) -> None:
    """Overlays show films, and boards are given away: they never stand together."""
    if out is not None and out.resolve().is_relative_to(suite.boards.resolve()):
        raise AttentionError(
            f"--out {out} lies within {suite.boards}, where boards are that anybody may see; overlays show films. "
            "Name a folder elsewhere."
        )


def _training_command(suite: Suite, job: Job, dataset: str, protocol: str) -> str:
    named = (("--dataset", dataset, DEFAULT_DATASET), ("--protocol", protocol, DEFAULT_PROTOCOL))
    options = [f" {option} {name}" for option, name, usual in named if name != usual]
    files = [f" -p {file}" for file in suite.plugin_files]
    return f"ra-bench run --models {job.model}{''.join(options)} --seeds {job.seed}{''.join(files)}"


def agree_on_readings(
    source: Path, *, columns: Columns | None = None, score: str | None = None, wishes: Wishes | None = None
) -> ReadersReport:
    """Measure readers against one another.

    Raises
    ------
    TableError
        A table that cannot be read, or fewer than two readers who share films.
    """
    from ra_bench.reports.columns import Columns
    from ra_bench.reports.front import Wishes, agreed

    return agreed(source, columns or Columns(), score, wishes or Wishes())


def show_cohort(suite: Suite, dataset: str, file: Path | None, films: int) -> Path:
    """Write a contact sheet of a cohort and give its path; `<name>.png` where none is given."""
    from ra_bench.cohorts.contact_sheet import write_contact_sheet

    cohort = load_scores(find_dataset(suite.registry, dataset), suite.data)
    file = Path(f"{cohort.name}.png") if file is None else file
    write_contact_sheet(cohort, file, films)
    return file


def check_cohort(
    suite: Suite,
    dataset: str,
    protocol: str = DEFAULT_PROTOCOL,
    out: Path | None = None,
    on_films: OnFilms | None = None,
) -> tuple[CohortReport, tuple[Path, ...]]:
    """Find all that is wrong with a cohort, or must be known of it; on request also as HTML and JSON in a folder.

    Raises
    ------
    UnknownNameError, CohortError, ProtocolError
        A name that nobody registered, or a file that cannot be read at all.
    StorageError
        The folder cannot be written to.
    """
    from ra_bench.reports.check import check
    from ra_bench.reports.check_html import write_check

    report = check(suite.registry, dataset, find_protocol(suite.registry, protocol), suite.data, on_films)
    return report, write_check(report, out) if out is not None else ()


def describe_films(folder: Path, *, replace_it: bool = False) -> tuple[Path, tuple[str, ...]]:
    """Write the cohort.toml that a folder of films and a table suggest; give its path and what was guessed.

    Raises
    ------
    CohortError
        There is a cohort.toml already, or nothing that one could be made of.
    """
    from ra_bench.cohorts.description import write_description
    from ra_bench.cohorts.propose import propose_description

    file = folder / "cohort.toml"
    if file.exists() and not replace_it:
        raise CohortError(f"{file} is there already and is left as it is. Edit it, or write it anew with --force.")
    proposal = propose_description(folder)
    write_description(proposal.description, file)
    return file, proposal.guesses


def _every(registry: Registry, kind: str) -> list[Any]:
    return [registry.get(kind, name) for name in registry.names(kind)]


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
