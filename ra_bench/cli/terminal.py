"""What a run looks like in the terminal: a live line a job, or plain lines for a log."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from ra_bench.values import Board, BoardRow, Failure

if TYPE_CHECKING:
    from ra_bench.suite import Plan
    from ra_bench.values import EpochReport, Job, RunRecord


class Display:
    """An observer that shows model, stage, epoch, loss and time left. Steers nothing."""

    def __init__(self, *, quiet: bool) -> None:
        self.console = Console(stderr=True)
        self.plain = quiet or not self.console.is_terminal
        self.progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.fields[said]}", markup=False),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=self.console,
            disable=self.plain,
        )
        self.tasks: dict[str, TaskID] = {}
        self.started: dict[str, float] = {}
        self.films: TaskID | None = None

    def __enter__(self) -> Self:
        self.progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End the live display, so that lines can be printed."""
        self.progress.stop()

    def say(self, text: str) -> None:
        """One line, in either display."""
        if self.plain:
            self.console.print(text, markup=False, highlight=False)
        else:
            self.progress.console.print(text, markup=False, highlight=False)

    def expect(self, plan: Plan) -> None:
        """Say what is going to happen."""
        due = [planned.job for planned in plan.jobs if planned.record is None]
        stands = len(plan.jobs) - len(due)
        split = plan.split
        self.say(
            f"{plan.cohort.name}: {len(split.train)} training, {len(split.validation)} validation, "
            f"{len(split.test)} test films; protocol {plan.protocol.name}. {len(due)} job(s) to do, {stands} stand."
        )

    def on_films(self, done: int, total: int) -> None:
        """Films decoded so far."""
        if self.films is None:
            self.films = self.progress.add_task("films", total=total, said="")
            self.say(f"Decoding {total} films")
        self.progress.update(self.films, completed=done)

    def on_job_start(self, *, job: Job) -> None:
        """A line for the job; its bar runs by itself until the first epoch is in."""
        self.started[job.key] = time.monotonic()
        self.tasks[job.key] = self.progress.add_task(_name(job), total=None, said="starting")
        if self.plain:
            self.say(f"{_name(job)}: starting")

    def on_epoch_end(self, *, job: Job, report: EpochReport) -> None:
        """Move the job's line on."""
        stage = "" if report.stage == "training" else f"{report.stage} "
        said = f"{stage}epoch {report.epoch}/{report.epochs}, loss {report.train_loss:.3f}"
        if report.stage == "training":
            said += f", validation RMSE {report.validation_rmse:.1f}"
        self.progress.update(self.tasks[job.key], total=report.epochs, completed=report.epoch, said=said)
        if self.plain:
            left = report.seconds * (report.epochs - report.epoch)
            self.say(f"{_name(job)}: {said}, {left:.0f} s left")

    def on_job_end(self, *, job: Job, record: RunRecord | Failure) -> None:
        """Close the job's line with what came of it."""
        seconds = time.monotonic() - self.started[job.key]
        failed = isinstance(record, Failure)
        self.progress.remove_task(self.tasks[job.key])
        self.say(f"{_name(job)}: " + (f"failed: {record.reason}" if failed else f"done in {seconds:.0f} s"))


def print_board(board: Board) -> None:
    """The board as a table, as wide as the terminal allows."""
    from rich.table import Table

    console = Console()
    table = Table(title=board.title, title_justify="left")
    shown = [column for column in board.columns if any(column.metric in row.metrics for row in board.rows)]
    table.add_column("rank")
    table.add_column("model", no_wrap=True)
    for column in shown:
        table.add_column(column.label, justify="right")
    for row in board.rows:
        cells = [_cell(row, column.metric, column.digits) for column in shown]
        name = row.name if row.kind == "model" else f"{row.name} ({row.kind})"
        table.add_row("" if row.rank is None else str(row.rank), name, *cells)
    console.print(table)


def _cell(row: BoardRow, metric: str, digits: int) -> str:
    found = row.metrics.get(metric)
    if found is None:
        return ""
    if found.value != found.value:  # noqa: PLR0124 - nan is what differs from itself
        return "n/a"
    interval = f" ({found.low:.{digits}f}-{found.high:.{digits}f})" if found.low == found.low else ""  # noqa: PLR0124
    return f"{found.value:.{digits}f}{interval}"


def _name(job: Job) -> str:
    return job.model if job.seed == 0 else f"{job.model}, seed {job.seed}"
