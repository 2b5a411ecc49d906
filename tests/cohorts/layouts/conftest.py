"""Tiny cohorts in layouts that are known by name."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ra_bench.cohorts.load import load_cohort
from ra_bench.values import Cohort


@pytest.fixture
def load_layout(tmp_path: Path) -> Callable[..., Cohort]:
    """Write a cohort.toml for a layout into a folder and load it; `more` are further lines."""

    def load(folder: Path, layout: str, table: str, films: str = ".", more: str = "") -> Cohort:
        lines = ['name = "c"', f'layout = "{layout}"', f'table = "{table}"', f'films = "{films}"', more]
        (folder / "cohort.toml").write_text("\n".join(lines))
        return load_cohort(folder / "cohort.toml", tmp_path / "data")

    return load
