"""Figures in the explanations are those of the code."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pytest

from ra_bench.boards.columns import OWN
from ra_bench.boards.evaluate import RESAMPLES
from ra_bench.boards.published import allowed_bias
from ra_bench.boards.readers import further_reader_rmse
from ra_bench.cohorts.synthetic import chest, cohort
from ra_bench.cohorts.synthetic.readers import SITES
from ra_bench.cohorts.synthetic.visits import cohort as visits
from ra_bench.cohorts.synthetic.visits.progression import simulate_two_visits
from ra_bench.metrics import change_error, films_to_separate, max_bias, smallest_detectable_change
from ra_bench.metrics.power import HEAVY
from ra_bench.plugins import load_plugins
from ra_bench.reports.rows_file import read_rows
from ra_bench.suite import BUILTINS
from ra_bench.values import SVH_HANDS

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def explained(root: Path) -> Path:
    return root / "docs" / "explanation"


def test_the_simulated_cohort_is_as_large_as_said(explained: Path) -> None:
    said = (explained / "simulated-films.md").read_text(encoding="utf-8")
    height = cohort.WIDTH * 3 // 4
    assert f"`{cohort.NAME}`, {cohort.FILMS:,} films of {cohort.WIDTH} x {height} pixels" in said
    assert f"`{chest.NAME}`" in said
    assert f"{chest.FILMS:,} views" in said


def test_a_simulated_year_is_what_is_said(explained: Path) -> None:
    said = (explained / "simulated-films.md").read_text(encoding="utf-8")
    totals = [simulate_two_visits(3000, seed).totals for seed in range(1, 7)]
    changes = [total[:, 1] - total[:, 0] for total in totals]
    reference = np.concatenate([change.mean(axis=1) for change in changes])
    sdc = np.mean([smallest_detectable_change(change_error(list(change.T)), 2) for change in changes])
    assert f"| patients whose change is 0.5 or less | {(reference <= 0.5).mean():.2f} |" in said
    assert f"| mean change | {reference.mean():.1f} |" in said
    assert f"| SDC, mean of two readers | {sdc:.1f} |" in said
    assert f"| patients who improve, by the mean of the readers | {(reference < 0).mean():.2f} |" in said
    assert f"`{visits.NAME}` is another cohort: {visits.PATIENTS:,} patients, two films each" in said


def test_there_are_as_many_sites_as_said(explained: Path) -> None:
    said = (explained / "simulated-films.md").read_text(encoding="utf-8")
    assert f"each of the {2 * len(SITES)} scored sites" in said


def test_the_bounds_on_leaks_are_those_of_the_tests(explained: Path, root: Path) -> None:
    said = (explained / "simulated-films.md").read_text(encoding="utf-8")
    tests = (root / "tests" / "cohorts" / "synthetic" / "test_leaks.py").read_text(encoding="utf-8")
    printed = re.findall(r"^\| [a-z].* \| (?:below|at most) (0\.\d) \|$", said, re.MULTILINE)
    assert sorted(printed) == sorted(re.findall(r"(?:<|<=) (0\.\d)$", tests, re.MULTILINE))


def test_the_reader_benchmark_of_two_readers_is_as_said(explained: Path) -> None:
    import numpy as np

    said = (explained / "agreement.md").read_text(encoding="utf-8")
    between = further_reader_rmse([np.zeros(4), np.ones(4)])
    assert f"it is {between:.2f} (the root of three quarters)" in said


def test_the_bounds_that_p_leaves_are_as_said(explained: Path) -> None:
    said = (explained / "agreement.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| ([\d.]+) points \|$", said, re.MULTILINE)
    assert [films for films, _ in rows] == ["10", "30", "158", "600"]
    assert [bound for _, bound in rows] == [f"{max_bias(25.0, int(films)):.1f}" for films, _ in rows]
    bounds = [allowed_bias(row) for row in read_rows().rows if row.films == 158]
    low, high = min(bounds), max(bounds)
    assert f"average shift at {low:.1f} to 4.7 points" in said
    assert 4.6 < high < 4.7


def test_the_films_that_separate_two_models_are_as_said(explained: Path) -> None:
    said = " ".join((explained / "agreement.md").read_text(encoding="utf-8").split())
    many, few = (films_to_separate(20.0, 22.0, correlation=r, kurtosis=HEAVY).films for r in (0.5, 0.9))
    assert f"takes {many:,} films" in said
    assert f"still {few:,} if" in said


def test_patients_are_drawn_as_often_as_said(explained: Path) -> None:
    assert f"again, {RESAMPLES:,} times" in (explained / "agreement.md").read_text(encoding="utf-8")


def test_the_networks_have_as_many_parameters_as_said(explained: Path) -> None:
    registry = load_plugins(BUILTINS)
    rows = re.findall(
        r"^\| `([\w-]+)` \|.*\| ([\d,]+) \|", (explained / "paper.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert len(rows) == 5
    assert {name: f"{registry.get('model', name).parameters:,}" for name, _ in rows} == dict(rows)


def test_every_column_of_a_board_is_explained(root: Path) -> None:
    said = (root / "docs" / "tutorials" / "first-board.md").read_text(encoding="utf-8")
    registry = load_plugins(BUILTINS)
    labels = [registry.get("metric", name).label for name in registry.names("metric")]
    labels += [column.label for column in OWN]
    assert re.findall(r"^\| ([^|`]+) \|", said.split("### What each column means")[1], re.MULTILINE) == [
        "column",
        "Rank",
        "n",
        *labels,
    ]


def test_the_scale_ends_as_said(explained: Path) -> None:
    assert f"0 to {SVH_HANDS.maximum:g} for both hands" in (explained / "glossary.md").read_text(encoding="utf-8")
