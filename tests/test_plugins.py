"""Every state of a plugin, made with small distributions on sys.path; and plugins in one file."""

from __future__ import annotations

import itertools
import sys

import pytest

from ra_bench.errors import PluginError, UnknownNameError
from ra_bench.plugins import load_plugins

BUILTINS = ("ra_bench.builtin",)
MODELS = """
from ra_bench import ModelSpec, hookimpl

@hookimpl
def register_models():
    return [ModelSpec(name="{name}", build=lambda: None, citation="")]
"""
_count = itertools.count()


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Put a distribution with one plugin module on sys.path."""
    modules = []

    def put(source, *, distribution="ra-guest", plugin="guest", requires="", target=None):
        module = f"ra_guest_{next(_count)}"
        modules.append(module)
        folder = tmp_path / distribution
        info = folder / f"{distribution.replace('-', '_')}-1.2.dist-info"
        info.mkdir(parents=True)
        (folder / f"{module}.py").write_text(source)
        needs = f"Requires-Dist: {requires}\n" if requires else ""
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.2\n{needs}")
        (info / "entry_points.txt").write_text(f"[ra_bench]\n{plugin} = {target or module}\n".replace("MODULE", module))
        monkeypatch.syspath_prepend(folder)

    yield put
    for module in modules:
        sys.modules.pop(module, None)


def state(name="guest", **options):
    """State and reason of one plugin after loading."""
    plugin = next(plugin for plugin in load_plugins(BUILTINS, **options).plugins if plugin.name == name)
    return plugin.state, plugin.reason


def test_an_installed_plugin_is_loaded_with_what_it_brings(install):
    install(MODELS.format(name="guest-net"))
    registry = load_plugins(BUILTINS)
    plugin = registry.origin("model", "guest-net")
    assert (plugin.name, plugin.distribution, plugin.version, plugin.state) == ("guest", "ra-guest", "1.2", "loaded")
    assert plugin.provides == (("model", "guest-net"),)
    assert len(plugin.source) == 16


def test_a_provider_may_be_a_generator(install):
    install(MODELS.format(name="guest-net").replace("return [", "yield from ["))
    assert state() == ("loaded", "")


@pytest.mark.parametrize("name", ["guest", "ra-guest"])
def test_without_blocks_a_plugin_by_its_name_or_its_distribution(install, name):
    install(MODELS.format(name="guest-net"))
    assert state(without=[name]) == ("blocked", "Left out by --without.")


def test_without_an_unknown_name_offers_the_nearest():
    with pytest.raises(UnknownNameError, match=r"No plugin named 'resnet5'\. Did you mean 'resnet50'\?"):
        load_plugins(BUILTINS, without=["resnet5"])


def test_the_suite_itself_cannot_be_left_out():
    with pytest.raises(UnknownNameError, match="No plugin named 'ra-bench'"):
        load_plugins(BUILTINS, without=["ra-bench"])


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("import no_such_module_anywhere", "ModuleNotFoundError: No module named 'no_such_module_anywhere'"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("def broken(:", "SyntaxError: "),
    ],
)
def test_a_plugin_that_cannot_be_imported_has_failed_and_says_how_to_reinstall_it(install, source, said):
    install(source)
    found, reason = state()
    assert found == "failed"
    assert reason.startswith(said)
    assert reason.endswith(": pip install --force-reinstall ra-guest")


def test_a_plugin_for_another_core_is_incompatible_and_is_not_imported(install):
    install("raise RuntimeError", requires="Ra_Bench>=99")
    assert state() == (
        "incompatible",
        "It needs ra-bench >=99; installed is 0.1.0. Upgrade one of them: pip install --upgrade ra-guest ra-bench",
    )


def test_the_second_plugin_of_a_name_is_a_duplicate(install):
    install(MODELS.format(name="one"), distribution="ra-guest-a")
    install(MODELS.format(name="two"), distribution="ra-guest-b")
    states = {plugin.distribution: plugin for plugin in load_plugins(BUILTINS).plugins}
    assert states["ra-guest-a"].state == "loaded"
    assert states["ra-guest-b"].state == "duplicate"
    assert states["ra-guest-b"].reason == "ra-guest-a has a plugin of the same name. Uninstall one of the two."


def test_a_plugin_takes_the_place_of_a_failed_one_of_its_name(install):
    install("raise ValueError", distribution="ra-guest-a")
    install(MODELS.format(name="two"), distribution="ra-guest-b")
    assert "two" in load_plugins(BUILTINS).names("model")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (
            MODELS.format(name="net").replace("register_models", "register_model"),
            "No hook named 'register_model'. Did you mean 'register_models'?",
        ),
        (
            MODELS.format(name="net").replace("@hookimpl\n", ""),
            "Plugin 'zz-guest': 'register_models' lacks @hookimpl and is not asked. Write 'from ra_ben",
        ),
        ("answer = 42", "Plugin 'zz-guest' does nothing: it implements no hook. Write 'from ra_bench import hookimpl'"),
        (
            MODELS.format(name="net").replace("ModelSpec(", "dict("),
            "Plugin 'zz-guest': register_models gave a dict where a ModelSpec is wanted. Write 'from",
        ),
        (
            MODELS.format(name="net").replace("return [", "return None; ["),
            "Plugin 'zz-guest': register_models gave NoneType. Return a list of ModelSpec.",
        ),
        (
            MODELS.format(name="net").replace("return [", "1 / 0; ["),
            "Plugin 'zz-guest': register_models failed: ZeroDivisionError: division by zero. Mend it, or",
        ),
        (
            MODELS.format(name="net").replace("return [", "yield from [1 / 0, "),
            "Plugin 'zz-guest': register_models failed: ZeroDivisionError: division by zero. Mend it, or",
        ),
        (
            MODELS.format(name="net").replace("models():", "models(config):"),
            "Plugin 'zz-guest': register_models takes an argument 'config' that the hook does not give. It gives: n",
        ),
        (
            MODELS.format(name="resnet50"),
            "Plugin 'zz-guest' registers a model named 'resnet50', but that name is taken by ra-bench-resnet50.",
        ),
        (
            MODELS.format(name="net").replace('citation="")', 'citation="")] * 2 + ['),
            "Plugin 'zz-guest' registers a model named 'net', but that name is taken by plugin 'zz-guest' itself.",
        ),
        (
            MODELS.format(name="net").replace('citation=""', 'citation="", overrides={"height": 1024}'),
            "Model 'net' overrides 'height', which must be the same for every model of a board. A model may override: ",
        ),
        (
            MODELS.format(name="net").replace('citation=""', 'citation="", overrides={"split.seed": 3}'),
            "Model 'net' overrides 'split.seed', which must be the same for every model",
        ),
    ],
)
def test_a_plugin_that_is_wrong_has_failed_and_says_what_to_do(install, source, said):
    install(source.replace("guest", "zz-guest"), plugin="zz-guest")  # after the first-party plugins
    found, reason = state("zz-guest")
    assert found == "failed"
    assert reason.startswith(said)


def test_an_entry_point_must_name_a_module(install):
    install(MODELS.format(name="net"), target="MODULE:register_models")
    found, reason = state()
    assert found == "failed"
    assert "Name a module, without ':' and what follows." in reason


def test_how_a_model_is_trained_is_its_own(install):
    changes = '{"epochs": 3, "optimiser.learning_rate": 1.0, "loss.name": "l1", "batch_size": 2}'
    install(MODELS.format(name="net").replace('citation=""', f'citation="", overrides={changes}'))
    assert state() == ("loaded", "")


def test_one_broken_guest_does_not_stop_the_others(install):
    install("raise ValueError", distribution="aa-guest", plugin="aa")
    registry = load_plugins(BUILTINS)
    assert {"resnet50", "mean"} <= set(registry.names("model"))
    assert "standard" in registry.names("trainer")


def test_asking_for_the_model_of_a_broken_guest_names_its_distribution_and_the_fix(install):
    install("raise ValueError('no luck')")
    with pytest.raises(UnknownNameError) as told:
        load_plugins(BUILTINS).get("model", "guest-net")
    assert "Plugin 'guest' (ra-guest 1.2) is failed: ValueError: no luck. Mend it if it is yours, else rein" in str(
        told.value
    )


def test_objects_that_answer_to_any_attribute_are_no_hooks(install):
    install("class Any:\n    def __getattr__(self, name): return {}\nops = Any()\n" + MODELS.format(name="net"))
    assert state() == ("loaded", "")


def test_a_plugin_file_is_loaded_and_says_which_file_it_is(tmp_path):
    file = tmp_path / "my.model.py"
    file.write_text(MODELS.format(name="net"))
    plugin = load_plugins(BUILTINS, files=[file]).origin("model", "net")
    assert (plugin.name, plugin.distribution, plugin.version) == ("my.model", str(file), "file")


def test_the_source_of_a_plugin_file_is_part_of_its_identity(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(MODELS.format(name="net"))
    before = load_plugins(BUILTINS, files=[file]).origin("model", "net").source
    file.write_text(MODELS.format(name="net") + "\n# changed\n")
    assert load_plugins(BUILTINS, files=[file]).origin("model", "net").source != before


@pytest.mark.parametrize(
    ("name", "source", "said"),
    [
        ("mine.py", None, r"No plugin file .*mine\.py\. Give the path of a Python file after -p\."),
        ("mine.txt", "", r"mine\.txt is no Python file\. A plugin in one file ends in \.py\."),
        ("mine.py", "import no_such_module_anywhere", r"mine\.py cannot be loaded: ModuleNotFoundError"),
        ("mine.py", "raise SystemExit(1)", r"mine\.py cannot be loaded: SystemExit: 1"),
        ("mine.py", "answer = 42", "Plugin 'mine' does nothing: it implements no hook"),
        ("resnet50.py", MODELS.format(name="net"), r"A plugin named 'resnet50' is loaded already\. Rename the file"),
    ],
)
def test_a_plugin_file_that_was_asked_for_must_load(tmp_path, name, source, said):
    if source is not None:
        (tmp_path / name).write_text(source)
    with pytest.raises(PluginError, match=said):
        load_plugins(BUILTINS, files=[tmp_path / name])
