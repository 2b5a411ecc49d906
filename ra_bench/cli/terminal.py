"""What a run looks like in the terminal: a live table, or plain lines for a log; and the board at the end."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.live import Live
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from ra_bench.boards.render.numbers import as_text, duration, fixed
from ra_bench.cli.job_states import JobStates
from ra_bench.cli.job_table import JobTable
from ra_bench.runs.names import short_name
from ra_bench.runs.plan import FIRST_TIME
from ra_bench.values import Board, BoardRow, Failure

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from rich.console import RenderableType
    from rich.progress import TaskID

    from ra_bench.cohorts.cache import Kept
    from ra_bench.suite import Plan
    from ra_bench.values import Column, EpochReport, Job, MetricValue, RunRecord


#: So often, at most, plain lines tell how many films are done.
_SECONDS_A_LINE = 10.0


class Display:
    """An observer that shows films that are read, then a table of jobs; or plain lines. Steers nothing."""

    def __init__(self, *, quiet: bool) -> None:
        self.console = Console(stderr=True)
        self.plain = quiet or not self.console.is_terminal
        self.progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}\n  {task.fields[said]}", markup=False),
            BarColumn(bar_width=12),
            TimeElapsedColumn(),
            console=self.console,
            auto_refresh=False,
        )
        self.films: dict[str, _FilmBar] = {}
        self.jobs = JobStates()
        self.table = JobTable(self.jobs)
        self.live = Live(get_renderable=self._shown, console=self.console)
        self.started = self.due = 0

    def __enter__(self) -> Self:
        if not self.plain:
            self.live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End the live display, so that lines can be printed. The table stays as it was last."""
        self.live.stop()

    def say(self, text: str) -> None:
        """A line, in either display."""
        self.console.print(text, markup=False, highlight=False, soft_wrap=self.plain)

    def expect(self, plan: Plan) -> None:
        """Say what is going to happen, and why where it happens again."""
        self.due = sum(planned.due for planned in plan.jobs)
        standing = sum(planned.record is not None for planned in plan.jobs)
        left = len(plan.jobs) - self.due - standing
        self.say(
            f"{plan.cohort.name}: {_sizes(plan)}; protocol {plan.protocol.name}. "
            f"Jobs: {self.due} to do, {standing} standing{f', {left} left out' if left else ''}."
        )
        for planned in plan.jobs:
            if planned.record is None and not planned.reason.endswith(FIRST_TIME):
                self.say(f"{short_name(planned.job)} {planned.reason}")
        self.jobs.expect(plan.jobs)

    def on_films(self, doing: str, done: int, total: int) -> None:
        """Films done so far: a bar that tells how long it will take, or a line now and then."""
        if doing not in self.films:
            self.say(f"{doing}: {total:,} films" if total else doing)
            self.films[doing] = _FilmBar(task=self.progress.add_task(doing, total=total or None, said=""))
        bar = self.films[doing]
        said = f"{done:,} of {total:,} films"
        left = bar.left(done, total)
        if done < total and left is not None:
            said += f", {duration(left)} left"
        self.progress.update(bar.task, completed=done, said=said, visible=done < total)
        if self.plain and done < total and bar.is_due():
            self.say(f"{doing}: {said}")

    def on_job_start(self, *, job: Job) -> None:
        """A job is at work."""
        self.started += 1
        self.jobs.start(job)
        if self.plain:
            number = f"{self.started}/{self.due} " if self.due else ""
            self.say(f"{number}{short_name(job)}: starting")

    def on_epoch_end(self, *, job: Job, report: EpochReport) -> None:
        """A job came one epoch further."""
        self.jobs.tell(job, report)
        if self.plain:
            stage = "" if report.stage == "training" else f"{report.stage}, "
            said = f"{stage}epoch {report.epoch}/{report.epochs}, loss {fixed(report.train_loss, 3)}"
            if report.stage == "training":
                said += f", validation RMSE {fixed(report.validation_rmse, 1)}"
            if report.epoch < report.epochs:
                said += f", {duration(self.jobs.pace(job).left())} left"
            self.say(f"{short_name(job)}: {said}")

    def on_job_end(self, *, job: Job, record: RunRecord | Failure) -> None:
        """A job is over. Why one failed is said above the table, too."""
        state = self.jobs.end(job, record)
        if isinstance(record, Failure):
            self.say(f"{short_name(job)}: failed: {record.reason}")
        elif self.plain and state.took is not None:
            self.say(f"{short_name(job)}: done in {duration(state.took)}")

    def _shown(self) -> RenderableType:
        """What is going on: films as long as some are read, else jobs."""
        reading = any(task.visible for task in self.progress.tasks)
        return self.progress.get_renderable() if reading else self.table


class _FilmBar:
    """The line of one thing that is done film by film."""

    def __init__(self, *, task: TaskID) -> None:
        self.task = task
        self._started = self._told = time.monotonic()
        self._first: int | None = None

    def left(self, done: int, total: int) -> float | None:
        """Seconds, at the speed since the first films came: what it took to start is not drawn out."""
        now = time.monotonic()
        if self._first is None:
            self._first, self._started = done, now
        gone = done - self._first
        return (now - self._started) / gone * (total - done) if gone else None

    def is_due(self) -> bool:
        """Whether it is time for another plain line."""
        if time.monotonic() - self._told < _SECONDS_A_LINE:
            return False
        self._told = time.monotonic()
        return True


def print_board(board: Board, console: Console | None = None) -> None:
    """The board as a table, and a line on each model that has no numbers, with the reason."""
    console = console or Console()
    console.print(board.title, markup=False, style="bold")
    measured = [row for row in board.rows if row.metrics]
    if measured:
        console.print(_table(board, measured, console.width))
    for row in board.rows:
        if row.kind in {"failed", "waiting"}:
            console.print(f"{_label(row)}: {row.remark}", markup=False, highlight=False)


def print_kept(kept: Sequence[Kept]) -> None:
    """A line on each store of decoded films, and on the looks."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("name", "cohort", "size", "films", "MB", "last used", "state"):
        right = heading in {"size", "films", "MB"}
        table.add_column(heading, justify="right" if right else "left")
    for each in kept:
        table.add_row(
            Text(each.name),
            Text(each.cohort),
            "" if each.size is None else f"{each.size[0]} x {each.size[1]}",
            f"{each.films:,} of {each.asked:,}" if each.films < each.asked else f"{each.films:,}",
            f"{each.bytes / 1e6:,.1f}",
            time.strftime("%Y-%m-%d", time.localtime(each.last_used)),
            f"{each.state}, in use" if each.in_use else each.state,
        )
    # Wider than the terminal, if need be: a name that is cut in two cannot be copied.
    Console(width=max(Console().width, 200)).print(table)


def _table(board: Board, rows: Sequence[BoardRow], width: int) -> Table:
    """The columns that there is room for, with intervals if all of them fit."""
    columns = [column for column in board.columns if any(column.metric in row.metrics for row in rows)]
    plain, full = _cells(columns, rows, _without_interval), _cells(columns, rows, as_text)
    names = [_label(row) for row in rows]
    room = width - max(map(len, names)) - 8  # the rank, and two blanks after each column
    shown = full if _that_fit(full, room) == full else _that_fit(plain, room)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("rank", justify="right", no_wrap=True)
    table.add_column("model", no_wrap=True)
    for heading, *_ in shown:
        table.add_column(heading, justify="right", no_wrap=True)
    for number, row in enumerate(rows):
        rank = "" if row.rank is None else str(row.rank)
        table.add_row(rank, names[number], *(column[number + 1] for column in shown))
    return table


def _without_interval(value: MetricValue | None, digits: int) -> str:
    """A metric without its interval; empty where the row has none."""
    return "" if value is None else fixed(value.value, digits)


def _cells(
    columns: Sequence[Column], rows: Sequence[BoardRow], text: Callable[[MetricValue | None, int], str]
) -> list[list[str]]:
    """Heading and cells of every column."""
    return [
        [column.label, *(text(row.metrics.get(column.metric), column.digits) for row in rows)] for column in columns
    ]


def _that_fit(columns: Sequence[list[str]], room: int) -> list[list[str]]:
    """Columns from the left as long as there is room; one that is too wide is left out."""
    shown = []
    for column in columns:
        width = max(map(len, column)) + 2
        if width <= room:
            shown.append(column)
            room -= width
    return shown


def _label(row: BoardRow) -> str:
    return row.name if row.kind in {"model", "reader"} else f"{row.name} ({row.kind})"


def _sizes(plan: Plan) -> str:
    splits = plan.splits.splits
    if len(splits) > 1:
        return f"{sum(len(split.test) for split in splits)} films, each tested once in {len(splits)} folds"
    (split,) = splits
    return f"{len(split.train)} training, {len(split.validation)} validation, {len(split.test)} test films"
