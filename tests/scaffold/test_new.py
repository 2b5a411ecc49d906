"""A plugin that was begun is whole: it keeps the contract, its own tests pass, ruff has nothing to say."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from ra_bench.errors import PluginError, StorageError
from ra_bench.scaffold import KINDS, new_plugin
from ra_bench.scaffold.new import _TEMPLATES
from ra_bench.testing import plugin_checks, run_all

LONG = "thirty-characters-long-as-name"


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_what_was_begun_keeps_the_contract(begun, kind, tmp_path):
    begun("my-thing", kind)
    done = list(run_all(plugin_checks("my-thing", data=tmp_path / "data")))
    assert f"{kind} 'my-thing'" in {checked.about for checked in done}
    assert [checked for checked in done if checked.state != "ok"] == []


@pytest.mark.parametrize("name", ["a", LONG])
@pytest.mark.parametrize("kind", KINDS)
def test_what_was_begun_is_as_ruff_wants_it(registry, tmp_path, kind, name):
    folder = new_plugin(registry, name, kind=kind, into=tmp_path).folder
    for words in (["check"], ["format", "--check"]):
        ruff = [Path(sys.executable).with_name("ruff"), *words, "--no-cache", "."]
        ran = subprocess.run(ruff, cwd=folder, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stdout


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_of_a_template_is_left(registry, tmp_path, kind):
    new = new_plugin(registry, "my-thing", kind=kind, into=tmp_path)
    texts = {file: file.read_text(encoding="utf-8") for file in new.files}
    assert not [file for file, text in texts.items() if "{{" in text or "{%" in text or "PACKAGE" in str(file)]
    assert set(new.files) == {file for file in new.folder.rglob("*") if file.is_file()}
    assert {"pyproject.toml", "README.md"} <= {file.name for file in new.files}


def test_every_template_belongs_to_a_kind():
    used = {folder for folders, _ in KINDS.values() for folder in folders}
    assert {folder.name for folder in _TEMPLATES.iterdir()} == used | {"readme"}
    assert {file.stem for file in (_TEMPLATES / "readme").iterdir()} == set(KINDS)


def test_the_distribution_says_who_it_is(registry, tmp_path):
    new = new_plugin(registry, "ra-bench-my-net", into=tmp_path)
    project = tomllib.loads((new.folder / "pyproject.toml").read_text())["project"]
    assert (new.folder.name, project["name"]) == ("ra-bench-my-net", "ra-bench-my-net")
    assert project["entry-points"]["ra_bench"] == {"my-net": "ra_bench_my_net.plugin"}
    assert "ra-bench>=0.1.0" in project["dependencies"]


def test_three_commands_tell_how_to_go_on(registry, tmp_path):
    new = new_plugin(registry, "my-cohort", kind="dataset", into=tmp_path)
    assert new.commands == (
        f"pip install -e {tmp_path / 'ra-bench-my-cohort'}",
        "ra-bench plugins check my-cohort",
        "ra-bench run --models mean --dataset my-cohort --protocol smoke",
    )


def test_a_folder_below_this_one_is_not_taken_for_a_package_of_an_index(registry, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert new_plugin(registry, "one").commands[0] == "pip install -e ./ra-bench-one"
    assert (
        new_plugin(registry, "two", into=Path("my plugins")).commands[0] == "pip install -e './my plugins/ra-bench-two'"
    )


def test_an_empty_folder_is_used(registry, tmp_path):
    (tmp_path / "ra-bench-my-net").mkdir()
    assert new_plugin(registry, "my-net", into=tmp_path).files


def test_a_folder_that_is_not_empty_is_left_as_it_is(registry, tmp_path):
    (tmp_path / "ra-bench-my-net").mkdir()
    (tmp_path / "ra-bench-my-net" / "thesis.txt").write_text("mine")
    with pytest.raises(StorageError, match=r"ra-bench-my-net is there already\. Nothing was written"):
        new_plugin(registry, "my-net", into=tmp_path)
    assert [file.name for file in tmp_path.rglob("*")] == ["ra-bench-my-net", "thesis.txt"]


def test_a_file_in_the_place_of_the_folder_is_refused(registry, tmp_path):
    (tmp_path / "ra-bench-my-net").write_text("mine")
    with pytest.raises(StorageError, match="is there already and is no folder"):
        new_plugin(registry, "my-net", into=tmp_path)


def test_a_name_that_cannot_be_writes_nothing(registry, tmp_path):
    with pytest.raises(PluginError):
        new_plugin(registry, "My Net", into=tmp_path / "new")
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_to_is_told_and_nothing_is_left(registry, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="Cannot make the folder"):
        new_plugin(registry, "my-net", into=tmp_path / "file")


def test_what_cannot_be_written_whole_is_not_there_at_all(registry, tmp_path, monkeypatch):
    written = []

    def full(self, text, **options):
        written.append(self)
        if len(written) == 4:
            raise OSError(28, "No space left on device")
        return self.write_bytes(text.encode())

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(StorageError, match=r"No space left on device\. Nothing was written\."):
        new_plugin(registry, "my-net", into=tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_it_installs_passes_its_own_tests_and_runs_at_once(registry, tmp_path, command, with_fixtures, kind):
    new = new_plugin(registry, "my-thing", kind=kind, into=tmp_path)
    site, pip = tmp_path / "site", [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    built = ["--no-deps", "--no-build-isolation", "--no-index", "--target", site, new.folder]
    path = os.pathsep.join([str(site), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, "PIP_NO_CACHE_DIR": "1", "PYTHONPATH": path}
    subprocess.run([*pip, *map(str, built)], check=True, env=environment)
    tests = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *with_fixtures]
    ran = subprocess.run(tests, cwd=new.folder, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    process = command(tmp_path, *new.commands[2].split()[1:], "-q", env={"PYTHONPATH": path})
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, out + err
    (board,) = (tmp_path / "leaderboards").glob("*/board.json")
    told = json.loads(board.read_text())
    rows, columns = [row["name"] for row in told["rows"]], [column["metric"] for column in told["columns"]]
    found = {
        "model": "my-thing" in rows,
        "trainer": "my-thing" in rows,
        "metric": "my-thing" in columns,
        "dataset": told["name"] == "my-thing-smoke",
        "renderer": (board.parent / "my-thing.csv").is_file(),
    }
    assert found[kind]
