"""A model of known attention, trained once: it sees a square, whose place is known."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ra_bench.suite import Suite, open_suite, plan, run

if TYPE_CHECKING:
    from collections.abc import Callable

BRIGHT = Path(__file__).parent.parent / "plugin_files" / "bright.py"


@pytest.fixture(scope="session")
def bright() -> dict[str, Any]:
    """The names of the plugin file."""
    return runpy.run_path(str(BRIGHT))


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory, tiny_protocol: Path, new_observer: Callable[[], Any]) -> Suite:
    """A suite whose runs hold a finished job of `bright-net` on either cohort, and of `bright-own` on the first."""
    folder = tmp_path_factory.mktemp("bright")
    suite = open_suite(plugin_files=[BRIGHT], runs=folder / "runs", boards=folder / "boards", data=folder / "data")
    wanted: dict[str, Any] = {"protocol": str(tiny_protocol), "device": "cpu"}
    first = plan(suite, dataset="bright", models=["bright-net", "bright-own"], **wanted)
    second = plan(suite, dataset="unseen", models=["bright-net"], **wanted)
    assert not run(suite, first, observers=new_observer()).failures
    assert not run(suite, second, observers=new_observer()).failures
    return suite
