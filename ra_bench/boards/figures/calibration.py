"""Calibration: what the reference is, on average, where a model predicts so much."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

import altair as alt
import numpy as np

from ra_bench.boards.evaluate import rounded
from ra_bench.boards.figures.prediction import common_domain
from ra_bench.boards.figures.source import model_pairs
from ra_bench.boards.figures.style import (
    BLUE,
    DASHED,
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
from ra_bench.metrics import bias, bias_interval, calibration

if TYPE_CHECKING:
    from ra_bench.boards.figures.source import Pairs, Source
    from ra_bench.boards.figures.style import Chart

TITLE = "Calibration: the mean reference where a model predicts so much"
#: Films are put into so many groups of equal size by their prediction.
GROUPS = 10
_SIZE = 165


def draw(source: Source) -> Chart:
    """A panel a model."""
    pairs = [model_pairs(source, model) for model in source.models]
    domain = common_domain(pairs)
    lines = [
        (
            f"Points: means of up to {GROUPS} groups of equal size, by prediction, with 95 % t intervals. Solid line: "
            "least squares over all films. Dashed line: perfect calibration. A slope below 1: predictions are too "
            "spread out."
        ),
        source.which,
    ]
    return framed(panels([_panel(pair, domain, source.unit) for pair in pairs], columns=3), source.board, TITLE, lines)


def groups(pair: Pairs) -> list[dict[str, float]]:
    """Mean prediction and mean reference of films alike in prediction; equal predictions stay together."""
    edges = np.unique(np.quantile(pair.predicted, np.linspace(0, 1, GROUPS + 1)[1:-1]))
    place = np.searchsorted(edges, pair.predicted, side="left")
    rows = []
    for group in np.unique(place):
        reference, predicted = pair.reference[place == group], pair.predicted[place == group]
        centre = float(predicted.mean())
        row = {
            "predicted": rounded(centre),
            "reference": rounded(centre - bias(reference, predicted)),
            "films": int(predicted.size),
        }
        low, high = bias_interval(reference, predicted)
        if isfinite(low) and isfinite(high):
            row |= {"low": rounded(centre - high), "high": rounded(centre - low)}
        rows.append(row)
    return rows


def _panel(pair: Pairs, domain: tuple[float, float], unit: str) -> Chart:
    scale = alt.Scale(domain=list(domain), nice=True)
    x = alt.X(field="predicted", type="quantitative", scale=scale, title=with_unit("prediction", unit))
    y = alt.Y(field="reference", type="quantitative", scale=scale, title=with_unit("mean reference", unit))
    found = groups(pair)
    ends = [{"predicted": end, "reference": end} for end in domain]
    layers: list[alt.Chart] = [
        alt.Chart(data(ends)).mark_line(strokeDash=DASHED, color="black", strokeWidth=1.2).encode(x=x, y=y),
        alt.Chart(data([row for row in found if "low" in row]))
        .mark_rule(color=BLUE, strokeWidth=1.6, clip=True)
        .encode(x=x, y=y.field("low"), y2=alt.Y2("high:Q")),
        alt.Chart(data(found))
        .mark_point(shape="circle", filled=True, size=45, color=BLUE, opacity=1, clip=True)
        .encode(x=x, y=y, tooltip=tips("predicted:Q", "reference:Q", "films:Q")),
    ]
    line = calibration(pair.reference, pair.predicted)
    said = ["no line: all predictions are the same"]
    if isfinite(line.slope):
        over = [
            {"predicted": rounded(end), "reference": rounded(line.intercept + line.slope * end)}
            for end in (float(pair.predicted.min()), float(pair.predicted.max()))
        ]
        layers.insert(1, alt.Chart(data(over)).mark_line(color=VERMILLION, strokeWidth=2, clip=True).encode(x=x, y=y))
        said = [f"slope {fixed(line.slope, 2)}", f"intercept {fixed(line.intercept, 1)}"]
    return alt.layer(*layers).properties(
        width=_SIZE, height=_SIZE, title=heading(shown(pair.name), [", ".join(said), f"{len(pair.ids):,} films"])
    )
