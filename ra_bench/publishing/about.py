"""What is known of a board's models beyond their records: what their package says of itself, where it is installed."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, metadata
from typing import TYPE_CHECKING

from ra_bench.runs.plan import registered_model
from ra_bench.runs.records import is_trained

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ra_bench.plugins import Registry
    from ra_bench.values import Board, BoardRow, Job, RunRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutModel:
    """The citation of a model and the licence of its package; empty where they are not known here."""

    citation: str = ""
    licence: str = ""


def about_models(registry: Registry, records: Sequence[RunRecord]) -> dict[str, AboutModel]:
    """By the models' names on the board; those that no installed package of that very version brings are left out."""
    found = {}
    for job in {record.job.model: record.job for record in records}.values():
        name = registered_model(job)
        if not is_trained(job) or not registry.has("model", name):
            continue
        origin = registry.origin("model", name)
        if (origin.distribution, origin.version) == (job.plugin, job.plugin_version):
            citation = registry.get("model", name).citation
            found[job.model] = AboutModel(citation=citation, licence=licence_of(job.plugin))
    return found


def licence_of(distribution: str) -> str:
    """The licence that an installed distribution declares; empty where there is none, or no such distribution."""
    try:
        told = metadata(distribution)
    except (PackageNotFoundError, ValueError):
        return ""
    declared = next((told[name] for name in ("License-Expression", "License") if name in told), "")
    classifiers = [
        name.rpartition(" :: ")[2] for name in told.get_all("Classifier") or [] if name.startswith("License")
    ]
    # Some packages put the whole text of their licence there.
    return declared if declared and "\n" not in declared else ", ".join(classifiers)


def by_model(records: Sequence[RunRecord]) -> dict[str, list[RunRecord]]:
    """Records by their model, seeds and folds in order."""
    found: dict[str, list[RunRecord]] = {}
    for record in sorted(records, key=lambda record: _place(record.job)):
        found.setdefault(record.job.model, []).append(record)
    return found


def measured(board: Board) -> list[BoardRow]:
    """Rows of models and baselines that have numbers."""
    return [row for row in board.rows if row.kind in ("model", "baseline")]


def facts_of(board: Board, names: Sequence[str]) -> list[tuple[str, str]]:
    """The board's facts of these names, in their order there."""
    return [(name, value) for name, value in board.facts if name in names]


def flat(table: Mapping[str, object], prefix: str = "") -> list[tuple[str, str]]:
    """A protocol as lines: `optimiser.learning_rate`, `0.001`."""
    lines: list[tuple[str, str]] = []
    for key, value in table.items():
        if isinstance(value, dict):
            lines += flat(value, f"{prefix}{key}.")
        elif isinstance(value, (list, tuple)):
            lines.append((f"{prefix}{key}", ", ".join(map(str, value))))
        elif value is not None:
            lines.append((f"{prefix}{key}", str(value).lower() if isinstance(value, bool) else str(value)))
    return lines


def _place(job: Job) -> tuple[str, int, int]:
    return job.model, job.seed, 0 if job.fold is None else job.fold.number
