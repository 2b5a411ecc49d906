"""What other labels move on a board: rank, rho and RMSE of each row, before and now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ra_bench.boards.columns import RANK
from ra_bench.boards.render.escape import escaped
from ra_bench.boards.render.numbers import as_text, rank_of
from ra_bench.boards.render.table import TableColumn, table

if TYPE_CHECKING:
    from ra_bench.values import Board, BoardRow

#: What is shown, by label.
_METRICS = {"rho": "rho", "RMSE": "rmse"}
#: Headings of what `moved` gives, in its order.
LABELS = ("Rank", *_METRICS)
HOW_TO_READ = "The same predictions on both; only the labels differ. In brackets as above."


def moved(board: Board) -> list[tuple[BoardRow, list[tuple[str, str, str]]]]:
    """Each row that was there before, with (label, before, now) for its rank and its measures; empty where none."""
    before = {row.name: row for row in board.before}
    digits = {column.metric: column.digits for column in board.columns}
    found = []
    for row in board.rows:
        was = before.get(row.name)
        if was is None or not row.metrics:
            continue
        pairs = [("rank", rank_of(was, was.metrics.get(RANK)), rank_of(row, row.metrics.get(RANK)))]
        pairs += [
            (
                label,
                as_text(was.metrics.get(metric), digits.get(metric, 2)),
                as_text(row.metrics.get(metric), digits.get(metric, 2)),
            )
            for label, metric in _METRICS.items()
        ]
        found.append((row, pairs))
    return found


def moved_section(board: Board) -> list[str]:
    """The section of a board that was scored on other labels than its models were trained on."""
    rows = moved(board)
    if not rows:
        return []
    ranks = {row.name: row.rank for row in board.before}
    columns = [TableColumn(heading="Model", cells=tuple(escaped(row.name) for row, _ in rows), right=False)]
    for place, label in enumerate(LABELS):
        was = tuple(pairs[place][1] for _, pairs in rows)
        now = tuple(
            f"**{pairs[place][2]}**" if label == "Rank" and ranks[row.name] != row.rank else pairs[place][2]
            for row, pairs in rows
        )
        columns += [
            TableColumn(heading=f"{label} before", cells=was),
            TableColumn(heading=f"{label} now", cells=now),
        ]
    return ["## What the new labels move", "", *table(columns), "", f"{HOW_TO_READ} A rank that moved is in bold."]
