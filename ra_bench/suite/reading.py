"""Stored predictions and readings, measured again: reports, corrected labels, the tables of the paper."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ra_bench.runs.datasets import find_dataset, load_scores
from ra_bench.runs.lock import alone
from ra_bench.suite.opening import Suite, every
from ra_bench.suite.publishing import board_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ra_bench.reports.columns import Columns
    from ra_bench.reports.front import Wishes
    from ra_bench.reports.paper.views import PaperTables
    from ra_bench.reports.values import ModelReport, ReadersReport
    from ra_bench.values import Board


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """The report on predictions, and the board that got a row of them, where one was asked for."""

    report: ModelReport
    board: Board | None = None
    folder: Path | None = None


def score_predictions(
    suite: Suite,
    source: Path,
    *,
    columns: Columns | None = None,
    name: str | None = None,
    dataset: str | None = None,
    board: str | None = None,
    wishes: Wishes | None = None,
) -> Scored:
    """Measure predictions that anybody made, or those of a finished run; on request also as a row of a board.

    Raises
    ------
    CohortError, RecordError
        A table, a run or a board that cannot be read, films that do not match, or a name that is taken.
    """
    from ra_bench.boards.facts import scale_of
    from ra_bench.reports.board_row import add_row, on_board, open_board
    from ra_bench.reports.front import Wishes, known_films, scored
    from ra_bench.reports.tables import read_model_predictions

    alone_known = dataset is None and board is None
    model = read_model_predictions(source, columns, name=name, needs_reference=alone_known)
    known = None if dataset is None else known_films(suite.registry, dataset, suite.data)
    if board is None:
        return Scored(report=scored(model, known, wishes or Wishes()))
    opened = open_board(suite.boards / board, suite.runs / board)
    model = on_board(model, opened)
    wishes = wishes or Wishes()
    report = scored(model, None, replace(wishes, scale=wishes.scale or scale_of(opened.board)))
    with alone(suite.runs / board):
        made = add_row(
            opened,
            model,
            runs=suite.runs,
            installed=suite.registry.names("model"),
            metrics=every(suite.registry, "metric"),
            renderers=every(suite.registry, "renderer"),
        )
    return Scored(report=report, board=made, folder=opened.folder)


def agree_on_readings(
    source: Path, *, columns: Columns | None = None, score: str | None = None, wishes: Wishes | None = None
) -> ReadersReport:
    """Measure readers against one another.

    Raises
    ------
    TableError
        A table that cannot be read, or fewer than two readers who share films.
    """
    from ra_bench.reports.columns import Columns
    from ra_bench.reports.front import Wishes, agreed

    return agreed(source, columns or Columns(), score, wishes or Wishes())


def rescore_board(suite: Suite, name: str, labels: str, reread: Path | None = None) -> tuple[Board, Path]:
    """Measure a board's stored predictions on other labels; write a board of its own, and give it with its folder.

    `reread` is a sheet of films that were read again, whose scores are put into the labels first.

    Raises
    ------
    CohortError, RecordError
        A board or runs that cannot be read, labels of other films, on another scale, or the same as before.
    TableError
        A sheet that cannot be read, or of other films.
    """
    from ra_bench.boards.leaderboard import save_board
    from ra_bench.reports.reread.merge import with_reread
    from ra_bench.reports.rescore import read_scorable, rescored

    metrics = every(suite.registry, "metric")
    found = read_scorable(suite.boards / name, suite.runs / name, metrics)
    cohort = load_scores(find_dataset(suite.registry, labels), suite.data)
    again = None if reread is None else with_reread(cohort, reread)
    board, records = rescored(found, cohort if again is None else again.cohort, metrics, reread=again)
    folder = suite.boards / board.name
    return save_board(board, records, folder, every(suite.registry, "renderer")), folder


def films_to_reread(
    suite: Suite,
    name: str,
    *,
    films: int = 20,
    margin: float | None = None,
    readers: Sequence[str] = (),
    file: Path | None = None,
) -> list[str]:
    """Write a sheet of films to be read again, `<board>-reread.csv` if no file is named: see reports/reread.

    Raises
    ------
    UnknownNameError, RecordError
        No board of that name, no predictions of it, too few models or readers, or a file that is there already.
    """
    from ra_bench.reports.board_films import own_films
    from ra_bench.reports.reread.front import write_reread

    found = own_films(board_folder(suite, name), suite.runs / name, every(suite.registry, "metric"))
    place = Path(f"{name}-reread.csv") if file is None else file
    return write_reread(found, films=films, margin=margin, readers=readers, file=place, boards=suite.boards)


def tables_of_paper(suite: Suite, name: str) -> PaperTables:
    """Tables 2 to 6 of the paper for a board: see reports/paper.

    Raises
    ------
    UnknownNameError, RecordError
        No board of that name, or one that cannot be read.
    """
    from ra_bench.reports.board_films import published_films
    from ra_bench.reports.paper.views import paper_tables

    folder = board_folder(suite, name)
    found = published_films(folder, suite.runs / name, every(suite.registry, "metric"))
    return paper_tables(found, folder)
