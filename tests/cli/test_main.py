"""The command line as a whole: help, exit codes, one clear message and no traceback."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ra_bench.cli.main import COMMANDS

COMMAND_PLUGIN = """
import click
from ra_bench import hookimpl

@hookimpl
def register_commands(cli):
    @cli.command("{name}")
    def greet():
        "Say hello."
        click.echo("hello")
"""


@pytest.fixture
def guest(tmp_path, monkeypatch):
    """Install a plugin that adds a command."""

    def put(source, name="ra-greeter"):
        folder = tmp_path / name
        module = tmp_path.name.replace("-", "_")  # another one for every test: modules are remembered
        info = folder / f"{module}-1.dist-info"
        info.mkdir(parents=True)
        (folder / f"{module}.py").write_text(source)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
        (info / "entry_points.txt").write_text(f"[ra_bench]\n{name} = {module}\n")
        monkeypatch.syspath_prepend(folder)

    return put


def test_help_names_every_command(cli):
    said = cli("--help")
    assert said.code == 0
    assert all(f"  {name} " in said.out for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(cli, name):
    said = cli(name, "-h")
    assert said.code == 0
    assert said.out.startswith(f"Usage: ra-bench {name} ")


def test_the_version_is_told(cli):
    assert cli("--version").out == "ra-bench, version 0.1.0\n"


def test_a_misspelt_command_is_wrong_usage_and_offers_the_nearest(cli):
    said = cli("leaderbord")
    assert said.code == 2
    assert "No such command 'leaderbord'. Did you mean 'leaderboard'?" in said.err


def test_an_unknown_option_is_wrong_usage(cli):
    assert cli("run", "--epochs", "3").code == 2
    assert cli("--nonsense").code == 2


@pytest.mark.parametrize("arguments", [["--help"], ["list", "models"], ["list", "protocols"], ["plugins"]])
def test_no_torch_is_imported_to_tell_what_is_there(arguments):
    script = (
        "import sys\nfrom ra_bench.cli.main import main\n"
        f"sys.argv = ['ra-bench', *{arguments!r}]\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        "slow = {'torch', 'torchvision', 'timm', 'pandas', 'scipy', 'PIL'} & set(sys.modules)\n"
        "assert not slow, slow\n"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


def test_a_plugin_adds_a_command(cli, guest):
    guest(COMMAND_PLUGIN.format(name="greet"))
    assert "Say hello." in cli("--help").out
    assert cli("greet").out == "hello\n"


def test_a_plugin_cannot_take_the_name_of_a_command(cli, guest):
    guest(COMMAND_PLUGIN.format(name="run"))
    said = cli("--help")
    assert said.code == 0
    assert "Plugin 'ra-greeter': the command name 'run' is taken. Rename it." in said.err


def test_a_plugin_whose_commands_fail_leaves_the_others(cli, guest):
    guest("from ra_bench import hookimpl\n@hookimpl\ndef register_commands(cli):\n    1 / 0\n")
    said = cli("--help")
    assert said.code == 0
    assert "Plugin 'ra-greeter': register_commands failed: ZeroDivisionError: division by zero" in said.err
    assert "leaderboard" in said.out
