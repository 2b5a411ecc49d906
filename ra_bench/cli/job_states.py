"""What is known of each job of a run, and the time that is left. Draws nothing.

Time left is measured, never guessed: of a job at work from its own epochs, of one that waits from finished jobs of the
same model in this run. Multiply-adds or parameters would not tell: a multiply-add takes up to five times as long in one
network as in another. What cannot be known makes a sum a least time.
"""

from __future__ import annotations

import heapq
import time
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING, Literal

from ra_bench.values import Failure

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ra_bench.runs.plan import PlannedJob
    from ra_bench.values import EpochReport, Job, RunRecord

#: "kept" stood before the run; "left out" was not asked for.
State = Literal["waiting", "running", "resumed", "done", "failed", "kept", "left out"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """Seconds until something ends; if not `whole`, of the part that is known: it takes longer."""

    seconds: float
    whole: bool = True


@dataclass(slots=True, kw_only=True)
class JobState:
    """A job, its last epoch if any, also one of an earlier try, and how long it has run."""

    job: Job
    state: State
    earlier: tuple[EpochReport, ...] = ()
    report: EpochReport | None = None
    pace: Pace | None = None
    #: Seconds it took, once it ended, and when that was.
    took: float | None = None
    ended: float = 0.0


class Pace:
    """Tells how long a job has run, and how long its stage will: validation and all, as soon as two epochs are in."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._started = self._told = clock()
        self._first: tuple[str, int, float] = ("", 0, 0.0)
        self._epoch = self._left = 0.0

    @property
    def stage(self) -> str:
        """That of the last epoch; empty before the first is in."""
        return self._first[0]

    def seconds(self) -> float:
        """Since the job started."""
        return self._clock() - self._started

    def tell(self, report: EpochReport) -> None:
        """An epoch ended."""
        self._told = self._clock()
        if self._first[0] != report.stage:
            self._first = (report.stage, report.epoch, self.seconds())
        _, first, started = self._first  # a job that goes on does not begin with epoch 1
        done = report.epoch - first
        self._epoch = (self.seconds() - started) / done if done > 0 else report.seconds
        self._left = self._epoch * (report.epochs - report.epoch)

    def left(self) -> float:
        """Seconds until the stage ends. An epoch that takes longer than those before shortens it by one epoch only."""
        return max(0.0, self._left - min(self._clock() - self._told, self._epoch))


class JobStates:
    """The jobs of a run in their order. Told what observers are told."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._jobs: dict[str, JobState] = {}
        self._took: dict[str, list[float]] = {}
        self._at_once = 0

    def expect(self, jobs: Sequence[PlannedJob]) -> None:
        """The jobs of a plan, also those that will not run."""
        for planned in jobs:
            epochs = planned.earlier if planned.record is None else planned.record.history
            self._jobs[planned.job.key] = JobState(
                job=planned.job, state=_state(planned), earlier=planned.earlier, report=epochs[-1] if epochs else None
            )

    def start(self, job: Job) -> None:
        """A job starts; one that nobody expected is a new one."""
        state = self._jobs.setdefault(job.key, JobState(job=job, state="waiting"))
        state.pace = Pace(self._clock)
        state.state = "resumed" if state.earlier else "running"
        self._at_once = max(self._at_once, len(self.of("running", "resumed")))

    def tell(self, job: Job, report: EpochReport) -> None:
        """An epoch ended."""
        self._jobs[job.key].report = report
        self.pace(job).tell(report)

    def end(self, job: Job, record: RunRecord | Failure) -> JobState:
        """A job ended. How long one took tells of those of its model that wait."""
        state = self._jobs[job.key]
        state.took, state.ended = self.pace(job).seconds(), self._clock()
        state.state = "failed" if isinstance(record, Failure) else "done"
        if not isinstance(record, Failure):  # what went on after a stop took the time before, too
            self._took.setdefault(job.model, []).append(max(state.took, record.seconds))
        return state

    def pace(self, job: Job) -> Pace:
        """That of a job that was started."""
        pace = self._jobs[job.key].pace
        if pace is None:
            raise ValueError(f"job {job.key} was not started")
        return pace

    def all(self) -> tuple[JobState, ...]:
        """Every job; a copy, since the terminal is drawn by another thread."""
        return tuple(self._jobs.values())

    def of(self, *states: State) -> list[JobState]:
        """Those in one of these states."""
        return [each for each in self.all() if each.state in states]

    def left(self, state: JobState) -> Left:
        """How long a job will still take."""
        if state.state not in {"waiting", "running", "resumed"}:
            return Left(seconds=0)
        pace, took = state.pace, self._took.get(state.job.model)
        gone, stage = (0.0, 0.0) if pace is None else (pace.seconds(), pace.left())
        if pace is not None and pace.stage == "training":
            return Left(seconds=stage)
        if state.earlier:
            last = state.earlier[-1]
            each = fmean(report.seconds for report in state.earlier)
            return Left(seconds=max(0.0, each * (last.epochs - last.epoch) - min(gone, each)))
        if took and fmean(took) > gone:
            return Left(seconds=max(stage, fmean(took) - gone))
        return Left(seconds=stage, whole=False)

    def all_left(self) -> Left:
        """How long the run will still take, if as many jobs run at a time as did so far."""
        running = [self.left(each) for each in self.of("running", "resumed")]
        waiting = [self.left(each) for each in self.of("waiting")]
        if not self._at_once:
            return Left(seconds=0, whole=not waiting)
        free = [0.0] * (self._at_once - len(running))
        ends = [each.seconds for each in running] + free
        heapq.heapify(ends)
        for each in waiting:  # each to the place that is free first
            heapq.heapreplace(ends, ends[0] + each.seconds)
        return Left(seconds=max(ends), whole=all(each.whole for each in (*running, *waiting)))


def _state(planned: PlannedJob) -> State:
    if planned.due:
        return "waiting"
    if planned.record is not None:
        return "kept"
    return "failed" if planned.failure is not None else "left out"
