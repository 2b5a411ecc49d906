"""Prediction against reference, with the band in which a further reader would lie."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

import altair as alt

from ra_bench.boards.evaluate import rounded
from ra_bench.boards.figures.source import all_pairs, drawn
from ra_bench.boards.figures.style import BLUE, DASHED, LIGHT, data, framed, heading, panels, shown, tips, with_unit
from ra_bench.boards.render.numbers import fixed
from ra_bench.metrics import pearson, rmse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ra_bench.boards.figures.source import Pairs, Source
    from ra_bench.boards.figures.style import Chart

TITLE = "Predictions against the reference, film by film"
#: More points than this are a blot, and a file too large to look at; which are drawn is said.
MOST_FILMS = 1000
SIZE = 270
_Z = 1.959963984540054  # the 97.5 % point of the standard normal


def draw(source: Source) -> Chart:
    """A panel a model, and one of the reader."""
    pairs = all_pairs(source)
    domain = common_domain(pairs)
    lines = ["Dashed line: prediction equal to reference.", source.which, thinned(pairs)]
    if any(isfinite(pair.further) for pair in pairs):
        lines[0] += (
            " Grey band: where 95 of 100 readings of a further reader would lie (±1.96 times that reader's RMSE "
            "against the score below), were errors alike at all scores."
        )
    return framed(panels([_panel(pair, domain, source.unit) for pair in pairs]), source.board, TITLE, lines)


def common_domain(pairs: Sequence[Pairs]) -> tuple[float, float]:
    """The least and the largest score of all panels, so that they have the same axes."""
    scores = [array for pair in pairs for array in (pair.reference, pair.predicted)]
    return min(0.0, *(float(array.min()) for array in scores)), max(float(array.max()) for array in scores)


def thinned(pairs: Sequence[Pairs], most: int = MOST_FILMS) -> str:
    """What is said where not every film is drawn."""
    films = max(len(pair.ids) for pair in pairs)
    if films <= most:
        return ""
    return f"{most:,} of {films:,} films are drawn, evenly spaced by the reference; numbers and lines are of all."


def _panel(pair: Pairs, domain: tuple[float, float], unit: str) -> Chart:
    scale = alt.Scale(domain=list(domain), nice=True)
    x = alt.X(field="reference", type="quantitative", scale=scale, title=with_unit(shown(pair.against), unit))
    y = alt.Y(field="predicted", type="quantitative", scale=scale, title=with_unit(shown(pair.own), unit))
    rows = [
        {
            "film": shown(pair.ids[row]),
            "reference": rounded(float(pair.reference[row])),
            "predicted": rounded(float(pair.predicted[row])),
        }
        for row in drawn(pair.reference, MOST_FILMS)
    ]
    points = (
        alt.Chart(data(rows))
        .mark_point(shape="circle", size=14, color=BLUE, opacity=0.5, strokeWidth=1, clip=True, aria=False)
        .encode(x=x, y=y, tooltip=tips("film:N", "reference:Q", "predicted:Q"))
    )
    reach = domain[1] - domain[0]
    ends = [{"reference": end, "predicted": end} for end in (domain[0] - reach, domain[1] + reach)]
    same = (
        alt.Chart(data(ends)).mark_line(strokeDash=DASHED, color="black", strokeWidth=1.2, clip=True).encode(x=x, y=y)
    )
    layers: list[alt.Chart] = [points, same]
    if isfinite(pair.further):
        half = rounded(_Z * pair.further)
        band = [{**end, "low": end["predicted"] - half, "high": end["predicted"] + half} for end in ends]
        layers.insert(
            0,
            alt.Chart(data(band)).mark_area(color=LIGHT, clip=True).encode(x=x, y=y.field("low"), y2=alt.Y2("high:Q")),
        )
    error, rho = rmse(pair.reference, pair.predicted), pearson(pair.reference, pair.predicted)
    said = f"RMSE {fixed(error, 1)}, rho {fixed(rho, 2)}"
    return alt.layer(*layers).properties(
        width=SIZE, height=SIZE, title=heading(shown(pair.name), [f"{said}, {len(pair.ids):,} films"])
    )
