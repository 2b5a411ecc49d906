"""The best model film by film, beside what the readers said of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt
import numpy as np

from ra_bench.boards.evaluate import rounded
from ra_bench.boards.figures.source import drawn, model_pairs
from ra_bench.boards.figures.style import BLUE, DARK, VERMILLION, WIDTH, data, framed, shown, tips, with_unit
from ra_bench.metrics import within

if TYPE_CHECKING:
    from ra_bench.boards.figures.source import Source
    from ra_bench.boards.figures.style import Chart

#: As many as the paper shows.
MOST = 100
#: Wang et al. 2022 mark predictions that are more than 15 off.
FAR = 15.0


def draw(source: Source) -> Chart:
    """From the mildest film to the most severe: readers as a bar, reference as a tick, prediction as a point."""
    pair = model_pairs(source, source.models[0])
    chosen = drawn(pair.reference, MOST)
    row_of = {film: row for row, film in enumerate(source.films.ids)}
    readings = np.stack(list(source.films.readings.values()))[:, [row_of[pair.ids[row]] for row in chosen]]
    near, far = f"within {FAR:g} of the reference", f"more than {FAR:g} away"
    rows = [
        {
            "place": place + 1,
            "film": shown(pair.ids[row]),
            "reference": rounded(float(pair.reference[row])),
            "predicted": rounded(float(pair.predicted[row])),
            "least": rounded(float(np.nanmin(readings[:, place]))),
            "most": rounded(float(np.nanmax(readings[:, place]))),
            "error": near if within([pair.reference[row]], [pair.predicted[row]], FAR) else far,
        }
        for place, row in enumerate(chosen)
    ]
    chart = alt.Chart(data(rows))
    x = alt.X(
        field="place",
        type="quantitative",
        title="films, from the mildest to the most severe",
        scale=alt.Scale(domain=[0, len(rows) + 1], nice=False),
        axis=alt.Axis(grid=False, tickMinStep=1),
    )
    y = alt.Y(field="reference", type="quantitative", title=with_unit("score", source.unit))
    scale = alt.Scale(domain=[near, far], range=[BLUE, VERMILLION])
    legend = alt.Legend(title="prediction", orient="top", labelLimit=300)
    points = chart.mark_point(size=36, opacity=1, strokeWidth=1.6, aria=False).encode(
        x=x,
        y=y.field("predicted"),
        color=alt.Color("error:N", scale=scale, legend=legend),
        shape=alt.Shape("error:N", scale=alt.Scale(domain=[near, far], range=["circle", "triangle-up"]), legend=legend),
        tooltip=tips("film:N", "reference:Q", "predicted:Q", "least:Q", "most:Q"),
    )
    bars = chart.mark_rule(color="#a6a6a6", strokeWidth=4, aria=False).encode(
        x=x, y=y.field("least"), y2=alt.Y2("most:Q")
    )
    ticks = chart.mark_tick(color=DARK, thickness=2, size=7, orient="horizontal", aria=False).encode(x=x, y=y)
    films = len(pair.ids)
    some = f"{MOST} of {films:,} films, evenly spaced by the reference." if films > MOST else f"All {films:,} films."
    lines = [
        f"{some} Grey bar: from the least to the largest reading. Tick: reference.",
        f"{within(pair.reference, pair.predicted, FAR) * 100:.0f} % of all {films:,} films are within {FAR:g}.",
    ]
    title = f"{shown(pair.name)} film by film, beside the readers"
    return framed(alt.layer(bars, ticks, points).properties(width=WIDTH - 70, height=330), source.board, title, lines)
