"""Histogram of the scores of the test films, with the predictions of the best model over it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt
import numpy as np

from ra_bench.boards.figures.prediction import common_domain
from ra_bench.boards.figures.source import model_pairs
from ra_bench.boards.figures.style import LIGHT, VERMILLION, WIDTH, data, framed, shown, tips, with_unit

if TYPE_CHECKING:
    from ra_bench.boards.figures.source import Source
    from ra_bench.boards.figures.style import Chart
    from ra_bench.boards.held_out import Floats

TITLE = "How the scores of the test films are spread"
#: About so many bars over the scores that there are.
_BARS = 30


def draw(source: Source) -> Chart:
    """Bars: the reference. Line: the best model's predictions, in the same bins."""
    pair = model_pairs(source, source.models[0])
    edges = bins(*common_domain([pair]))
    rows = [
        {"from": float(low), "to": float(high), "films": int(bar), "predicted": int(line)}
        for low, high, bar, line in zip(
            edges[:-1],
            edges[1:],
            np.histogram(pair.reference, edges)[0],
            np.histogram(pair.predicted, edges)[0],
            strict=True,
        )
    ]
    reference, predicted = f"reference: {shown(pair.against)}", f"prediction of {shown(pair.name)}"
    names = alt.Scale(domain=[reference, predicted], range=[LIGHT, VERMILLION])
    legend = alt.Legend(title=None, orient="top", labelLimit=320, symbolStrokeColor="#000000", symbolType="square")
    x = alt.X(
        field="from",
        type="quantitative",
        title=with_unit("score", source.unit),
        scale=alt.Scale(domain=[edges[0], edges[-1]], nice=False),
        axis=alt.Axis(labelFlush=False),
    )
    y = alt.Y(field="films", type="quantitative", title="films")
    bars = (
        alt.Chart(data([{**row, "series": reference} for row in rows]))
        .mark_bar(stroke="#6e6e6e", strokeWidth=0.8)
        .encode(
            x=x,
            x2=alt.X2("to:Q"),
            y=y,
            y2=alt.datum(0),
            color=alt.Color("series:N", scale=names, legend=legend),
            tooltip=tips("from:Q", "to:Q", "films:Q"),
        )
    )
    last = {**rows[-1], "from": rows[-1]["to"]}
    line = (
        alt.Chart(data([{**row, "series": predicted} for row in (*rows, last)]))
        .mark_line(interpolate="step-after", strokeWidth=2)
        .encode(x=x, y=y.field("predicted"), color=alt.Color("series:N", scale=names, legend=legend))
    )
    width = edges[1] - edges[0]
    lines = [
        f"{len(pair.ids):,} films in bins of {width:g}. Bars: reference. Line: predictions of the best model shown."
    ]
    return framed(alt.layer(bars, line).properties(width=WIDTH - 60, height=280), source.board, TITLE, lines)


def bins(low: float, high: float) -> Floats:
    """Edges from below the least to above the largest score, a round number of units apart.

    Examples
    --------
    >>> bins(0.0, 23.0).tolist()[:3], bins(-3.0, 230.0).tolist()[:3]
    ([0.0, 1.0, 2.0], [-10.0, 0.0, 10.0])
    """
    rough = max((high - low) / _BARS, 1e-9)
    power = 10.0 ** np.floor(np.log10(rough))
    width = next(step * power for step in (1, 2, 5, 10) if step * power >= rough)
    first, last = np.floor(low / width), np.floor(high / width) + 1
    edges: Floats = np.arange(first, last + 1) * width
    return edges
