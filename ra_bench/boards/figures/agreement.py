"""Bland-Altman plots: the difference against the mean, limits of agreement with their intervals, proportional bias."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np

from ra_bench.boards.evaluate import rounded
from ra_bench.boards.figures.prediction import MOST_FILMS, SIZE, thinned
from ra_bench.boards.figures.source import all_pairs, drawn
from ra_bench.boards.figures.style import (
    BLUE,
    DASHED,
    DOTTED,
    GREY,
    LIGHT,
    VERMILLION,
    data,
    framed,
    heading,
    panels,
    shown,
    tips,
    with_unit,
)
from ra_bench.boards.render.numbers import fixed
from ra_bench.metrics import Limits, bias_interval, limits_of_agreement, proportional_bias

if TYPE_CHECKING:
    from ra_bench.boards.figures.source import Pairs, Source
    from ra_bench.boards.figures.style import Chart

TITLE = "Differences against the mean of both (Bland-Altman)"


def draw(source: Source) -> Chart:
    """A panel a model, and one of the reader."""
    pairs = all_pairs(source)
    means = [(pair.reference + pair.predicted) / 2 for pair in pairs]
    across = (min(0.0, *(float(mean.min()) for mean in means)), max(float(mean.max()) for mean in means))
    reach = max(float(np.abs(pair.predicted - pair.reference).max()) for pair in pairs)
    lines = [
        (
            "Solid line: mean difference. Dashed lines: limits of agreement, between which 95 % of the differences "
            "lie. Grey: their 95 % intervals. Dotted line: proportional bias, how the difference changes with the "
            "score."
        ),
        source.which,
        thinned(pairs),
    ]
    return framed(panels([_panel(pair, across, reach, source.unit) for pair in pairs]), source.board, TITLE, lines)


def _panel(pair: Pairs, across: tuple[float, float], reach: float, unit: str) -> Chart:
    mean, difference = (pair.reference + pair.predicted) / 2, pair.predicted - pair.reference
    x = alt.X(
        field="mean",
        type="quantitative",
        scale=alt.Scale(domain=list(across), nice=True),
        title=with_unit("mean of both", unit),
    )
    title = with_unit(f"{shown(pair.own)} minus {shown(pair.against)}", unit)
    y = alt.Y(
        field="difference",
        type="quantitative",
        scale=alt.Scale(domain=[-1.05 * reach, 1.05 * reach], nice=True),
        title=title,
    )
    rows = [
        {
            "film": shown(pair.ids[row]),
            "mean": rounded(float(mean[row])),
            "difference": rounded(float(difference[row])),
        }
        for row in drawn(pair.reference, MOST_FILMS)
    ]
    points = (
        alt.Chart(data(rows))
        .mark_point(shape="circle", size=14, color=BLUE, opacity=0.5, strokeWidth=1, aria=False)
        .encode(x=x, y=y, tooltip=tips("film:N", "mean:Q", "difference:Q"))
    )
    limits = limits_of_agreement(pair.reference, pair.predicted)
    levels, said = _levels(pair, limits)
    bands = alt.Chart(data([level for level in levels if "from" in level])).mark_rect(color=LIGHT)
    lines = alt.Chart(data(levels)).mark_rule(color="black", strokeWidth=1.4)
    dashes = alt.StrokeDash(
        "line:N", scale=alt.Scale(domain=["bias", "low", "high"], range=[[1, 0], DASHED, DASHED]), legend=None
    )
    zero = alt.Chart(data([{"difference": 0}])).mark_rule(color=GREY, strokeWidth=0.8).encode(y=y)
    layers: list[alt.Chart] = [
        bands.encode(y=y.field("from"), y2=alt.Y2("to:Q")),
        zero,
        points,
        lines.encode(y=y, strokeDash=dashes),
    ]
    line = proportional_bias(pair.reference, pair.predicted)
    if isfinite(line.slope):
        ends = [
            {"mean": rounded(end), "difference": rounded(line.intercept + line.slope * end)}
            for end in (float(mean.min()), float(mean.max()))
        ]
        layers.append(
            alt.Chart(data(ends)).mark_line(strokeDash=DOTTED, color=VERMILLION, strokeWidth=2.2).encode(x=x, y=y)
        )
        said.append(f"proportional bias {fixed(line.slope, 3)} (p {fixed(line.p, 3)}); {len(pair.ids):,} films")
    return alt.layer(*layers).properties(width=SIZE, height=SIZE, title=heading(shown(pair.name), said))


def _levels(pair: Pairs, limits: Limits) -> tuple[list[dict[str, Any]], list[str]]:
    """The mean difference and both limits, each with its interval where it has one; and what is said of them."""
    found = {"bias": (limits.bias, bias_interval(pair.reference, pair.predicted))}
    found |= {"low": (limits.low, limits.low_interval), "high": (limits.high, limits.high_interval)}
    levels: list[dict[str, Any]] = []
    for name, (level, (low, high)) in found.items():
        if isfinite(level):
            ends = {"from": rounded(low), "to": rounded(high)} if isfinite(low) and isfinite(high) else {}
            levels.append({"line": name, "difference": rounded(level), **ends})
    low, high = found["bias"][1]
    between = f" ({fixed(low, 1)} to {fixed(high, 1)})" if isfinite(low) else ""
    return levels, [
        f"mean difference {fixed(limits.bias, 1)}{between}",
        f"limits of agreement {fixed(limits.low, 1)} to {fixed(limits.high, 1)}",
    ]
