"""All parts, in the order in which they are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ra_bench.health.folders import look_at_folders, look_at_runs, look_at_stores
from ra_bench.health.installed import look_at_extras, look_at_plugins, look_at_python
from ra_bench.health.machine import look_at_memory, look_at_torch

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ra_bench.health.values import Part
    from ra_bench.plugins import Plugin


def look_at_all(plugins: Sequence[Plugin], *, runs: Path, boards: Path, data: Path) -> tuple[Part, ...]:
    """Python, torch, machine, folders, stores, runs, plugins, extras. Seconds, most of them torch's; writes nothing."""
    return (
        look_at_python(),
        look_at_torch(),
        look_at_memory(),
        look_at_folders(runs, boards, data),
        look_at_stores(data),
        look_at_runs(runs),
        look_at_plugins(plugins),
        look_at_extras(),
    )
