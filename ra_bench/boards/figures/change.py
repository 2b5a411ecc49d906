"""Cumulative probability plot of change (Landewe and van der Heijde, Ann Rheum Dis 2004): every patient is in it.

Patients stand in order of their change, each rater's by itself; how much of the line lies beyond a cut-off is the share
of patients who progressed by it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np

from ra_bench.boards.changes import changes_of
from ra_bench.boards.evaluate import rounded
from ra_bench.boards.figures.source import drawn
from ra_bench.boards.figures.style import GREY, LIGHT, WIDTH, data, framed, lines_of, shown, tips, with_unit
from ra_bench.boards.render.numbers import fixed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ra_bench.boards.figures.source import Source
    from ra_bench.boards.figures.style import Chart
    from ra_bench.boards.held_out import Floats

TITLE = "Change from the first to the last visit: cumulative probability"
MOST_PATIENTS = 1000


def draw(source: Source) -> Chart | None:
    """A line for the reference, one for a reader alone, and one a model; None where no patient has two visits."""
    result, changes = source.board.change, changes_of(source.films)
    if result is None or changes is None:
        return None
    readers = len(changes.readings)
    # The second, as on the board, where two readers stand as "reader 2 against reader 1".
    series = {f"{reader} alone": changes.readings[reader] for reader in list(changes.readings)[1:2]}
    series |= {model: changes.predicted[model][0] for model in source.models}
    rows = [row for name, values in series.items() for row in points(shown(name), values)]
    x = alt.X(
        field="share",
        type="quantitative",
        title="patients, in order of their change (cumulative %)",
        scale=alt.Scale(domain=[0, 100], nice=False),
    )
    y = alt.Y(field="change", type="quantitative", title=with_unit("change", source.unit))
    colour, dash = lines_of(list(series))
    lines = (
        alt.Chart(data(rows))
        .mark_line(interpolate="step-after", strokeWidth=2)
        .encode(
            x=x,
            y=y,
            color=colour,
            strokeDash=dash,
            order=alt.Order("share:Q"),
            tooltip=tips("series:N", "share:Q", "change:Q"),
        )
    )
    reference = (
        alt.Chart(data(points("reference", changes.reference)))
        .mark_line(interpolate="step-after", strokeWidth=6, color=GREY, opacity=0.7)
        .encode(x=x, y=y, order=alt.Order("share:Q"))
    )
    limit = result.improvement
    band = (
        alt.Chart(data([{"low": -limit, "high": limit}]))
        .mark_rect(color=LIGHT, opacity=0.6)
        .encode(y=y.field("low"), y2=alt.Y2("high:Q"))
    )
    zero = alt.Chart(data([{"change": 0}])).mark_rule(color=GREY, strokeWidth=1).encode(y=y)
    said = [
        (
            f"{result.patients:,} patients. Each line holds all of them as one rater has it, from the largest "
            "improvement to the largest progression; a line that follows the reference has as many progressors, though "
            "not always the same ones."
        ),
        f"Thick line: the reference{f', the mean of {readers} readers' if readers > 1 else ''}.",
        f"Grey band: changes within {fixed(limit, 1)} of 0{_limit_of(result.cutoffs, limit)}.",
        source.which,
    ]
    return framed(
        alt.layer(band, zero, reference, lines).properties(width=WIDTH - 60, height=340), source.board, TITLE, said
    )


def points(name: str, changes: Floats) -> list[dict[str, Any]]:
    """A step a patient, in order of the change: share of patients below it in %, and the change."""
    known = np.sort(changes[np.isfinite(changes)])
    steps = [
        {"series": name, "share": rounded(100 * place / known.size), "change": rounded(float(known[place]))}
        for place in drawn(known, MOST_PATIENTS)
    ]
    return [*steps, {**steps[-1], "share": 100.0}] if steps else []


def _limit_of(cutoffs: Sequence[float], limit: float) -> str:
    return ", which the mean of the readers cannot tell from none (SDC)" if cutoffs[0] == limit else ""
