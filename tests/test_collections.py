"""Collections: models that are found when somebody asks for one, and never before."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from ra_bench.errors import PluginError, RecordError, UnknownNameError
from ra_bench.plugins import load_plugins
from ra_bench.publishing.about import about_models
from ra_bench.reports.board_row import check_name
from ra_bench.runs.records import SCORED, job_folder
from ra_bench.suite import BUILTINS, plan
from ra_bench.suite.writing import is_current

LIBRARY = Path(__file__).parent / "plugin_files" / "library.py"


@pytest.fixture
def registry():
    return load_plugins(BUILTINS, files=[LIBRARY])


@pytest.fixture
def planned(tmp_path, tiny_suite, tiny_protocol):
    """A suite that knows the library, and a plan for these models."""
    suite = tiny_suite(tmp_path)
    suite = replace(suite, registry=load_plugins(BUILTINS, files=[*suite.plugin_files, LIBRARY]))
    return lambda *models: (suite, plan(suite, models=models, dataset="tiny", protocol=str(tiny_protocol)))


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
    assert registry.get("model", "library/small.tag").name == "library/small.tag"
    assert registry.origin("model", "library/small.tag").name == "library"


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
        "Known: library/small, library/small.tag, library/wrong, library/large.tag, 56 more.\n"
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
    assert registry.matching("model", "library/*all*") == ("library/small", "library/small.tag")


def test_a_pattern_that_nothing_fits_is_an_unknown_name(registry):
    with pytest.raises(UnknownNameError, match=r"No model named 'library/x\*'"):
        registry.matching("model", "library/x*")


def test_a_library_that_cannot_be_asked_is_told_with_its_reason(registry):
    with pytest.raises(PluginError, match=r"collection 'broken' .*: `names` failed: ImportError: no library\. Mend"):
        registry.get("model", "broken/net")


def test_what_a_collection_finds_must_be_a_model(registry):
    with pytest.raises(PluginError, match=r"gave a str for 'library/wrong'\. Return a ModelSpec"):
        registry.get("model", "library/wrong")


def test_what_must_be_the_same_on_a_board_is_not_a_collections_to_change(registry):
    with pytest.raises(PluginError, match=r"Model 'library/large\.tag' overrides 'height'"):
        registry.get("model", "library/large.tag")


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
        check_name(SimpleNamespace(records=[record]), "library--small", [], replaces=SCORED)


@pytest.mark.slow
def test_all_trains_none_of_a_collection_and_one_is_trained_when_named(planned):
    _, wanted = planned("all", "library/small")
    assert [one.job.model for one in wanted.jobs if one.job.model.startswith("library")] == ["library/small"]


def test_a_model_with_a_slash_has_one_folder_for_its_jobs(planned):
    suite, wanted = planned("library/small")
    folder = job_folder(suite.runs, wanted.jobs[0].job)
    assert folder.parent == suite.runs / wanted.board / "library--small"


def test_a_job_of_a_collection_is_current_until_what_decides_it_changes(planned):
    suite, wanted = planned("library/small")
    job = wanted.jobs[0].job
    assert is_current(suite, wanted, job)
    assert not is_current(suite, wanted, replace(job, key="of an older source"))


def test_a_job_stays_current_when_its_library_has_the_model_no_longer_or_cannot_be_asked(planned):
    suite, wanted = planned("library/small")
    job = wanted.jobs[0].job
    assert is_current(suite, wanted, replace(job, model="library/gone"))
    assert is_current(suite, wanted, replace(job, model="broken/net"))


def test_a_model_of_a_collection_is_cited_and_one_that_is_gone_is_left_out(planned):
    suite, wanted = planned("library/small")
    job = wanted.jobs[0].job
    records = [SimpleNamespace(job=job), SimpleNamespace(job=replace(job, model="library/gone"))]
    assert {name: one.citation for name, one in about_models(suite.registry, records).items()} == {
        "library/small": "Nobody."
    }
