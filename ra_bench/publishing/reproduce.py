"""REPRODUCE.md: the commands, versions and hashes by which somebody else comes to a board's numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ra_bench.boards.columns import COMMAND
from ra_bench.boards.ensembles import ensemble_command
from ra_bench.boards.facts import COHORT
from ra_bench.boards.render.escape import escaped, one_line
from ra_bench.boards.render.table import TableColumn, table
from ra_bench.publishing.about import by_model, facts_of
from ra_bench.runs.plan import registered_model
from ra_bench.runs.records import SCORED, is_trained

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ra_bench.values import Board, RunRecord

_ALL = "ra-bench run --models all"
_PRIVATE = (
    "The cohort is private: its predictions are not in this folder, and the numbers can be measured again only where "
    "its runs are."
)
_NOT_HERE = "No command is recorded on this board."
_AGAIN = (
    "A training depends on the machine in its last digits: processor, number of threads, versions. On another, expect "
    "predictions that are close and not equal, and compare them with `ra-bench leaderboard verify . --tolerance UNITS`."
)


def reproduce(board: Board, records: Sequence[RunRecord]) -> str:
    """The page in markdown. Commands name no folder of the machine that made the board."""
    parts = [
        [f"# How to come to these numbers: {escaped(board.title)}"],
        _numbers(board, records),
        _training(board, records),
        _versions(records),
        _hashes(board, records),
    ]
    return "\n\n".join("\n".join(lines) for lines in parts if lines) + "\n"


def _numbers(board: Board, records: Sequence[RunRecord]) -> list[str]:
    files = ["## The files", "", "    sha256sum -c SHA256SUMS"]
    if board.private:
        return [*files, "", _PRIVATE]
    if not records:
        return files
    said = "From the predictions, film by film, in `records/`. Seconds; neither films nor torch are needed:"
    return [*files, "", "## The numbers", "", said, "", "    ra-bench leaderboard verify ."]


def _training(board: Board, records: Sequence[RunRecord]) -> list[str]:
    commands = [value for name, value in board.facts if name == COMMAND]
    lines = [line for command in commands for line in exact_commands(command, records)]
    lines = [f"    {one_line(line)}" for line in lines] or [_NOT_HERE]
    elsewhere = sorted({record.job.model for record in records if record.job.trainer == SCORED})
    told = (
        [f"Made elsewhere, so that no command makes them: {', '.join(map(escaped, elsewhere))}."] if elsewhere else []
    )
    made = sorted({record.job.model for record in records if record.ensemble is not None})
    lines += [f"    {one_line(ensemble_command([r for r in records if r.job.model == name]))}" for name in made]
    again = [_AGAIN] if records and not board.private else []
    return ["## The trainings", "", *lines, *(line for text in (*told, *again) for line in ("", text))]


def exact_commands(command: str, records: Sequence[RunRecord]) -> list[str]:
    """The board's command with the models and seeds that are on it; a line for each set of seeds.

    Parameters
    ----------
    command : str
        As the board tells it.
    records : sequence of RunRecord
        Those of the board; without any the command stays as it is.
    """
    trained = [record for record in records if is_trained(record.job)]
    if not trained or not command.startswith(_ALL):
        return [command]
    models: dict[str, set[int]] = {}
    for record in trained:
        models.setdefault(registered_model(record.job), set()).add(record.job.seed)
    sets: dict[tuple[int, ...], list[str]] = {}
    for model, seeds in sorted(models.items()):
        sets.setdefault(tuple(sorted(seeds)), []).append(model)
    rest = command.removeprefix(_ALL)
    return [
        f"ra-bench run --models {','.join(names)} --seeds {','.join(map(str, seeds))}{rest}"
        for seeds, names in sets.items()
    ]


def _versions(records: Sequence[RunRecord]) -> list[str]:
    names = sorted({name for record in records for name in record.environment})
    if not names:
        return []
    values = [sorted({record.environment[name] for record in records if name in record.environment}) for name in names]
    columns = [
        TableColumn(heading="What", cells=tuple(map(escaped, names)), right=False),
        TableColumn(heading="Version", cells=tuple(escaped(", ".join(found)) for found in values), right=False),
    ]
    return ["## Versions", "", *table(columns)]


def _hashes(board: Board, records: Sequence[RunRecord]) -> list[str]:
    if not records:
        told = [
            f"- {escaped(name)}: {escaped(value)}" for name, value in facts_of(board, (COHORT, "split", "protocol"))
        ]
        return ["## Versions of the data", "", *told] if told else []
    shared = records[0].job
    setting = {
        f"cohort {shared.dataset}": shared.cohort,
        "split": shared.split,
        f"protocol {shared.protocol}": shared.protocol_hash,
    }
    lines = [f"- {escaped(name)}: {escaped(value)}" for name, value in setting.items()]
    models = by_model(records)
    columns = [TableColumn(heading="Model", cells=tuple(map(escaped, models)), right=False)]
    for heading, of in _COLUMNS.items():
        cells = tuple(escaped(", ".join(dict.fromkeys(filter(None, map(of, found))))) for found in models.values())
        columns.append(TableColumn(heading=heading, cells=cells, right=False))
    legend = "Digests are the first digits of sha256 sums over what they name; a job's key hashes all that decides it."
    return ["## Hashes", "", *lines, "", *table(columns), "", legend]


_COLUMNS: dict[str, Callable[[RunRecord], str | None]] = {
    "Package": lambda record: record.job.plugin,
    "Version": lambda record: record.job.plugin_version,
    "Its source": lambda record: record.job.plugin_source,
    "Trainer": lambda record: record.job.trainer,
    "Its source ": lambda record: record.job.trainer_source,
    "Pretraining set": lambda record: record.job.pretraining,
    "Its version": lambda record: record.job.pretraining_version,
    "Weights": lambda record: record.job.weights,
    "Keys of the jobs": lambda record: record.job.key[:12],
}
