"""How all figures look: colours that the colour-blind tell apart, shapes and dashes beside them, a title on top."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING, Any, TypeAlias

import altair as alt

from ra_bench.boards.facts import scale_of
from ra_bench.boards.render.escape import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ra_bench.values import Board

Chart: TypeAlias = alt.Chart | alt.LayerChart | alt.FacetChart | alt.ConcatChart | alt.HConcatChart | alt.VConcatChart

# Okabe & Ito 2008: told apart with every kind of colour vision
BLUE, VERMILLION, GREEN, PURPLE, BLACK = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000"
GREY, LIGHT, DARK = "#8c8c8c", "#d9d9d9", "#4d4d4d"
#: One a series, in order: each differs from the others in colour, in shape and in dashes.
COLOURS = (BLUE, VERMILLION, GREEN, PURPLE, BLACK)
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross")
DASHES = ([1, 0], [8, 4], [2, 3], [10, 3, 2, 3], [5, 2])
DASHED, DOTTED = [6, 4], [2, 3]
#: As wide as a page of markdown shows without making it smaller.
WIDTH = 700
_FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
_LETTERS = 112
_DIGITS = ",.6~g"  # counts of films stay whole
_LIMIT = 320


def data(rows: Sequence[dict[str, Any]]) -> alt.InlineData:
    """Rows inside the specification of a chart, as JSON text: altair copies rows again and again, but not a text."""
    return alt.InlineData(values=json.dumps(list(rows), allow_nan=False), format=alt.JsonDataFormat(type="json"))


def shown(name: str) -> str:
    """A guest's name in one line, with what cannot be seen made visible; a long one is cut where it is drawn.

    Examples
    --------
    >>> shown("resnet50\\u202e")
    'resnet50(U+202E)'
    """
    return one_line(name)


def colours(names: Sequence[str]) -> alt.Scale:
    """A colour a name."""
    return alt.Scale(domain=[shown(name) for name in names], range=list(COLOURS[: len(names)]))


def points_of(names: Sequence[str]) -> tuple[alt.Color, alt.Shape]:
    """The colour and the shape of the field `series`, with one legend for both."""
    legend = alt.Legend(title=None, orient="top", labelLimit=330, columns=2, symbolSize=80)
    shapes = alt.Scale(domain=[shown(name) for name in names], range=list(SHAPES[: len(names)]))
    colour = alt.Color("series:N", scale=colours(names), legend=legend)
    return colour, alt.Shape("series:N", scale=shapes, legend=legend)


def lines_of(names: Sequence[str]) -> tuple[alt.Color, alt.StrokeDash]:
    """The colour and the dashes of the field `series`, with one legend for both."""
    legend = alt.Legend(
        title=None,
        orient="top",
        labelLimit=330,
        columns=2,
        symbolType="stroke",
        symbolSize=900,
        symbolStrokeWidth=2,
    )
    dashes = alt.Scale(domain=[shown(name) for name in names], range=list(DASHES[: len(names)]))
    colour = alt.Color("series:N", scale=colours(names), legend=legend)
    return colour, alt.StrokeDash("series:N", scale=dashes, legend=legend)


def tips(*fields: str) -> list[alt.Tooltip]:
    """What a page shows of a mark on which the pointer rests, such as "film:N", or "rmse:Q", which is a number."""
    return [alt.Tooltip(field, format=_DIGITS) if field.endswith(":Q") else alt.Tooltip(field) for field in fields]


def heading(text: str, lines: Sequence[str] = ()) -> alt.TitleParams:
    """The title of a panel, with lines below it."""
    return alt.TitleParams(text=text, subtitle=list(lines), fontSize=13, anchor="start", offset=6, limit=_LIMIT)


def framed(chart: Chart, board: Board, title: str, lines: Sequence[str]) -> Chart:
    """The whole figure: title, what its marks mean, and whether the films are simulated."""
    if board.simulated:
        lines = [*lines, "Simulated films and simulated readers: says nothing of real films."]
    below = [part for line in lines if line for part in textwrap.wrap(line, _LETTERS)]
    chart = chart.properties(
        title=alt.TitleParams(text=title, subtitle=below, fontSize=16, anchor="start", offset=12),
        description=" ".join([f"{title}.", *(line for line in lines if line)]),
        background="white",
        padding=8,
    )
    # In one go: each `configure_...` would copy the whole chart.
    whole: Chart = chart.configure(
        font=_FONT,
        title=alt.TitleConfig(subtitleFontSize=12, subtitlePadding=6, subtitleColor=DARK),
        axis=alt.AxisConfig(labelFontSize=12, titleFontSize=12, titleFontWeight="normal", gridColor="#ececec"),
        legend=alt.LegendConfig(labelFontSize=12, titleFontSize=12),
        view=alt.ViewConfig(stroke=GREY),
    )
    return whole


def layers_of(*charts: alt.Chart) -> Chart:
    """Charts of `data` one over another, without those that have no rows: an axis of them would have no ends."""
    return alt.layer(*(chart for chart in charts if chart.data.values != "[]"))


def panels(charts: Sequence[Chart], columns: int = 2) -> alt.ConcatChart:
    """Charts side by side."""
    return alt.concat(*charts, columns=columns, spacing=24)


def unit_of(board: Board) -> str:
    """The unit of the scores; empty where the board does not say it."""
    scale = scale_of(board)
    return scale.unit if scale else ""


def with_unit(label: str, unit: str) -> str:
    """A title of an axis.

    Examples
    --------
    >>> with_unit("MAE", "SvH units"), with_unit("MAE", "")
    ('MAE (SvH units)', 'MAE')
    """
    return f"{label} ({unit})" if unit else label
