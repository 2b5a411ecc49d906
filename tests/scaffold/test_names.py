"""What may be a name, and who has it already."""

from __future__ import annotations

from pathlib import Path

import pytest

from ra_bench.errors import PluginError
from ra_bench.plugins import CORE, load_plugins
from ra_bench.scaffold.names import FIRST_PARTY, names_of, refuse_taken


@pytest.mark.parametrize("name", ["a", "my-net", "net2", "ra-bench-my-net", "a" * 30])
def test_a_name_of_letters_digits_and_dashes_may_be_had(name):
    assert names_of(name).distribution.startswith("ra-bench-")
    assert names_of(name).package.isidentifier()


@pytest.mark.parametrize(
    "name",
    [
        "",
        "My-Net",
        "my net",
        "my_net",
        "2net",
        "-net",
        "net-",
        "my--net",
        "../net",
        "nét",
        "a/b",
        "a.b",
        "a" * 31,
        "net\n",
    ],
)
def test_what_pip_python_or_a_command_would_not_take_is_refused(name):
    with pytest.raises(PluginError, match=r"cannot name a plugin\. Use lower-case letters and digits"):
        names_of(name)


def test_a_word_of_commands_is_refused():
    with pytest.raises(PluginError, match=r"'all' means something else in commands \(--models all\)"):
        names_of("all")


@pytest.mark.parametrize(
    ("name", "kind", "owner"),
    [
        ("resnet50", "model", "the plugin 'resnet50' of ra-bench-resnet50 0.1.0"),
        ("baselines", "metric", "the plugin 'baselines' of ra-bench-baselines 0.1.0"),
        ("resnet50-dsc", "model", "a model of ra-bench-resnet-dwise50"),
        ("rmse", "metric", "a metric of ra-bench"),
        ("synthetic-hands", "dataset", "a dataset of ra-bench"),
        ("markdown", "renderer", "a renderer of ra-bench"),
    ],
)
def test_a_name_that_is_taken_is_refused_with_its_owner(registry, name, kind, owner):
    with pytest.raises(PluginError, match=f"The name '{name}' is taken by {owner}. Choose another"):
        refuse_taken(names_of(name), kind, registry)


def test_a_plugin_that_did_not_load_has_its_name_all_the_same():
    registry = load_plugins(("ra_bench.builtin",), without=["mobilenetv2"])
    with pytest.raises(PluginError, match="taken by the plugin 'mobilenetv2' of ra-bench-mobilenetv2"):
        refuse_taken(names_of("mobilenetv2"), "model", registry)


def test_the_suites_own_names_are_taken_where_they_are_not_installed(monkeypatch, registry):
    monkeypatch.setattr("ra_bench.plugins.distributions", list)
    bare = load_plugins(("ra_bench.builtin",))
    with pytest.raises(PluginError, match="taken by the suite's own plugin 'baselines', which is not installed here"):
        refuse_taken(names_of("texture"), "model", bare)


def test_a_package_that_is_there_is_taken(registry, tmp_path, monkeypatch):
    (tmp_path / "ra_bench_left_over").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(PluginError, match="taken by the package ra_bench_left_over, which is installed here"):
        refuse_taken(names_of("left-over"), "model", registry)


def test_a_metric_may_be_called_as_a_model_is(registry):
    refuse_taken(names_of("resnet50-dsc-error"), "metric", registry)


def test_the_suites_own_names_are_those_of_its_plugins(registry):
    own = {plugin.name: plugin for plugin in registry.plugins if plugin.distribution.startswith(f"{CORE}-")}
    folders = [folder.name for folder in (Path(__file__).parents[2] / "plugins").iterdir() if folder.is_dir()]
    assert sorted(f"{CORE}-{name}" for name in FIRST_PARTY) == sorted(folders)
    assert {name: tuple(sorted({each for _, each in own[name].provides})) for name in FIRST_PARTY} == FIRST_PARTY
