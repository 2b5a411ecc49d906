"""What the shell offers: quickly, silently, after each comma too."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from click.shell_completion import BashComplete, ShellComplete

from ra_bench.cli.main import cli as group


def offered(*words, begun=""):
    """What is offered after these words for one that has begun so."""
    found = ShellComplete(group, {}, "ra-bench", "_RA_BENCH_COMPLETE").get_completions(list(words), begun)
    return [item.value for item in found if item.type == "plain"]


def test_models_are_offered():
    assert set(offered("run", "--models", begun="resnet50")) == {"resnet50", "resnet50-transfer", "resnet50-dsc"}


def test_after_a_comma_models_are_offered_that_are_not_there_yet():
    assert offered("run", "--models", begun="mean,me") == ["mean,median"]
    assert offered("run", "--models", begun="mean,median,mob") == [
        "mean,median,mobilenetv2",
        "mean,median,mobilenetv2-transfer",
    ]


def test_all_is_offered():
    assert offered("run", "--models", begun="al") == ["all"]


@pytest.mark.parametrize(
    ("words", "begun", "expected"),
    [
        (["run", "--dataset"], "synthetic-h", "synthetic-hands"),
        (["run", "--protocol"], "wang", "wang2022"),
        (["run", "--launcher"], "sl", "slurm"),
        (["bench"], "mobilenetv2-", "mobilenetv2-transfer"),
        (["attend"], "resnet-dwise50-t", "resnet-dwise50-transfer"),
        (["pretrain"], "resnet50-t", "resnet50-transfer"),
        (["cohort", "check"], "synthetic-h", "synthetic-hands"),
        (["score", "x.csv", "--dataset"], "synthetic-h", "synthetic-hands"),
        (["plugins", "info"], "ra-bench-mob", "ra-bench-mobilenetv2"),
        (["plugins"], "doc", "doctor"),
        ([], "docto", "doctor"),
    ],
)
def test_names_are_offered_where_they_belong(words, begun, expected):
    assert expected in offered(*words, begun=begun)


def test_where_a_file_may_be_meant_the_shell_looks_for_files():
    found = ShellComplete(group, {}, "ra-bench", "_RA_BENCH_COMPLETE").get_completions(["run", "--dataset"], "films/co")
    assert [(item.type, item.value) for item in found] == [("file", "films/co")]


def test_models_of_a_plugin_file_are_offered(tiny_file):
    assert "tiny-net" in offered("run", "-p", str(tiny_file), "--models", begun="tiny-n")


def test_boards_are_offered(tmp_path):
    (tmp_path / "hands-quick").mkdir()
    (tmp_path / "hands-quick" / "board.json").write_text("{}")
    assert offered("leaderboard", "check", "--boards", str(tmp_path), begun="han") == ["hands-quick"]


def test_a_plugin_file_that_is_broken_offers_the_rest_without_a_word(tmp_path, capfd):
    file = tmp_path / "broken.py"
    file.write_text("raise ValueError")
    assert offered("run", "-p", str(file), "--models", begun="medi") == ["median"]
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("shell", "sign"), [("zsh", "#compdef ra-bench"), ("fish", "complete --no-files --command ra")]
)
def test_the_script_of_a_shell_is_printed(cli, shell, sign):
    said = cli("completion", shell)
    assert (said.code, said.err) == (0, "")
    assert sign in said.out
    assert "_RA_BENCH_COMPLETE" in said.out


def test_the_script_for_bash_is_printed(cli, monkeypatch):
    monkeypatch.setattr(BashComplete, "_check_version", staticmethod(lambda: None))  # whichever bash is here
    assert "complete -o nosort -F _ra_bench_completion ra-bench" in cli("completion", "bash").out


def test_an_unknown_shell_is_wrong_usage(cli):
    assert cli("completion", "csh").code == 2


def test_the_program_answers_a_shell_without_torch():
    script = (
        "import sys\nfrom ra_bench.cli.main import main\nsys.argv = ['ra-bench']\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        "assert not {'torch', 'pandas', 'scipy', 'rich'} & set(sys.modules)\n"
    )
    asked = {"_RA_BENCH_COMPLETE": "zsh_complete", "COMP_WORDS": "ra-bench run --models medi", "COMP_CWORD": "3"}
    environment = {**os.environ, **asked}
    ran = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.split("\n")[:2] == ["plain", "median"]
