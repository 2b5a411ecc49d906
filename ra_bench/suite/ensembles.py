"""Ensembles of finished runs as rows of their board; trains nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ra_bench.errors import UnknownNameError
from ra_bench.plugins import not_loaded
from ra_bench.runs.lock import alone
from ra_bench.suite.opening import Suite, every

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ra_bench.boards.ensembles import How
    from ra_bench.plugins import Registry
    from ra_bench.values import Board, RunRecord


def make_ensemble(
    suite: Suite,
    board: str,
    models: Sequence[str],
    *,
    seeds: Sequence[int] = (),
    how: How = "mean",
    together: bool = False,
    name: str | None = None,
) -> tuple[Board, Path, tuple[RunRecord, ...]]:
    """Put finished runs together and add the row to their board; the board, its folder, and the records of the row.

    `seeds`, `how` and `together` are as in `boards.ensembles.ensembles_of`. Without a `name` it is made of those of the
    models. An ensemble of that name is replaced.

    Raises
    ------
    UnknownNameError
        A model that is neither on the board nor registered.
    RecordError
        A board or runs that are not there or do not belong together, or a name that is taken.
    """
    from ra_bench.boards.ensembles import ensembles_of
    from ra_bench.reports.board_row import check_name, open_board, put_row
    from ra_bench.runs.records import ENSEMBLE

    opened = open_board(suite.boards / board, suite.runs / board)
    _check_models(suite.registry, models, {record.job.model for record in opened.records})
    name = name or "-".join(("ensemble", *sorted(dict.fromkeys(models))))
    check_name(opened, name, suite.registry.names("model"), replaces=ENSEMBLE)
    made = ensembles_of(
        opened.records, models, name=name, seeds=seeds, how=how, together=together, facts=opened.board.facts
    )
    with alone(suite.runs / board):
        shown = put_row(
            opened,
            made,
            runs=suite.runs,
            metrics=every(suite.registry, "metric"),
            renderers=every(suite.registry, "renderer"),
        )
    return shown, opened.folder, tuple(made)


def _check_models(registry: Registry, models: Sequence[str], there: set[str]) -> None:
    """Refuse what no training could bring; weights that were given stand behind "+" in the name of a row."""
    for model in models:
        if model not in there and not registry.has("model", model.partition("+")[0]):
            own = f"The board has finished runs of {', '.join(sorted(there))}."
            advice = "\n".join((*not_loaded(registry.plugins), own))
            raise UnknownNameError("model", model, there.union(registry.names("model")), advice)
