"""Training curves: loss and validation RMSE, epoch by epoch."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

import altair as alt

from ra_bench.boards.evaluate import rounded
from ra_bench.boards.figures.style import COLOURS, WIDTH, data, framed, lines_of, shown, tips, with_unit

if TYPE_CHECKING:
    from ra_bench.boards.figures.source import Source
    from ra_bench.boards.figures.style import Chart
    from ra_bench.values import RunRecord

TITLE = "Training curves"


def draw(source: Source) -> Chart | None:
    """A line a model that is shown: its first seed, each fold a line of its own; None where nothing was trained."""
    rows, kept = [], []
    for record in curves(source):
        for report in record.history:
            row = {
                "series": shown(record.job.model),
                "fold": 0 if record.job.fold is None else record.job.fold.number,
                "epoch": report.epoch,
                "loss": _number(report.train_loss),
                "rmse": _number(report.validation_rmse),
            }
            if report.stage == "training":
                rows.append(row)
            if report.stage == "training" and report.epoch == record.kept_epoch:
                kept.append(row)
    if not any(row["epoch"] > 1 for row in rows):
        return None
    names = [model for model in source.models if any(row["series"] == shown(model) for row in rows)]
    colour, dash = lines_of(names)
    # Colours as they are: a scale of the series would have the legend show points in place of lines.
    colour_of = dict(zip(map(shown, names), COLOURS, strict=False))
    fill = alt.Fill("colour:N", scale=None)
    x = alt.X(field="epoch", type="quantitative", title="epoch", axis=alt.Axis(tickMinStep=1, format="d"))
    panels = []
    for field, title, scale in (
        ("loss", "training loss (without unit)", alt.Scale(zero=False, padding=8)),
        ("rmse", with_unit("validation RMSE", source.unit), alt.Scale(type="log", nice=False, padding=8)),
    ):
        y = alt.Y(field=field, type="quantitative", title=title, scale=scale)
        there = [row for row in rows if row[field] is not None]
        lines = (
            alt.Chart(data(there))
            .mark_line(strokeWidth=1.8)
            .encode(
                x=x,
                y=y,
                color=colour,
                strokeDash=dash,
                detail=alt.Detail("fold:N"),
                tooltip=tips("series:N", "epoch:Q", f"{field}:Q"),
            )
        )
        marks = (
            alt.Chart(data([row | {"colour": colour_of[row["series"]]} for row in kept if row[field] is not None]))
            .mark_point(size=80, opacity=1, strokeOpacity=0, fillOpacity=1)
            .encode(x=x, y=y, fill=fill)
        )
        panels.append(alt.layer(lines, marks).properties(width=(WIDTH - 140) // 2, height=260))
    said = ["First seed of each model. Mark: the epoch that was kept. RMSE on a logarithmic axis."]
    if any(record.job.fold is not None for record in source.records):
        said.append("One line a fold.")
    said.append(source.which)
    return framed(alt.hconcat(*panels, spacing=24), source.board, TITLE, [" ".join(said)])


def curves(source: Source) -> list[RunRecord]:
    """Records of the first seed of each model that is shown."""
    return sorted(
        (
            record
            for record in source.records
            if record.job.model in source.models and record.job.seed == source.films.seeds[record.job.model][0]
        ),
        key=lambda record: (
            source.models.index(record.job.model),
            0 if record.job.fold is None else record.job.fold.number,
        ),
    )


def _number(value: float) -> Any:
    """nan is null: JSON has no other word for what is undefined."""
    return rounded(value) if isfinite(value) else None
