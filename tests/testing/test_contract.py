"""From a name to its checks, what rests on what, and that nothing costs torch which does not need it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from ra_bench.errors import PluginError, UnknownNameError
from ra_bench.plugins import load_plugins
from ra_bench.testing import PROMISES, Check, of_plugins, plugin_checks, promises, run_all
from ra_bench.testing.check import promise_of, raised

PLUGIN = """
from ra_bench import LauncherSpec, hookimpl

@hookimpl
def register_launchers():
    return [LauncherSpec(name="moon", launch=None)]
"""


def names(checks):
    return [str(check) for check in checks]


@pytest.fixture
def written(tmp_path):
    """A plugin file of that text."""

    def write(text, name="mine"):
        file = tmp_path / f"{name}.py"
        file.write_text(text)
        return file

    return write


def test_a_plugin_is_checked_with_all_that_it_brings():
    found = names(plugin_checks("ra-bench-baselines"))
    assert found[0] == "plugin 'baselines': loads"
    assert {"model 'texture': trains", "trainer 'closed-form': going-on"} <= set(found)
    assert found == names(plugin_checks("baselines"))


def test_a_model_alone_is_checked_alone():
    assert {check.about for check in plugin_checks("thumbnail")} == {"model 'thumbnail'"}


def test_a_network_that_two_models_share_is_asked_once():
    about = [check.about for check in plugin_checks("mobilenetv2") if check.name == "finite"]
    assert about == ["model 'mobilenetv2'"]
    assert "model 'mobilenetv2-transfer': finite" in names(plugin_checks("mobilenetv2-transfer"))


def test_what_needs_no_network_is_asked_as_none():
    assert "finite" not in [check.name for check in plugin_checks("mean")]


def test_an_unknown_name_offers_the_nearest():
    with pytest.raises(UnknownNameError, match=r"No plugin or part of one named 'rmsee'\. Did you mean 'rmse'\?"):
        plugin_checks("rmsee")


def test_the_model_in_one_file_of_the_examples_keeps_the_contract():
    done = run_all(plugin_checks("own_model", files=[Path(__file__).parents[2] / "examples" / "own_model.py"]))
    assert {checked.state for checked in done} == {"ok"}


def test_a_launcher_is_not_checked(written):
    found = plugin_checks("mine", files=[written(PLUGIN)])
    assert {check.about for check in found} == {"plugin 'mine'"}


def test_a_plugin_that_is_not_loaded_breaks_its_first_promise():
    registry = load_plugins(("ra_bench.builtin",), without=["resnet50"])
    plugin = next(plugin for plugin in registry.plugins if plugin.name == "resnet50")
    with pytest.raises(
        PluginError, match=r"'resnet50' \(ra-bench-resnet50 0\.1\.0\) is blocked: Left out by --without"
    ):
        of_plugins.loads(plugin, registry)


@pytest.mark.slow
def test_who_imports_torch_when_a_plugin_is_listed_is_told(written):
    file = written(f"{PLUGIN}\nfrom torch import nn\n")
    check = next(check for check in plugin_checks("mine", files=[file]) if check.name == "lists-without-torch")
    with pytest.raises(
        PluginError, match=r"imports torch: mine\.py, line 8, says 'from torch import nn'\. Import it ins"
    ):
        check()


@pytest.mark.parametrize("kind", PROMISES)
def test_every_promise_is_a_sentence_of_its_own(kind):
    said = [promise_of(promise) for promise in promises(kind)]
    assert all(re.fullmatch(r"[A-Z`].*\.", sentence) for sentence in said)
    assert len(set(said)) == len(said)


def test_what_rests_on_a_broken_promise_is_not_asked():
    def broken():
        raise PluginError("It leaks.")

    def check(name, ask, *rests_on):
        return Check(about="it", name=name, promise="It holds.", ask=ask, rests_on=rests_on)

    done = list(run_all([check("first", broken), check("second", broken, "first"), check("third", lambda: "7 %")]))
    assert [(each.state, each.said) for each in done] == [
        ("failed", "It leaks."),
        ("not asked", "mend 'first' first"),
        ("ok", "7 %"),
    ]


def test_an_error_of_the_plugin_says_in_which_of_its_lines(written):
    file = written("import json\ndef torn():\n    json.loads('{')\n")
    space = {}
    exec(compile(file.read_text(), str(file), "exec"), space)
    with pytest.raises(ValueError, match="Expecting") as told:
        space["torn"]()
    assert raised(told.value).endswith("(char 1) (mine.py, line 3).")


@pytest.mark.parametrize(
    "module", ["ra_bench.testing", "ra_bench.testing.pytest_plugin", "ra_bench.cli.plugins_command"]
)
def test_starting_pytest_or_the_command_line_imports_neither_torch_nor_numpy(module):
    script = f"import sys, {module}; sys.exit(bool({{'torch', 'numpy', 'pandas', 'jinja2'}} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_checking_a_metric_imports_no_torch():
    script = (
        "import sys; from ra_bench.testing import plugin_checks; [check() for check in plugin_checks('rmse')];"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
