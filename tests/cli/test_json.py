"""--json: JSON alone on stdout, with the keys that docs/reference/json.md tells."""

from __future__ import annotations

import json
import shutil
from functools import partial
from pathlib import Path

import pytest

from ra_bench import MetricSpec
from ra_bench.plugin_facts import facts_of

FILES = Path(__file__).parent.parent / "plugin_files"
BOARDS = Path(__file__).parent.parent.parent / "leaderboards"
PLUGIN = {"name", "distribution", "version", "state", "reason", "where", "core", "file", "source", "provides"}


def read(said, code=0):
    assert (said.code, said.err) == (code, "")
    return json.loads(said.out)


@pytest.mark.parametrize("kind", ["models", "datasets", "metrics", "trainers", "protocols", "launchers", "renderers"])
def test_what_is_listed(cli, kind):
    (entry, *_) = read(cli("list", kind, "--json"))[kind]
    assert set(entry) == {"name", "facts", "distribution"}


def test_plugins(cli, tiny_file):
    plugin = read(cli("plugins", "--json", "-p", tiny_file))["plugins"][-1]
    assert set(plugin) == PLUGIN
    assert {"kind": "model", "name": "tiny-net"} in plugin["provides"]


def test_a_plugin_with_all_it_brings(cli):
    (plugin,) = read(cli("plugins", "info", "ra-bench-resnet50", "--json"))["plugins"]
    assert set(plugin) == PLUGIN | {"licence", "specs"}
    assert (plugin["core"], plugin["licence"]) == (">=0.1.0", "Apache-2.0")
    spec = plugin["specs"][1]
    assert (spec["kind"], spec["name"]) == ("model", "resnet50-transfer")
    assert (spec["facts"]["pretraining"], spec["facts"]["parameters"]) == ("synthetic-chest", 23_502_401)
    assert spec["facts"]["build"].rpartition(":")[0] == plugin["file"]


def test_a_function_is_told_by_its_place_or_its_name():
    spec = MetricSpec(name="x", label="", unit="", best="low", compute=partial(partial(read), code=1), from_sums=max)
    facts = facts_of(spec)
    assert facts["compute"] == f"{__file__}:{read.__code__.co_firstlineno}"
    assert facts["from_sums"] == "max"


def test_one_dataset_with_its_licence(cli):
    (plugin,) = read(cli("plugins", "info", "synthetic-hands", "--json"))["plugins"]
    (spec,) = plugin["specs"]
    assert (spec["kind"], spec["facts"]["task"]) == ("dataset", "score")
    assert {"licence", "citation", "obtain"} <= set(spec["facts"])


def test_a_model_of_a_collection(cli):
    file = FILES / "library.py"
    (plugin,) = read(cli("plugins", "info", "library/small.tag", "-p", file, "--json"))["plugins"]
    assert [(spec["kind"], spec["name"]) for spec in plugin["specs"]] == [("model", "library/small.tag")]
    assert plugin["file"] == str(file)


def test_plugins_that_did_not_load_and_exit_code_1(cli, tmp_path, monkeypatch):
    info = tmp_path / "ill-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: ill\nVersion: 1\nRequires-Dist: ra-bench>=99\n")
    (info / "entry_points.txt").write_text("[ra_bench]\nill = ill\n")
    monkeypatch.syspath_prepend(tmp_path)
    plugins = read(cli("plugins", "doctor", "--json"), code=1)["plugins"]
    (ill,) = [plugin for plugin in plugins if plugin["name"] == "ill"]
    assert (ill["state"], ill["core"]) == ("incompatible", ">=99")


def test_boards(cli, tmp_path):
    shutil.copytree(BOARDS / "wang2022", tmp_path / "boards" / "wang2022")
    (board,) = read(cli("leaderboard", "list", "--json", "--boards", tmp_path / "boards"))["boards"]
    assert (board["name"], board["models"]) == ("wang2022", 0)
    assert board["published"] > 0
    assert read(cli("leaderboard", "list", "--json", "--boards", tmp_path / "none")) == {"boards": []}


def test_what_is_kept(cli, tmp_path):
    assert read(cli("cohort", "cache", "--json", "--data", tmp_path / "none")) == {"kept": []}
    assert cli("cohort", "cache", "--json", "--prune").code == 2


def test_the_report_on_a_cohort(cli, tiny_file):
    said = cli("cohort", "check", "tiny", "-p", tiny_file, "--data", "data", "--json", "--out", "here")
    assert json.loads(said.out) == json.loads(Path("here/tiny-check.json").read_text())
    assert "Wrote here" in said.err


def test_a_name_that_nobody_has_is_an_error_and_prints_no_json(cli):
    said = cli("plugins", "info", "resnet5", "--json")
    assert (said.code, said.out) == (1, "")
    assert "No plugin, model or other thing named 'resnet5'. Did you mean 'resnet50'?" in said.err


@pytest.mark.parametrize("arguments", [["plugins"], ["plugins", "list"]])
def test_a_group_alone_is_its_list(cli, arguments):
    assert "loaded        resnet50  (ra-bench-resnet50 " in cli(*arguments).out


def test_a_word_that_is_no_command_of_plugins_is_wrong_usage(cli):
    said = cli("plugins", "nonsense")
    assert said.code == 2
    assert "No such command 'nonsense'" in said.err


def test_boards_are_listed_a_line_each(cli, tmp_path):
    shutil.copytree(BOARDS / "wang2022", tmp_path / "leaderboards" / "wang2022")
    assert cli("leaderboard", "list").out.startswith("wang2022  0 models, ")


def test_a_board_that_cannot_be_read_is_named(cli, tmp_path):
    (tmp_path / "leaderboards" / "ill").mkdir(parents=True)
    (tmp_path / "leaderboards" / "ill" / "board.json").write_text("{")
    said = cli("leaderboard", "list", "--json")
    assert (said.code, said.out) == (1, "")
    assert "ill/board.json cannot be read: " in said.err
