"""What arrows, brackets, units and the columns over seeds and sites mean; as plain text, for every kind of page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ra_bench.boards.columns import MEASURED_ON, OVER_SEEDS, SCALE, SD_PATIENTS, SD_REST, SD_SEEDS

if TYPE_CHECKING:
    from ra_bench.values import Board

ARROWS = {"high": " ↑", "low": " ↓", "zero": " →0", "none": ""}
#: Metric and heading of what is shown of rows of several seeds.
OVER = (
    (OVER_SEEDS, "RMSE, mean (least to most)"),
    (SD_PATIENTS, "SD over patients"),
    (SD_SEEDS, "SD over seeds"),
    (SD_REST, "SD of the rest"),
)
OF_SEEDS = (
    "How far the RMSE of one training moves: with other patients, as many as here; with another seed; and by what a "
    "seed does to single patients. From the mean squares of the squared errors. 0 means less than these data can tell; "
    "few seeds say little about seeds."
)
OF_SITES = (
    "Bias: mean of prediction minus reference; a site that is read too high or too low as a whole shows there. In "
    "brackets: 95 % intervals from draws of the site's own patients (RMSE: BCa; bias: t), none for fewer than 6. They "
    "say nothing of a further site."
)
_METHODS = {"bca": "BCa bootstrap", "percentile": "percentile bootstrap", "t": "t"}


def nothing_yet(board: Board) -> str:
    """What is said of a board without a measured model; "" of any other."""
    if any(row.kind == "model" for row in board.rows):
        return ""
    return "No model is measured yet." if is_measured(board) else "Nothing is measured yet."


def is_measured(board: Board) -> bool:
    """Whether any row was measured here, and not only printed in a paper."""
    return any(row.metrics and row.kind != "published" for row in board.rows)


def legend(board: Board) -> str:
    """What arrows, brackets and units mean, said once."""
    shown = [row for row in board.rows if row.kind in ("model", "reader", "baseline")]
    used = [column for column in board.columns if any(column.metric in row.metrics for row in shown)]
    methods: dict[str, list[str]] = {}
    units: dict[str, list[str]] = {}
    for column in used:
        found = {row.metrics[column.metric].method for row in shown if column.metric in row.metrics}
        for method in sorted(found & _METHODS.keys()):
            methods.setdefault(_METHODS[method], []).append(column.label)
        if column.unit:
            units.setdefault(column.unit, []).append(column.label)
    brackets = "; ".join(f"{', '.join(labels)}: {method}" for method, labels in methods.items())
    scales = ". ".join(f"{', '.join(labels)} in {unit}" for unit, labels in units.items())
    sentences = [f"Measured on {value}." for name, value in board.facts if name == MEASURED_ON]
    sentences += ["↑ higher is better, ↓ lower is better."]
    sentences += [f"In brackets: 95 % intervals ({brackets})."] if brackets else []
    sentences += [f"{scales}."] if scales else []
    sentences += [f"Scores: {value}." for name, value in board.facts if name == SCALE]
    return " ".join(sentences)
