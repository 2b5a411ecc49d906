"""The runs of several machines joined into one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ra_bench.cohorts.splits import plan_hash
from ra_bench.errors import (
    CohortError,
    RecordError,
)
from ra_bench.runs.datasets import find_dataset, load_scores
from ra_bench.runs.gather import combined, gather
from ra_bench.runs.lock import alone
from ra_bench.runs.merge import folds_of, join, of_board, protocol_of, refusals, strangers
from ra_bench.runs.work import splits_for
from ra_bench.suite.planning import Plan
from ra_bench.suite.writing import is_current, write_board

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ra_bench.runs.gather import Gathered
    from ra_bench.runs.merge import BoardRuns
    from ra_bench.suite.opening import Suite


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
            waiting = [left.job for left in runs.unfinished if is_current(suite, plan, left.job)]
            _, trouble = write_board(suite, plan, waiting)
            folder = suite.boards / runs.name
    return JoinedBoard(runs=runs, new=new, folder=folder, trouble=trouble)
