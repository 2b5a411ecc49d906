"""A registry and its folders: what everything else in this package is given first."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ra_bench.plugins import BUILTINS, Registry, load_plugins

if TYPE_CHECKING:
    from collections.abc import Sequence


DEFAULT_DATASET = "synthetic-hands"
DEFAULT_PROTOCOL = "quick"
ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """A registry, and where runs, boards and data are kept."""

    registry: Registry
    plugin_files: tuple[Path, ...]
    without: tuple[str, ...]
    runs: Path
    boards: Path
    data: Path


def open_suite(
    *,
    plugin_files: Sequence[Path] = (),
    without: Sequence[str] = (),
    runs: Path = Path("runs"),
    boards: Path = Path("leaderboards"),
    data: Path,
) -> Suite:
    """Load the plugins and remember the folders. Creates nothing."""
    return Suite(
        registry=load_plugins(BUILTINS, files=plugin_files, without=without),
        plugin_files=tuple(file.resolve() for file in plugin_files),
        without=tuple(without),
        runs=runs,
        boards=boards,
        data=data,
    )


def every(registry: Registry, kind: str) -> list[Any]:
    """All specs of a kind, in the order of their names."""
    return [registry.get(kind, name) for name in registry.names(kind)]
