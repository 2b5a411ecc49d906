"""`ra-bench plugins check`, and four plugins that are broken on purpose: what it says of them, and what a run says."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

FILES = Path(__file__).parent.parent / "plugin_files"
BROKEN = {
    "shape": ["it must give a tensor of shape (4, 1), one row a film. Let its last layer have one output"],
    "nan": ["'root-of-negative' gives nan for noisy films in training mode. Look for a division by what may be 0"],
    "blind": [
        "'never-looks' gives -1.59116 for each of four films that differ: its output does not depend on its input"
    ],
    "seeds": [
        "seeds the random generators that all share: whatever the seed of the job, they stand at the same place",
        "Take 'random.seed', 'numpy.random.seed', 'torch.manual_seed' out of `build`, `__init__` and `forward`",
        "imports torch: broken_seeds.py, line 8, says 'import torch'. Import it inside `build`",
    ],
}


def words(text):
    return " ".join(text.split())


@pytest.mark.slow
@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_plugin_is_told_what_to_mend(cli, name):
    said = cli("plugins", "check", "-p", FILES / f"broken_{name}.py")
    assert said.code == 1
    assert all(sentence in words(said.out) for sentence in BROKEN[name])
    assert re.search(r"\n20 checks, [12] failed(, \d+ not asked)?\.\n$", said.out)


def test_a_plugin_that_keeps_its_promises_ends_well(cli):
    said = cli("plugins", "check", "median")
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("model 'median'\n  ok         spec                  It has a name for commands and fol")
    assert said.out.endswith("\n3 checks, none failed.\n")


def test_programs_get_every_check_as_json(cli):
    said = cli("plugins", "check", "median", "rmse", "--json")
    checks = json.loads(said.out)["checks"]
    assert {check["about"] for check in checks} == {"model 'median'", "metric 'rmse'"}
    assert set(checks[0]) == {"about", "name", "promise", "state", "said", "seconds"}
    assert {check["state"] for check in checks} == {"ok"}


def test_json_of_a_broken_plugin_ends_badly_and_holds_the_advice(cli, tmp_path):
    said = cli("plugins", "check", "never-looks", "-p", FILES / "broken_blind.py", "--json")
    failed = [check["name"] for check in json.loads(said.out)["checks"] if check["state"] == "failed"]
    assert (said.code, failed) == (1, ["uses-films", "trains"])


def test_what_a_plugin_prints_does_not_stand_in_the_json(cli, tmp_path):
    text = (FILES / "broken_shape.py").read_text().replace("    return nn.Seq", "    print('built')\n    return nn.Seq")
    (tmp_path / "loud.py").write_text(text)
    said = cli("plugins", "check", "-p", tmp_path / "loud.py", "--json")
    assert json.loads(said.out)["checks"]
    assert "built" in said.err


def test_nothing_to_check_is_wrong_usage(cli):
    said = cli("plugins", "check")
    assert said.code == 2
    assert "name a plugin or a model, or give a file with -p" in words(said.err)


def test_an_unknown_name_offers_the_nearest(cli):
    said = cli("plugins", "check", "medain")
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("Error: No plugin or part of one named 'medain'. Did you mean 'median'? Known: ")


def test_the_bare_command_still_lists(cli):
    assert cli("plugins").out.startswith("loaded        ra_bench.builtin  (ra-bench 0.1.0)\n")


@pytest.mark.slow
def test_a_run_with_broken_plugins_says_what_to_mend_and_goes_on(tmp_path, command, tiny_file, tiny_protocol):
    for file in FILES.glob("broken_*.py"):
        shutil.copy(file, tmp_path)
    plugins = [word for name in BROKEN for word in ("-p", f"broken_{name}.py")]
    models = "two-outputs,root-of-negative,never-looks,seeds-for-all"
    process = command(
        tmp_path,
        "run",
        "-q",
        "-p",
        tiny_file,
        *plugins,
        "--dataset",
        "tiny",
        "--protocol",
        tiny_protocol,
        "--models",
        models,
    )
    out, err = process.communicate(timeout=300)
    said = words(out + err)
    assert process.returncode == 1
    assert "it must give a tensor of shape (4, 1), one row a film. Let its last layer have one output" in said
    assert "The loss became nan in epoch 1 of 1, batch 1 of 3" in said
    assert "its output does not depend on its input. Look whether `forward` uses the films" in said
    rows = json.loads((tmp_path / "leaderboards/tiny-tiny/board.json").read_text())["rows"]
    kinds = {row["name"]: row["kind"] for row in rows if row["name"] in models}
    assert kinds == dict.fromkeys(models.split(",")[:3], "failed") | {"seeds-for-all": "model"}
