"""Guests are equals: a stranger's package and a model in one file get rows, the stranger's metric a column."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow  # whole runs in processes of their own

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Install the stranger's package, to stand beside everything else."""
    site = tmp_path_factory.mktemp("site")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    built = ["--no-deps", "--no-build-isolation", "--no-index", "--target", site, ROOT / "tests/stranger"]
    subprocess.run([*pip, *map(str, built)], check=True, env={**os.environ, "PIP_NO_CACHE_DIR": "1"})
    return {"PYTHONPATH": os.pathsep.join([str(site), *filter(None, [os.environ.get("PYTHONPATH")])])}


@pytest.fixture(scope="module")
def ran(tmp_path_factory, command, tiny_file, tiny_protocol, site):
    """Run its model and the one of the example."""
    folder = tmp_path_factory.mktemp("stranger")
    process = command(
        folder,
        *("run", "-q", "-p", tiny_file, "-p", ROOT / "examples/own_model.py"),
        *("--dataset", "tiny", "--protocol", tiny_protocol, "--models", "stranger-tiny,my-model"),
        env=site,
    )
    out, err = process.communicate(timeout=180)
    assert process.returncode == 0, err
    return json.loads((folder / "leaderboards/tiny-tiny/board.json").read_text()), out


def test_the_model_of_a_stranger_gets_its_row(ran):
    row = next(row for row in ran[0]["rows"] if row["name"] == "stranger-tiny")
    assert (row["kind"], row["parameters"]) == ("model", 23_761)


def test_the_metric_of_a_stranger_gets_its_column_for_models_and_readers(ran):
    board, _ = ran
    assert "within-15" in [column["metric"] for column in board["columns"]]
    assert all("within-15" in row["metrics"] for row in board["rows"])


def test_the_model_in_one_file_of_the_examples_gets_its_row(ran):
    assert "my-model" in [row["name"] for row in ran[0]["rows"]]
    assert " my-model " in ran[1]


def test_the_package_of_a_stranger_keeps_the_contract(tmp_path, command, site):
    process = command(tmp_path, "plugins", "check", "ra-bench-stranger", "--json", env=site)
    out, err = process.communicate(timeout=180)
    checks = json.loads(out)["checks"]
    assert process.returncode == 0, err
    assert {"plugin 'stranger'", "model 'stranger-tiny'", "metric 'within-15'"} == {check["about"] for check in checks}
