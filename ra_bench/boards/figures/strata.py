"""Error by severity: the MAE in bands of the reference."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np

from ra_bench.boards.bands import BANDS
from ra_bench.boards.evaluate import rounded, with_interval
from ra_bench.boards.figures.source import all_pairs
from ra_bench.boards.figures.style import WIDTH, data, framed, layers_of, points_of, shown, tips, with_unit
from ra_bench.boards.sites import FEWEST
from ra_bench.metrics import mae_from_sums, resample_metric, resample_sums
from ra_bench.values import MetricValue

if TYPE_CHECKING:
    from ra_bench.boards.figures.source import Pairs, Source
    from ra_bench.boards.figures.style import Chart

TITLE = "Error by severity"


def draw(source: Source) -> Chart:
    """Models and the reader side by side in each band; a band without films is not there."""
    pairs = all_pairs(source)
    names = [pair.name for pair in pairs]
    rows = [row for pair in pairs for row in bands_of(source, pair)]
    labels = list(dict.fromkeys(row["band"] for row in sorted(rows, key=lambda row: int(row["place"]))))
    colour, shape = points_of(names)
    x = alt.X(
        "band:N",
        sort=labels,
        title=with_unit("reference", source.unit),
        axis=alt.Axis(labelAngle=0, labelExpr="split(datum.label, '|')"),
    )
    offset = alt.XOffset("series:N", sort=[shown(name) for name in names])
    y = alt.Y(field="mae", type="quantitative", title=with_unit("MAE", source.unit), scale=alt.Scale(zero=True))
    chart = alt.Chart(data(rows))
    ends = alt.Chart(data([row for row in rows if "low" in row]))
    whiskers = ends.mark_rule(strokeWidth=1.6).encode(
        x=x, xOffset=offset, y=y.field("low"), y2=alt.Y2("high:Q"), color=colour
    )
    points = chart.mark_point(filled=True, size=70, opacity=1).encode(
        x=x,
        xOffset=offset,
        y=y,
        color=colour,
        shape=shape,
        tooltip=tips("series:N", "band:N", "mae:Q", "low:Q", "high:Q"),
    )
    lines = [
        (
            f"MAE with its 95 % interval (BCa over patients; none for fewer than {FEWEST} patients). Bands are of the "
            "reference, the same films for all. They are ours, no clinical standard."
        ),
        source.which,
    ]
    if any(pair.reader for pair in pairs):
        lines.append(
            "The reader is held against another reader, models against the mean of the readers. Bands go by that "
            "mean: in the mildest the readers must agree."
        )
    layered = layers_of(whiskers, points).properties(width=WIDTH - 60, height=320)
    return framed(layered, source.board, TITLE, lines)


def bands_of(source: Source, pair: Pairs) -> list[dict[str, Any]]:
    """MAE of each band that has films, with its interval."""
    row_of = {film: row for row, film in enumerate(source.films.ids)}
    rows = np.array([row_of[film] for film in pair.ids])
    whole = np.full((2, len(source.films.ids)), np.nan)
    whole[:, rows] = pair.reference, pair.predicted
    place = np.searchsorted(np.asarray(BANDS), source.films.reference, side="right")
    known = np.isfinite(whole).all(axis=0)
    bands: list[int] = np.unique(place[known]).tolist()
    inside = [known & (place == band) for band in bands]
    # All bands at once: the draw is read once, which takes longer than what is done with it.
    resampled_sums = resample_sums(source.resampling, whole[0], [np.where(films, whole[1], np.nan) for films in inside])
    found: list[dict[str, Any]] = []
    for band, films, sums in zip(bands, inside, resampled_sums, strict=True):
        with np.errstate(all="ignore"):
            resampled = resample_metric(mae_from_sums, sums)
            few = np.unique(source.resampling.patient[films]).size < FEWEST
            value = MetricValue(value=rounded(resampled.estimate)) if few else with_interval(resampled, "bca")
        row = {"series": shown(pair.name), "place": band, "band": _label(band, source), "mae": value.value}
        found.append(row | ({"low": value.low, "high": value.high} if isfinite(value.low) else {}))
    return found


def _label(band: int, source: Source) -> str:
    inside = np.searchsorted(
        np.asarray(BANDS), source.films.reference[np.isfinite(source.films.reference)], side="right"
    )
    films = int((inside == band).sum())
    low, high = (BANDS[band - 1] if band else None), (BANDS[band] if band < len(BANDS) else None)
    words = f"below {high:g}" if low is None else f"{low:g} or more" if high is None else f"{low:g} to < {high:g}"
    return f"{words}|{films:,} {'film' if films == 1 else 'films'}"
