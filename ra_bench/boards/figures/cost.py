"""Accuracy against cost: MAE against MAdds, seconds an epoch and memory, from the rows of the board alone."""

from __future__ import annotations

from math import hypot, isfinite, log
from typing import TYPE_CHECKING, Any

import altair as alt

from ra_bench.boards.figures.style import BLUE, DARK, data, framed, heading, layers_of, shown, tips, unit_of, with_unit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ra_bench.boards.figures.style import Chart
    from ra_bench.values import Board, BoardRow

TITLE = "Accuracy against cost"
MOST = 20
#: Field of a row, what it is called, its unit on the axis, and how many of its own units make one.
_COSTS = (
    ("madds", "MAdds a film", "G", 1e9),
    ("seconds_per_epoch", "training, an epoch", "seconds", 1.0),
    ("peak_memory", "peak memory", "GiB", float(2**30)),
)


def draw(board: Board) -> Chart | None:
    """A panel a cost that is known, models as numbers with a key beside; None for fewer than two models."""
    models = [row for row in board.rows if row.kind == "model" and "mae" in row.metrics]
    models = [row for row in models if isfinite(row.metrics["mae"].value)]
    numbered = list(enumerate(models[:MOST], start=1))
    unit = unit_of(board)
    found = [(cost, _rows(numbered, cost[0], cost[3])) for cost in _COSTS]
    found = [(cost, rows) for cost, rows in found if rows]
    if len(models) < 2 or not found:
        return None
    ends = [value for _, rows in found for row in rows for value in (row["mae"], row.get("low"), row.get("high"))]
    known = [value for value in ends if value is not None]
    domain = [min(known), max(known)]
    charts = [
        _panel(rows, with_unit(name, scale), with_unit("MAE", unit) if place == 0 else "", domain, heading(name))
        for place, ((_, name, scale, _), rows) in enumerate(found)
    ]
    lines = ["Bars: 95 % intervals of the MAE. Down and to the left is better. Costs on logarithmic axes."]
    if len(models) > MOST:
        lines.append(f"The first {MOST} of {len(models)} models.")
    together = alt.vconcat(alt.hconcat(*charts, spacing=14), _key(numbered), spacing=10)
    return framed(together, board, TITLE, lines)


def _rows(numbered: Sequence[tuple[int, BoardRow]], field: str, of: float) -> list[dict[str, Any]]:
    rows = []
    for number, row in numbered:
        cost, error = getattr(row, field), row.metrics["mae"]
        if cost:
            found: dict[str, Any] = {"number": str(number), "model": shown(row.name), "cost": cost / of}
            found["mae"] = error.value
            if isfinite(error.low) and isfinite(error.high):
                found |= {"low": error.low, "high": error.high}
            rows.append(found)
    return rows


def _panel(
    rows: Sequence[dict[str, Any]], across: str, up: str, domain: Sequence[float], title: alt.TitleParams
) -> Chart:
    x = alt.X(field="cost", type="quantitative", title=across, scale=alt.Scale(type="log", nice=False, padding=18))
    x = x.axis(format="~g", labelOverlap=True, tickCount=4)
    y = alt.Y(
        field="mae", type="quantitative", title=up or None, scale=alt.Scale(domain=list(domain), zero=False, nice=True)
    )
    ends = alt.Chart(data([row for row in rows if "low" in row]))
    chart = alt.Chart(data(rows))
    return layers_of(
        ends.mark_rule(color=BLUE, strokeWidth=1.4).encode(x=x, y=y.field("low"), y2=alt.Y2("high:Q")),
        chart.mark_point(filled=True, size=60, color=BLUE, opacity=1).encode(
            x=x, y=y, tooltip=tips("model:N", "cost:Q", "mae:Q", "low:Q", "high:Q")
        ),
        *(
            alt.Chart(data([row for row, left in zip(rows, _on_the_left(rows), strict=True) if left == side]))
            .mark_text(fontSize=13, fontWeight="bold", align="right" if side else "left", dx=-6 if side else 6)
            .encode(x=x, y=y, text=alt.Text("number:N"))
            for side in (True, False)
        ),
    ).properties(width=190, height=240, title=title)


def _on_the_left(rows: Sequence[dict[str, Any]]) -> list[bool]:
    """Whether the number of each point stands left of it: away from its nearest neighbour, or the two would overlap."""
    across = [log(row["cost"]) for row in rows]
    up = [row["mae"] for row in rows]
    wide, high = (max(side) - min(side) or 1.0 for side in (across, up))
    places = [(x / wide, y / high, place) for place, (x, y) in enumerate(zip(across, up, strict=True))]
    nearest = [min((hypot(x - a, y - b), a, n) for a, b, n in places if n != place) for x, y, place in places]
    return [(x, place) < found[1:] for (x, _, place), found in zip(places, nearest, strict=True)]


def _key(numbered: Sequence[tuple[int, BoardRow]]) -> alt.Chart:
    """Which number is which model, in two columns."""
    half = (len(numbered) + 1) // 2
    rows = [
        {"label": f"{number}  {shown(row.name)}", "column": (number - 1) // half, "line": (number - 1) % half}
        for number, row in numbered
    ]
    key: alt.Chart = (
        alt.Chart(data(rows))
        .mark_text(align="left", fontSize=12, color=DARK, limit=300)
        .encode(
            x=alt.X(field="column", type="quantitative", axis=None, scale=alt.Scale(domain=[0, 2])),
            y=alt.Y(field="line", type="quantitative", axis=None, scale=alt.Scale(domain=[half - 0.5, -0.5])),
            text=alt.Text("label:N"),
        )
        .properties(width=620, height=18 * half, view=alt.ViewConfig(stroke=None))
    )
    return key
