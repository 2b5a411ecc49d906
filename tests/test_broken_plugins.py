"""Plugins that are broken at load time: each is told what is wrong, where, and how to mend it; the others go on."""

from __future__ import annotations

import sys

import pytest

from ra_bench import __version__
from ra_bench.plugins import BUILTINS, load_plugins

HEAD = "from ra_bench import MetricSpec, ModelSpec, hookimpl\n"
MODEL = 'ModelSpec(name="broken-net", build=lambda: None, citation="")'
HOOK = f"{HEAD}@hookimpl\ndef register_models():\n    return [{MODEL}]\n"

#: Source, state, the beginning and the end of the reason, and the line where it stands.
BROKEN = {
    "missing module": (
        f"{HEAD}import no_such_module\n",
        "failed",
        "ModuleNotFoundError: No module named 'no_such_module'. Install what is missing",
        "pip install --force-reinstall zz-broken",
        2,
    ),
    "name of another core": (
        "from ra_bench import NextSpec\n",
        "failed",
        "ImportError: cannot import name 'NextSpec' from 'ra_bench'",
        f"Here is ra-bench {__version__}. Bring the two together: pip install --upgrade zz-broken ra-bench",
        1,
    ),
    "error while importing": (
        f"{HEAD}\n1 / 0\n",
        "failed",
        "ZeroDivisionError: division by zero. Mend it if it is yours",
        "pip install --force-reinstall zz-broken",
        3,
    ),
    "syntax": (
        f"{HEAD}def broken(:\n",
        "failed",
        "SyntaxError: invalid syntax",
        "pip install --force-reinstall zz-broken",
        2,
    ),
    "no marker": (
        HOOK.replace("@hookimpl\n", ""),
        "failed",
        "Plugin 'zz-broken': 'register_models' lacks @hookimpl and is not asked.",
        "put @hookimpl above it.",
        2,
    ),
    "no marker beside one that has": (
        f"{HOOK}def register_metrics():\n    return []\n",
        "failed",
        "Plugin 'zz-broken': 'register_metrics' lacks @hookimpl and is not asked.",
        "put @hookimpl above it.",
        5,
    ),
    "misspelt hook": (
        HOOK.replace("register_models", "register_model"),
        "failed",
        "No hook named 'register_model'. Did you mean 'register_models'?",
        f"Rename it in plugin 'zz-broken', or take its @hookimpl away; here is ra-bench {__version__}.",
        2,
    ),
    "misspelt hook without a marker": (
        HOOK.replace("register_models", "register_model").replace("@hookimpl\n", ""),
        "failed",
        "Plugin 'zz-broken' does nothing: it implements no hook. 'register_model' looks like the hook 'register_mod",
        "put @hookimpl above each of its hooks, such as register_models.",
        2,
    ),
    "argument that the hook does not give": (
        HOOK.replace("models():", "models(config):"),
        "failed",
        "Plugin 'zz-broken': register_models takes an argument 'config' that the hook does not give.",
        f"Take it away; here is ra-bench {__version__}.",
        2,
    ),
    "wrong type": (
        HOOK.replace(MODEL, '{"name": "broken-net"}'),
        "failed",
        "Plugin 'zz-broken': register_models gave a dict where a ModelSpec is wanted.",
        "Write 'from ra_bench import ModelSpec' and return a list of it.",
        2,
    ),
    "no list": (
        HOOK.replace(f"[{MODEL}]", MODEL),
        "failed",
        "Plugin 'zz-broken': register_models gave ModelSpec.",
        "Return a list of ModelSpec.",
        2,
    ),
    "field that the spec has not": (
        HOOK.replace('citation=""', 'citation="", colour="red"'),
        "failed",
        "Plugin 'zz-broken': register_models failed: TypeError: ModelSpec.__init__() got an unexpected keyword arg",
        f"Here is ra-bench {__version__}: take fields that it has (docs/reference/hooks.md), or upgrade it.",
        4,
    ),
    "taken name": (
        HOOK.replace("broken-net", "resnet50"),
        "failed",
        "Plugin 'zz-broken' registers a model named 'resnet50', but that name is taken by ra-bench-resnet50.",
        "Rename it, or leave one out with --without.",
        2,
    ),
    "another core": (
        "raise RuntimeError('it must not be imported')\n",
        "incompatible",
        f"It needs ra-bench <0.1,>=0.0.1; installed is {__version__}.",
        "pip install --upgrade zz-broken ra-bench",
        None,
    ),
    "damaged metadata": (
        "raise RuntimeError('it must not be imported')\n",
        "failed",
        "Its metadata are damaged: the requirement 'ra-bench >' cannot be read: ",
        "Reinstall it: pip install --force-reinstall zz-broken",
        None,
    ),
}
NEEDS = {"another core": "ra-bench>=0.0.1,<0.1", "damaged metadata": "ra-bench >"}


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Put distributions with a plugin each on sys.path, by name."""
    modules = []

    def put(name, source, needs="ra-bench"):
        module = f"{name.replace('-', '_')}_{tmp_path.name}"
        modules.append(module)
        info = tmp_path / f"{module}-1.dist-info"
        info.mkdir()
        (tmp_path / f"{module}.py").write_text(source)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\nRequires-Dist: {needs}\n")
        (info / "entry_points.txt").write_text(f"[ra_bench]\n{name} = {module}\n")
        return tmp_path / f"{module}.py"

    monkeypatch.syspath_prepend(tmp_path)
    yield put
    for module in modules:
        sys.modules.pop(module, None)


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_plugin_says_what_is_wrong_where_and_how_to_mend_it(install, case):
    source, state, begins, ends, line = BROKEN[case]
    file = install("zz-broken", source, NEEDS.get(case, "ra-bench"))
    plugin = next(plugin for plugin in load_plugins(BUILTINS).plugins if plugin.name == "zz-broken")
    assert plugin.state == state
    assert plugin.reason.startswith(begins)
    assert plugin.reason.endswith(ends)
    assert plugin.where == ("" if line is None else f"{file}:{line}")


def test_an_error_deep_in_a_library_is_told_where_the_plugin_called_it(install):
    file = install("zz-broken", "import json\nnumbers = '['\njson.loads(numbers)\n")
    plugin = next(plugin for plugin in load_plugins(BUILTINS).plugins if plugin.name == "zz-broken")
    assert plugin.where == f"{file}:3"


def test_all_broken_ones_at_once_leave_the_others_as_they_are(install):
    before = {plugin for plugin in load_plugins(BUILTINS).plugins if plugin.state == "loaded"}
    for number, (case, (source, *_)) in enumerate(BROKEN.items()):
        install(f"aa-broken-{number}", source.replace("resnet50", "mean"), NEEDS.get(case, "ra-bench"))
    install("aa-well", HOOK.replace("broken-net", "well-net"))
    registry = load_plugins(BUILTINS)
    assert "well-net" in registry.names("model")
    # aa-broken takes the name 'mean' before the plugin that usually has it: that one is then the one that fails
    lost = {plugin.name for plugin in before} - {plugin.name for plugin in registry.plugins if plugin.state == "loaded"}
    assert lost == {"baselines"}


def test_what_is_wrong_with_an_extra_of_a_plugin_does_not_matter(install):
    install("zz-broken", HOOK, 'ra-bench>=99; extra == "next"')
    plugin = load_plugins(BUILTINS).origin("model", "broken-net")
    assert (plugin.state, plugin.core) == ("loaded", "")
