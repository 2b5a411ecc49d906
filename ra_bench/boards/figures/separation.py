"""Which models the films tell apart: the paired difference in RMSE of every two."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from math import isfinite
from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np

from ra_bench.boards.evaluate import mean_over_seeds, resampled_sums, rounded
from ra_bench.boards.figures.style import BLUE, GREY, data, framed, shown, tips, with_unit
from ra_bench.metrics import (
    adjust_holm,
    bootstrap_p,
    can_separate,
    difference,
    resample_metric,
    rmse_from_sums,
)

if TYPE_CHECKING:
    from ra_bench.boards.figures.source import Source
    from ra_bench.boards.figures.style import Chart
    from ra_bench.metrics import Resampled

TITLE = "Which models these films tell apart"
MOST = 12
ALPHA = 0.05


def draw(source: Source) -> Chart | None:
    """A cell a pair of ranked models; None for fewer than two."""
    names = source.ranked[:MOST]
    if len(names) < 2:
        return None
    rows = cells(source, names)
    x = alt.X("second:N", sort=[shown(name) for name in names[1:]], title="model of the larger RMSE")
    x = x.axis(labelAngle=-35, labelLimit=170, orient="bottom")
    y = alt.Y("first:N", sort=[shown(name) for name in names[:-1]], title="model of the smaller RMSE")
    y = y.axis(labelLimit=200)
    told = alt.datum.apart
    chart = alt.Chart(data(rows)).encode(x=x, y=y, tooltip=tips("first:N", "second:N", "difference:Q", "p:Q"))
    boxes = chart.mark_rect(stroke=GREY, strokeWidth=1).encode(
        color=alt.condition(told, alt.value(BLUE), alt.value("white"))
    )
    text = chart.mark_text(fontSize=12).encode(
        text=alt.Text("label:N"), color=alt.condition(told, alt.value("white"), alt.value("black"))
    )
    lines = [
        (
            f"{with_unit('Numbers: difference in RMSE', source.unit)}, on the same draws of patients. Dark: told "
            f"apart, p < {ALPHA:g} after Holm's adjustment over the {len(rows)} pairs shown. White: not told apart, "
            "which is no proof that they are equal."
        ),
    ]
    if len(source.ranked) > MOST:
        lines.append(f"The {MOST} best of {len(source.ranked)} ranked models.")
    side = 48 if len(names) > 5 else 64
    sized = alt.layer(boxes, text).properties(width=side * (len(names) - 1), height=36 * (len(names) - 1))
    return framed(sized, source.board, TITLE, lines)


def cells(source: Source, names: tuple[str, ...]) -> list[dict[str, Any]]:
    """The difference in RMSE of each pair, its p after Holm, and whether the two are told apart."""
    predicted = {name: source.films.predicted[name] for name in names}
    sums = resampled_sums(replace(source.films, predicted=predicted), source.resampling)
    errors: dict[str, Resampled] = {}
    for name, seeds in predicted.items():
        with np.errstate(all="ignore"):
            errors[name] = mean_over_seeds([resample_metric(rmse_from_sums, next(sums)) for _ in seeds])
    pairs = list(combinations(names, 2))
    # The board orders by RMSE, so the second has the larger one.
    gaps = [difference(errors[second], errors[first]) for first, second in pairs]
    p_values = adjust_holm([bootstrap_p(gap) for gap in gaps])
    enough = can_separate(source.resampling.patients)
    return [
        {
            "first": shown(first),
            "second": shown(second),
            "difference": rounded(gap.estimate),
            "label": f"{gap.estimate:.1f}",
            "p": rounded(float(p)) if isfinite(p) else None,
            "apart": bool(enough and p < ALPHA),
        }
        for (first, second), gap, p in zip(pairs, gaps, p_values, strict=True)
    ]
