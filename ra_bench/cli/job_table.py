"""The jobs of a run as a table that fits the terminal, whatever its size."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal

from rich.table import Table
from rich.text import Text

from ra_bench.boards.render.numbers import duration, fixed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rich.console import Console, ConsoleOptions, RenderResult

    from ra_bench.cli.job_states import JobState, JobStates, Left, State

#: What is shown first, where there is no room for all.
_FIRST: tuple[tuple[State, ...], ...] = (("running", "resumed"), ("failed",), ("done",), ("waiting",), ("kept",))
_STYLES: dict[State, str] = {
    "running": "cyan",
    "resumed": "cyan",
    "done": "green",
    "failed": "bold red",
    "waiting": "dim",
    "kept": "dim",
    "left out": "dim",
}
#: Columns that go first, one after the other, as long as names of models do not have so much room. Sites get no more.
_GO_FIRST = ("elapsed", "val. RMSE", "epoch")
_NAME = 12


class JobTable:
    """A line a job, how many are not shown, and how far the run is. Drawn anew from `states` each time."""

    def __init__(self, states: JobStates) -> None:
        self.states = states

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        every = self.states.all()
        if not any(_is_due(each) for each in every):
            return
        width, room = options.max_width, max(1, options.size.height - 4)  # heading, others, sum, and the cursor's line
        shown = _chosen(every, room)
        yield self._table(shown, width)
        if len(shown) < len(every):
            hidden = Counter(each.state for each in every) - Counter(each.state for each in shown)
            said = ", ".join(f"{count} {state}" for state, count in hidden.most_common())
            yield _line(f"and {hidden.total()} more: {said}")
        yield _line(next((text for text in self._sums() if len(text) <= width), self._sums()[-1]))

    def _table(self, shown: Sequence[JobState], width: int) -> Table:
        columns = {heading: [cell(each) for each in shown] for heading, cell in self._columns()}
        widths = {heading: max(len(heading), *map(len, cells)) for heading, cells in columns.items()}
        if "fold" in widths:  # a site may have a long name
            widths["fold"] = min(widths["fold"], _NAME)
        gap = 2 if width >= 60 else 1
        for heading in _GO_FIRST:
            if _room_for_names(widths, width, gap) >= min(widths["model"], _NAME):
                break
            del columns[heading], widths[heading]
        widths["model"] = min(widths["model"], max(1, _room_for_names(widths, width, gap)))
        table = Table(box=None, pad_edge=False, padding=(0, gap, 0, 0), header_style="bold")
        for heading, wide in widths.items():
            justify: Literal["left", "right"] = "left" if heading in {"model", "state"} else "right"
            table.add_column(heading, justify=justify, no_wrap=True, overflow="ellipsis", width=wide)
        for each, cells in zip(shown, zip(*columns.values(), strict=True), strict=True):
            table.add_row(*map(Text, cells), style=_STYLES[each.state])
        return table

    def _columns(self) -> list[tuple[str, Callable[[JobState], str]]]:
        """Heading and text of each column; seeds and folds only where they tell jobs apart."""
        columns: list[tuple[str, Callable[[JobState], str]]] = [("model", lambda each: each.job.model)]
        if any(each.job.seed for each in self.states.all()):
            columns.append(("seed", lambda each: str(each.job.seed)))
        if any(each.job.fold for each in self.states.all()):
            columns.append(("fold", _fold))
        return [
            *columns,
            ("state", lambda each: each.state),
            ("epoch", _epoch),
            ("val. RMSE", _error),
            ("elapsed", _elapsed),
            ("left", self._left),
        ]

    def _left(self, each: JobState) -> str:
        return _left_text(self.states.left(each)) if each.state in {"waiting", "running", "resumed"} else ""

    def _sums(self) -> tuple[str, ...]:
        """How far the run is, at length and in short."""
        counts = Counter(each.state for each in self.states.all())
        due = sum(map(_is_due, self.states.all()))
        failed = f", {counts['failed']} failed" if counts["failed"] else ""
        kept = f", {counts['kept']} kept" if counts["kept"] else ""
        left = self.states.all_left()
        is_unknown = _is_unknown(left)
        said = "time left unknown" if is_unknown else f"{_left_text(left)} left"
        short = "time unknown" if is_unknown else said
        done = f"{counts['done']} of {due}"
        return (f"{done} jobs done{failed}{kept}; {said}", f"{done} done{failed}; {short}", f"{done}; {short}")


def _is_due(each: JobState) -> bool:
    """Whether it runs, ran or will run in this run."""
    return each.pace is not None or each.state == "waiting"


def _room_for_names(widths: Mapping[str, int], width: int, gap: int) -> int:
    return width - sum(gap + wide for heading, wide in widths.items() if heading != "model")


def _chosen(every: Sequence[JobState], room: int) -> list[JobState]:
    """As many jobs as there is room for, those first that matter most; in the order in which they came."""
    ranked = [
        each
        for states in _FIRST  # of what ended, the latest first; else as planned
        for each in sorted((one for one in every if one.state in states), key=lambda one: -one.ended)
    ]
    wanted = {id(each) for each in ranked[:room]}
    return [each for each in every if id(each) in wanted]


def _fold(each: JobState) -> str:
    fold = each.job.fold
    return "" if fold is None else fold.site or f"{fold.number}/{fold.of}"


def _epoch(each: JobState) -> str:
    if each.report is None:
        return ""
    stage = "" if each.report.stage == "training" else f"{each.report.stage[:3]} "
    return f"{stage}{each.report.epoch}/{each.report.epochs}"


def _error(each: JobState) -> str:
    return "" if each.report is None or each.report.stage != "training" else fixed(each.report.validation_rmse, 1)


def _elapsed(each: JobState) -> str:
    if each.took is not None:
        return _clock_text(each.took)
    return "" if each.pace is None else _clock_text(each.pace.seconds())


def _is_unknown(left: Left) -> bool:
    return not left.whole and left.seconds < 0.5


def _left_text(left: Left) -> str:
    """`2:10`, `> 2:10` where part of it is not known, or `unknown`."""
    if _is_unknown(left):
        return "unknown"
    return f"{'' if left.whole else '> '}{_clock_text(left.seconds)}"


def _clock_text(seconds: float) -> str:
    """As a clock shows it, seconds too, so that lines do not jump."""
    return f"0:{round(seconds):02d}" if seconds < 59.5 else duration(max(60.0, seconds))


def _line(text: str) -> Text:
    return Text(text, no_wrap=True, overflow="ellipsis")
