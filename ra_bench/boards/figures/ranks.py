"""Ranks with their intervals, beside the RMSE that they go by: from the rows of the board alone."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

import altair as alt

from ra_bench.boards.columns import P_BEST, RANK
from ra_bench.boards.figures.style import BLUE, data, framed, heading, layers_of, shown, tips, unit_of, with_unit
from ra_bench.boards.render.numbers import as_text

if TYPE_CHECKING:
    from ra_bench.boards.figures.style import Chart
    from ra_bench.values import Board, BoardRow

TITLE = "Ranks by RMSE, and how far these films carry them"
MOST = 40


def draw(board: Board) -> Chart | None:
    """A line a ranked model; None for fewer than two."""
    ranked = [row for row in board.rows if row.kind == "model" and row.rank is not None and "rmse" in row.metrics]
    if len(ranked) < 2:
        return None
    rows = [_of(row) for row in ranked[:MOST]]
    unit = unit_of(board)
    y = alt.Y("name:N", sort=None, title="model, best first", axis=alt.Axis(labelLimit=250, titleAngle=-90))
    height = max(120, 24 * len(rows))
    most = max(float(row.get("last", row["rank"])) for row in rows)
    ends = alt.Chart(data([row for row in rows if "low" in row]))
    errors = layers_of(
        ends.mark_rule(strokeWidth=1.6, color=BLUE).encode(y=y, x=alt.X("low:Q"), x2=alt.X2("high:Q")),
        alt.Chart(data(rows))
        .mark_point(filled=True, size=60, color=BLUE, opacity=1)
        .encode(
            y=y,
            x=alt.X(field="rmse", type="quantitative", title=with_unit("RMSE", unit), scale=alt.Scale(zero=False)),
            tooltip=tips("name:N", "rmse:Q", "low:Q", "high:Q"),
        ),
    ).properties(width=230, height=height, title=heading("RMSE, 95 % interval"))
    bare = alt.Y("name:N", sort=None, axis=None)
    ticks = list(range(1, int(most) + 1, 1 + int(most) // 12))
    spans = alt.Chart(data([row for row in rows if "first" in row]))
    places = alt.layer(
        spans.mark_rule(strokeWidth=1.6, color=BLUE).encode(y=bare, x=alt.X("first:Q"), x2=alt.X2("last:Q")),
        alt.Chart(data(rows))
        .mark_point(filled=True, shape="square", size=60, color=BLUE, opacity=1)
        .encode(
            y=bare,
            x=alt.X(
                field="rank",
                type="quantitative",
                title="rank (1 is best)",
                scale=alt.Scale(domain=[0.5, most + 0.5], nice=False),
                axis=alt.Axis(values=ticks, format="d"),
            ),
            tooltip=tips("name:N", "rank:Q", "first:Q", "last:Q", "best:N"),
        ),
    ).properties(width=190, height=height, title=heading("rank, 95 % interval"))
    chance = (
        alt.Chart(data(rows))
        .mark_text(align="right", fontSize=12)
        .encode(y=bare, x=alt.value(40), text=alt.Text("best:N"))
        .properties(width=50, height=height, title=heading("P(best)"), view=alt.ViewConfig(stroke=None))
    )
    lines = [
        "Models share a rank where these films do not tell them apart. P(best): share of draws in which it is first."
    ]
    if len(ranked) > MOST:
        lines.append(f"The first {MOST} of {len(ranked)} models.")
    return framed(alt.hconcat(errors, places, chance, spacing=14), board, TITLE, lines)


def _of(row: BoardRow) -> dict[str, Any]:
    error, rank, best = row.metrics["rmse"], row.metrics.get(RANK), row.metrics.get(P_BEST)
    found: dict[str, Any] = {"name": shown(row.name), "rmse": error.value, "rank": row.rank}
    found["best"] = "" if best is None else as_text(best, 2)
    if isfinite(error.low) and isfinite(error.high):
        found |= {"low": error.low, "high": error.high}
    if rank is not None and isfinite(rank.low) and isfinite(rank.high):
        found |= {"first": rank.low, "last": rank.high}
    return found
