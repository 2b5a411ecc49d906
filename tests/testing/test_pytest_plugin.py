"""The fixtures, as a guest's tests get them; the entry point is the one that is installed with ra-bench."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

from ra_bench.runs.work import splits_for

ROOT = Path(__file__).parent.parent.parent
TEST = """
import sys

def test_fixtures(ra_bench_cohort, ra_bench_protocol, ra_bench_films, ra_bench_task):
    films, scores = ra_bench_films(5, ra_bench_protocol)
    assert len(ra_bench_cohort.samples) == 24
    assert films.films.shape == (5, 32, 32) and scores.shape == (5,)
    assert ra_bench_task(overrides={"epochs": 1}).protocol.epochs == 1
    assert "torch" not in sys.modules
"""


@pytest.fixture
def entry_point():
    """The module of the plugin, as pip writes it down."""
    ((name, module),) = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"][
        "pytest11"
    ].items()
    assert name == "ra_bench"
    return module


def run(folder, *arguments):
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return ran.returncode, ran.stdout + ran.stderr


def test_a_guest_gets_the_fixtures_without_torch(tmp_path, with_fixtures):
    (tmp_path / "test_mine.py").write_text(TEST)
    code, said = run(tmp_path, *with_fixtures)
    assert (code, "1 passed" in said) == (0, True), said


def test_its_fixtures_have_a_prefix_and_say_what_they_are(entry_point):
    fixtures = [name for name, value in vars(import_module(entry_point)).items() if "Fixture" in type(value).__name__]
    assert fixtures == ["ra_bench_protocol", "ra_bench_cohort", "ra_bench_films", "ra_bench_task"]


def test_the_tiny_cohort_splits_by_patient():
    from ra_bench.testing.tiny import TINY, tiny_cohort

    (split,) = splits_for(tiny_cohort(), TINY, None).splits
    sides = [
        {int(name.removeprefix("film")) // 2 for name in side} for side in (split.train, split.validation, split.test)
    ]
    assert all(sides)
    assert sum(map(len, sides)) == len(set.union(*sides)) == 12
