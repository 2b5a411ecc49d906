"""Results of one model for the Hugging Face Hub: a file for the folder `.eval_results` of the model's repository.

The format is that of https://huggingface.co/docs/hub/eval-results, specified in
https://github.com/huggingface/hub-docs/blob/main/eval_results.yaml (looked up in November 2026): a list of entries with
`dataset` (`id` of a benchmark on the Hub, `task_id` of a task in its eval.yaml), one `value`, and optional `date`,
`evaluation_framework` and `notes`. A value is one number, so each metric is a task.
"""

from __future__ import annotations

import re
from math import isfinite
from typing import TYPE_CHECKING

from ra_bench.boards.facts import COHORT
from ra_bench.boards.render.numbers import as_text
from ra_bench.errors import RecordError, UnknownNameError
from ra_bench.publishing.about import measured
from ra_bench.publishing.yaml_text import quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ra_bench.values import Board, BoardRow, Column, RunRecord

_DATASET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*")


def eval_results(board: Board, records: Sequence[RunRecord], *, model: str | None, hub_dataset: str | None) -> str:
    """An entry for each metric of a model.

    Parameters
    ----------
    board : Board
        The board.
    records : sequence of RunRecord
        Of the board; the model's last to finish gives the date.
    model : str
        Name of a measured row. It may be left out where there is one only.
    hub_dataset : str
        The benchmark on the Hub, OWNER/NAME.

    Raises
    ------
    UnknownNameError
        No measured row of that name.
    RecordError
        A name of a benchmark that cannot be one, or no model named where there are several.
    """
    if hub_dataset is None or not _DATASET.fullmatch(hub_dataset):
        raise RecordError(
            f"The Hub counts results for one of its own datasets, and {hub_dataset!r} is no name of one. Name the "
            "benchmark: --hub-dataset OWNER/NAME."
            if hub_dataset is not None
            else "The Hub counts results for one of its own datasets. Name the benchmark: --hub-dataset OWNER/NAME."
        )
    rows = {row.name: row for row in measured(board)}
    if model is None and len(rows) != 1:
        raise RecordError(
            f"Results on the Hub stand in the repository of their model, and the board '{board.name}' has "
            f"{len(rows)}. Name one: --model NAME."
        )
    name = next(iter(rows)) if model is None else model
    if name not in rows:
        raise UnknownNameError("row", name, rows, "Only measured models and baselines have results.")
    row = rows[name]
    finished = max((record.finished for record in records if record.job.model == name), default="")
    entries = [
        _entry(board, row, column, hub_dataset, finished)
        for column in board.columns
        if column.metric in row.metrics and isfinite(row.metrics[column.metric].value)
    ]
    return "".join(entries)


def _entry(board: Board, row: BoardRow, column: Column, dataset: str, finished: str) -> str:
    value = row.metrics[column.metric]
    lines = [
        "- dataset:",
        f"    id: {quoted(dataset)}",
        f"    task_id: {quoted(column.metric)}",
        f"  value: {value.value!r}",
        *([f"  date: {quoted(finished)}"] if finished else []),
        '  evaluation_framework: "ra-bench"',
        f"  notes: {quoted(_notes(board, row, column))}",
    ]
    return "\n".join(lines) + "\n"


def _notes(board: Board, row: BoardRow, column: Column) -> str:
    said = [f"{column.label} {as_text(row.metrics[column.metric], column.digits)}"]
    said += [f"in {column.unit}"] if column.unit else []
    said += [f"on {row.films} films"] if row.films is not None else []
    said += [f"seeds {', '.join(map(str, row.seeds))}"] if row.seeds else []
    said += [value for name, value in board.facts if name == COHORT]
    return f"{', '.join(said)}."
