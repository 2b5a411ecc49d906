"""A board as markdown: models, readers, baselines, what did not finish, cost, published rows, facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ra_bench.boards.columns import COMMAND, OVER_SEEDS, RANK
from ra_bench.boards.render.change import change_tables
from ra_bench.boards.render.cost import COST
from ra_bench.boards.render.escape import code, escaped
from ra_bench.boards.render.legend import ARROWS, OF_SEEDS, OF_SITES, OVER, is_measured, legend, nothing_yet
from ra_bench.boards.render.moved import moved_section
from ra_bench.boards.render.numbers import as_text, digits_of, films_of, rank_of
from ra_bench.boards.render.table import TableColumn, table
from ra_bench.boards.render.uncertainty import COLUMNS, HEADING, NOTE, uncertainty_rows
from ra_bench.boards.sites import BIAS, RMSE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ra_bench.values import Board, BoardRow, Column


def render(board: Board) -> str:
    """The whole board; the same board gives the same bytes."""
    parts = [
        [f"# {escaped(board.title)}"],
        _simulated(board),
        _measured(board),
        _section(board, "Readers: the same measures, reader against reader", ("reader",)),
        _section(board, "Baselines: what every model must beat", ("baseline",)),
        moved_section(board),
        _sites(board),
        _change(board),
        _unfinished(board),
        _seeds(board),
        _uncertainty(board),
        _cost(board),
        _section(board, "Published, not recomputed", ("published",), cost=True),
        _bullets("Remarks", map(escaped, board.remarks)),
        _bullets("About this board", _facts(board)),
        _figures(board),
    ]
    return "\n\n".join("\n".join(lines) for lines in parts if lines) + "\n"


def _simulated(board: Board) -> list[str]:
    if not board.simulated:
        return []
    return ["**Simulated films, simulated readers.** Nothing here says how well a model reads a real film."]


def _measured(board: Board) -> list[str]:
    """The models; where there are none yet, the command that makes some."""
    said = escaped(legend(board))
    if not (nothing := nothing_yet(board)):
        return _section(board, "Models", ("model",), legend=said)
    commands = [value for name, value in board.facts if name == COMMAND]
    how = [f"This command measures: {code(command)}" for command in commands]
    return ["## Models", "", " ".join([nothing, *how]), *(["", said] if is_measured(board) else [])]


def _section(board: Board, heading: str, kinds: Sequence[str], *, legend: str = "", cost: bool = False) -> list[str]:
    rows = [row for row in board.rows if row.kind in kinds]
    if not rows:
        return []
    columns = [
        TableColumn(heading="Rank", cells=tuple(rank_of(row, row.metrics.get(RANK)) for row in rows)),
        _names(rows, "Reader" if "reader" in kinds else "Model"),
        TableColumn(heading="n", cells=tuple(films_of(row) for row in rows)),
        *(_metric_column(column, rows) for column in board.columns),
        *(_cost_columns(rows) if cost else ()),
    ]
    remarks = [f"- {escaped(row.name)}: {escaped(row.remark)}" for row in rows if row.remark]
    below = [*(["", legend] if legend else []), *(["", *remarks] if remarks else [])]
    return [f"## {heading}", "", *table(columns), *below]


def _metric_column(column: Column, rows: Sequence[BoardRow]) -> TableColumn:
    digits = digits_of(column, rows)
    cells = tuple(as_text(row.metrics.get(column.metric), digits) for row in rows)
    return TableColumn(heading=escaped(column.label) + ARROWS[column.best], cells=cells)


def _names(rows: Sequence[BoardRow], heading: str) -> TableColumn:
    return TableColumn(heading=heading, cells=tuple(escaped(row.name) for row in rows), right=False)


def _sites(board: Board) -> list[str]:
    """A table a measure: models down, sites across."""
    if not board.sites:
        return []
    names = [row.name for row in board.rows if row.kind in ("model", "baseline") and row.name in board.sites[0].metrics]
    digits = max((column.digits for column in board.columns if column.metric == RMSE), default=1)
    tables = [
        line
        for metric, label in ((RMSE, "RMSE ↓"), (BIAS, "Bias →0"))
        for line in _by_site(board, metric, label, names, digits)
    ]
    return ["## Sites: each read by a model that saw no film of it", *tables, "", OF_SITES]


def _by_site(board: Board, metric: str, label: str, names: Sequence[str], digits: int) -> list[str]:
    columns = [
        TableColumn(heading=label, cells=tuple(map(escaped, names)), right=False),
        *(
            TableColumn(
                heading=f"{escaped(site.site)} ({site.films:,} films, {site.patients:,} patients)",
                cells=tuple(as_text(site.metrics[name].get(metric), digits) for name in names),
            )
            for site in board.sites
        ),
    ]
    return ["", *table(columns)]


def _change(board: Board) -> list[str]:
    """How changes agree, and a table for each cut-off of progression."""
    lines: list[str] = []
    for place, found in enumerate(change_tables(board)):
        name, *others = zip(found.columns, zip(*found.rows, strict=True), strict=True)
        columns = [
            TableColumn(heading=name[0], cells=tuple(map(escaped, name[1])), right=False),
            *(TableColumn(heading=heading, cells=cells) for heading, cells in others),
        ]
        lines += ["", f"### {found.title}"] if place else [f"## {found.title}"]
        lines += ["", *table(columns), *(["", escaped(found.note)] if found.note else [])]
    return lines


def _unfinished(board: Board) -> list[str]:
    rows = [row for row in board.rows if row.kind in ("failed", "waiting")]
    if not rows:
        return []
    columns = [
        _names(rows, "Model"),
        TableColumn(heading="Seeds", cells=tuple(", ".join(map(str, row.seeds)) for row in rows)),
        TableColumn(heading="State", cells=tuple(row.kind for row in rows), right=False),
        TableColumn(heading="Why", cells=tuple(escaped(row.remark) for row in rows), right=False),
    ]
    return ["## Not finished", "", *table(columns)]


def _seeds(board: Board) -> list[str]:
    """Rows of several trainings: how far their RMSEs lie apart, and why."""
    rows = [row for row in board.rows if OVER_SEEDS in row.metrics]
    if not rows:
        return []
    digits = max((column.digits for column in board.columns if column.metric == "rmse"), default=1) + 1
    columns = [
        _names(rows, "Model"),
        TableColumn(heading="Seeds", cells=tuple(", ".join(map(str, row.seeds)) for row in rows)),
        *(
            TableColumn(heading=heading, cells=tuple(as_text(row.metrics.get(name), digits) for row in rows))
            for name, heading in OVER
        ),
    ]
    return ["## Seeds: what another training would change", "", *table(columns), "", OF_SEEDS]


def _uncertainty(board: Board) -> list[str]:
    rows = uncertainty_rows(board)
    if not rows:
        return []
    columns = [
        TableColumn(heading=heading, cells=tuple(escaped(row[place]) for row in rows), right=place > 1)
        for place, heading in enumerate(COLUMNS)
    ]
    return [f"## {HEADING}", "", *table(columns), "", NOTE]


def _cost(board: Board) -> list[str]:
    rows = [row for row in board.rows if row.kind in ("model", "baseline")]
    columns = _cost_columns(rows)
    if not any(any(column.cells) for column in columns):
        return []
    return ["## Cost", "", *table([_names(rows, "Model"), *columns])]


def _cost_columns(rows: Sequence[BoardRow]) -> list[TableColumn]:
    return [
        TableColumn(
            heading=column.heading,
            # Numbers are ours; what is no number may be a guest's.
            cells=tuple(column.text(row) if column.right else escaped(column.text(row)) for row in rows),
            right=column.right,
        )
        for column in COST
    ]


def _facts(board: Board) -> Iterable[str]:
    for name, value in board.facts:
        if value not in board.remarks:
            yield f"{escaped(name)}: {code(value) if name == COMMAND else escaped(value)}"


def _figures(board: Board) -> list[str]:
    simulated = ", simulated" if board.simulated else ""
    pictures = [f"![{escaped(said)}{simulated}](figures/{name}.svg)" for name, said in board.figures]
    return ["## Figures", "", *"\n\n".join(pictures).split("\n")] if pictures else []


def _bullets(heading: str, lines: Iterable[str]) -> list[str]:
    found = [f"- {line}" for line in lines]
    return [f"## {heading}", "", *found] if found else []
