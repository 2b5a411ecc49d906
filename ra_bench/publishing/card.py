"""The card of one model of a board: what it is, how it was trained, what it reached, and what that does not say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ra_bench.boards.columns import MEASURED_ON, OVER_SEEDS, RANK, SCALE
from ra_bench.boards.ensembles import ensemble_text
from ra_bench.boards.facts import COHORT, COHORT_NOTE, READERS
from ra_bench.boards.render.escape import escaped
from ra_bench.boards.render.numbers import as_text, films_of, rank_of
from ra_bench.boards.render.table import TableColumn, table
from ra_bench.publishing.about import AboutModel, facts_of, flat
from ra_bench.runs.records import is_trained
from ra_bench.runs.weights import weights_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ra_bench.values import Board, BoardRow, RunRecord

_DATA = (COHORT, SCALE, READERS, "training", "validation", "test", "split", MEASURED_ON, "citation", "licence")
_SIMULATED = "**Simulated films, simulated readers.** Nothing here says how well the model reads a real film."
_LIMITS = (
    "The numbers are about these test films.",
    "Intervals are about the choice of patients, not about another clinic, another machine or other readers.",
    "The model was measured as a reader of scores, not as part of anybody's care.",
)


def model_card(board: Board, row: BoardRow, records: Sequence[RunRecord], about: AboutModel) -> str:
    """The card in markdown.

    Parameters
    ----------
    board : Board
        The board on which the model stands.
    row : BoardRow
        Its row.
    records : sequence of RunRecord
        Its trainings; none where the cohort is private.
    about : AboutModel
        What its package says.
    """
    parts = [
        [f"# {escaped(row.name)}"],
        [f"A row of the leaderboard [{escaped(board.title)}](../board.md)."],
        [_SIMULATED] if board.simulated else [],
        _bullets("The model", _model(row, records, about)),
        _bullets("How it was trained", _training(row, records)),
        _bullets("Data", facts_of(board, _DATA)),
        _numbers(board, row),
        _limits(board, row),
    ]
    return "\n\n".join("\n".join(lines) for lines in parts if lines) + "\n"


def _model(row: BoardRow, records: Sequence[RunRecord], about: AboutModel) -> list[tuple[str, str]]:
    packages = sorted({f"{record.job.plugin} {record.job.plugin_version}" for record in records})
    sources = sorted({record.job.plugin_source for record in records})
    changes = sorted({f"{key} = {value}" for record in records for key, value in record.overrides.items()})
    weights = sorted({weights_text(record.weights) for record in records if record.weights is not None})
    found = [
        ("citation", about.citation),
        ("package", ", ".join(packages)),
        ("source of the package, digest", ", ".join(sources)),
        ("licence of the package", about.licence),
        ("parameters", "" if row.parameters is None else f"{row.parameters:,}"),
        ("multiply-adds a film", "" if row.madds is None else f"{row.madds:,}"),
        ("pretrained on", row.pretrained_on or ""),
        ("weights it started from", " ".join(weights)),
        ("changes of the protocol", ", ".join(changes)),
    ]
    return [(name, value) for name, value in found if value]


def _training(row: BoardRow, records: Sequence[RunRecord]) -> list[tuple[str, str]]:
    trained = [record for record in records if is_trained(record.job)]
    if made_of := ensemble_text(records):
        return [("training", made_of)]
    if records and not trained:
        return [("training", "made elsewhere: how it was trained, and on what, is not known here")]
    found = [
        ("seeds", ", ".join(map(str, row.seeds))),
        ("trainer", ", ".join(sorted({record.job.trainer for record in trained}))),
        ("device", ", ".join(sorted({record.device for record in trained}))),
        ("finished", ", ".join(sorted({record.finished for record in trained}))),
    ]
    if trained:
        found += [("protocol, digest", trained[0].job.protocol_hash), *flat(trained[0].protocol, "protocol: ")]
    return [(name, value) for name, value in found if value]


def _numbers(board: Board, row: BoardRow) -> list[str]:
    shown = [column for column in board.columns if column.metric in row.metrics]
    rank = rank_of(row, row.metrics.get(RANK))
    names = ["films", *(["rank by RMSE"] if rank else []), *(column.label for column in shown)]
    values = [films_of(row), *([rank] if rank else [])]
    values += [as_text(row.metrics[column.metric], column.digits) for column in shown]
    units = ["", *([""] if rank else []), *(column.unit for column in shown)]
    if OVER_SEEDS in row.metrics:
        names.append("RMSE of the seeds, mean (least to most)")
        values.append(as_text(row.metrics[OVER_SEEDS], 2))
        units.append("")
    columns = [
        TableColumn(heading="Measure", cells=tuple(map(escaped, names)), right=False),
        TableColumn(heading="Value (95 % interval)", cells=tuple(values)),
        TableColumn(heading="Unit", cells=tuple(map(escaped, units)), right=False),
    ]
    return ["## Numbers", "", *table(columns), "", "What each says, and what it does not: [the board](../board.md)."]


def _limits(board: Board, row: BoardRow) -> list[str]:
    notes = [value for name, value in board.facts if name == COHORT_NOTE]
    lines = dict.fromkeys(escaped(text) for text in (row.remark, *notes, *_LIMITS) if text)
    return ["## Limits", "", *(f"- {line}" for line in lines)]


def _bullets(heading: str, lines: Iterable[tuple[str, str]]) -> list[str]:
    found = [f"- {escaped(name)}: {escaped(value)}" for name, value in lines]
    return [f"## {heading}", "", *found] if found else []
