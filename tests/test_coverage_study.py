"""The coverage study of benchmarks/, at a size for tests; and its table in the documentation."""

from __future__ import annotations

import re
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.slow  # whole runs in processes of their own

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "explanation" / "agreement.md"


@pytest.fixture(scope="module")
def study():
    return runpy.run_path(str(ROOT / "benchmarks" / "coverage.py"))


def test_a_small_study_covers_most_cohorts_and_fisher_covers_fewer(study):
    hits = study["coverage"](60, 158, 299, 0)
    found = {(kind.metric, kind.method): hits[kind] / 60 for kind in study["KINDS"]}
    assert found["bias", "t"] > 0.85
    assert found["rho", "percentile"] > 0.8
    assert found["rho", "Fisher z"] < found["rho", "percentile"]


def test_the_pool_is_that_of_the_two_simulated_readers(study):
    reference, predicted = study["pool"](15_000, 3)
    assert np.sqrt(np.square(predicted - reference).mean()) == pytest.approx(18.8, abs=0.5)
    assert (reference.mean(), predicted.mean()) == pytest.approx((39.8, 39.7), abs=0.7)


@pytest.mark.parametrize(("hits", "said"), [(944, "within chance"), (930, "within chance"), (900, "differs (p 0.000)")])
def test_a_share_is_held_against_the_published_one(study, hits, said):
    assert study["verdict"](study["KINDS"][0], hits, 1000) == said


def test_the_documentation_shows_every_kind_of_interval(study):
    table = PAGE.read_text(encoding="utf-8").split("<!-- coverage:start -->")[1].split("<!-- coverage:end -->")[0]
    shown = re.findall(r"^\| (\S+) \| ([\w ]+) \| (yes|no) \|", table, re.MULTILINE)
    assert shown == [(kind.metric, kind.method, "yes" if kind.used else "no") for kind in study["KINDS"]]


@pytest.mark.slow
def test_the_table_in_the_documentation_is_what_the_study_prints(study, capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["coverage.py"])
    study["main"]()
    printed = [line for line in capsys.readouterr().out.splitlines() if line.startswith("|")]
    table = PAGE.read_text(encoding="utf-8").split("<!-- coverage:start -->")[1].split("<!-- coverage:end -->")[0]
    assert [line for line in table.splitlines() if line] == printed
