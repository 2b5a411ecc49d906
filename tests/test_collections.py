"""Collections: models that are found when somebody asks for one, and never before."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from ra_bench.errors import PluginError, RecordError, UnknownNameError
from ra_bench.plugins import load_plugins
from ra_bench.reports.board_row import _check_name
from ra_bench.suite import BUILTINS

LIBRARY = Path(__file__).parent / "plugin_files" / "library.py"


@pytest.fixture
def registry():
    return load_plugins(BUILTINS, files=[LIBRARY])


@pytest.fixture
def refused(tmp_path):
    """What is said of a plugin with these collections and models."""

    def load(collections=(), models=()):
        file = tmp_path / "other.py"
        file.write_text(
            "from ra_bench import CollectionSpec, ModelSpec, hookimpl\n"
            "@hookimpl\ndef register_collections():\n"
            f"    return [CollectionSpec(name=n, find=None, names=None, summary='') for n in {list(collections)}]\n"
            "@hookimpl\ndef register_models():\n"
            f"    return [ModelSpec(name=n, build=dict, citation='') for n in {list(models)}]\n"
        )
        with pytest.raises(PluginError) as told:
            load_plugins(BUILTINS, files=[LIBRARY, file])
        return str(told.value)

    return load


def test_a_model_is_found_by_its_full_name_and_comes_from_the_plugin_of_the_collection(registry):
    assert registry.get("model", "library/large.tag").name == "library/large.tag"
    assert registry.origin("model", "library/large.tag").name == "library"


def test_a_model_of_a_collection_is_no_name_that_all_would_train(registry):
    assert not [name for name in registry.names("model") if name.startswith("library")]


def test_a_library_is_not_asked_before_a_name_of_it_is(registry):
    registry.matching("model", "*")
    registry.get("model", registry.names("model")[0])
    asked = sys.modules["ra_bench_plugin_file_library"].ASKED
    assert asked == []
    registry.get("model", "library/small")
    assert asked == ["names", "small"]


def test_an_unknown_name_offers_the_nearest_and_does_not_list_all(registry):
    with pytest.raises(UnknownNameError) as told:
        registry.get("model", "library/smal")
    assert str(told.value) == (
        "No model named 'library/smal'. Did you mean 'library/small'? "
        "Known: library/small, library/wrong, library/large.tag, 57 more.\n"
        "'ra-bench list models \"library/*\"' lists all of library."
    )


def test_where_no_name_is_near_their_number_is_said(registry):
    with pytest.raises(UnknownNameError, match=r"No model named 'library/X{16}'\. Known: 60 names\."):
        registry.get("model", f"library/{'X' * 16}")


@pytest.mark.parametrize(
    "name", ["library/", "library/..", "library/../../small", "library//small", "library/./small", "library/small/"]
)
def test_a_name_that_would_lead_elsewhere_is_none(registry, name):
    assert not registry.has("model", name)


def test_a_name_without_its_collection_is_told_which_there_are(registry):
    with pytest.raises(UnknownNameError, match=r"library/NAME"):
        registry.get("model", "small")


def test_a_collection_is_for_models_only(registry):
    with pytest.raises(UnknownNameError, match="No metric named 'library/small'"):
        registry.get("metric", "library/small")


def test_a_pattern_finds_names_of_a_kind_or_of_one_collection(registry):
    assert registry.matching("metric", "r*") == ("rho", "rmse")
    assert registry.matching("model", "library/*[al]l*") == ("library/small",)


def test_a_pattern_that_nothing_fits_is_an_unknown_name(registry):
    with pytest.raises(UnknownNameError, match=r"No model named 'library/x\*'"):
        registry.matching("model", "library/x*")


def test_a_library_that_cannot_be_asked_is_told_with_its_reason(registry):
    with pytest.raises(PluginError, match=r"collection 'broken' .*: `names` failed: ImportError: no library\. Mend"):
        registry.get("model", "broken/net")


def test_what_a_collection_finds_must_be_a_model(registry):
    with pytest.raises(PluginError, match=r"gave a str for 'library/wrong'\. Return a ModelSpec"):
        registry.get("model", "library/wrong")


@pytest.mark.parametrize("model", ["library/mine", "library--mine"])
def test_no_other_plugin_may_register_a_model_among_those_of_a_collection(refused, model):
    assert f"brings the model '{model}' beside the collection 'library'" in refused(models=[model])


def test_a_collection_may_not_take_the_name_of_another(refused):
    assert "registers a collection named 'library', but that name is taken" in refused(collections=["library"])


@pytest.mark.parametrize("name", ["", "a/b", "a--b", "..", "a b"])
def test_a_collection_has_a_name_that_folders_can_have(refused, name):
    assert f"registers a collection named '{name}'. Use letters" in refused(collections=[name])


def test_predictions_that_are_scored_may_not_take_the_folder_of_a_model_with_a_slash():
    record = SimpleNamespace(job=SimpleNamespace(model="library/small", trainer="standard"))
    with pytest.raises(RecordError, match="'library--small' is a model that ra-bench trains"):
        _check_name(SimpleNamespace(records=[record]), "library--small", [])
