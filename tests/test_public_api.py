"""Nothing public goes or changes unawares: the committed listing is what the code has."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
UPDATE = "python docs/update_public_api.py"


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "docs" / "update_public_api.py"))


def test_nothing_public_has_gone_or_changed(script: dict[str, Any]) -> None:
    gone = script["committed"]() - set(script["listing"]())
    assert not gone, (
        f"Gone or changed: {sorted(gone)}. Restore it, or let it go slowly (docs/explanation/versions.md). "
        f"If it is meant to go now: {UPDATE}"
    )


def test_all_that_is_public_is_listed(script: dict[str, Any]) -> None:
    new = set(script["listing"]()) - script["committed"]()
    assert not new, f"New: {sorted(new)}. Plugins will hold on to it from now on. If it is meant: {UPDATE}"


@pytest.mark.parametrize(
    "line",
    [
        "ra_bench.ModelSpec.citation: str",
        "ra_bench.ModelSpec.trainer: str = 'standard'",
        "ra_bench.hookimpl",
        "ra_bench.PluginError(RaBenchError)",
        "ra_bench.parts.rmse(",
        "hook on_job_end(job: Job, record: RunRecord | Failure) -> None",
    ],
)
def test_the_listing_holds_names_fields_signatures_and_hooks(script: dict[str, Any], line: str) -> None:
    assert any(listed.startswith(line) for listed in script["listing"]())
