"""What goes still works for a while, and says what to use instead."""

from __future__ import annotations

import sys
import types
from dataclasses import dataclass

import pytest

import ra_bench
from ra_bench import hookspecs
from ra_bench.deprecation import Deprecated, moved_names, renamed_fields
from ra_bench.plugins import load_plugins

SAID = r"{} is deprecated since ra-bench 0\.2 and goes with 0\.4\. {}"


def going(what, instead="", advice=""):
    return Deprecated(what=what, instead=instead, advice=advice, since="0.2", until="0.4")


@renamed_fields(
    source=going("Spec.source", "citation"), colour=going("Spec.colour", advice="Boards are black on white.")
)
@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    name: str
    citation: str = ""


@pytest.fixture
def module(monkeypatch):
    """A module with a name that moved within it, and one that moved out."""
    made = types.ModuleType("ra_bench_moved")
    made.new = 42
    gone = {"old": going("ra_bench_moved.old", "new"), "far": going("ra_bench_moved.far", "ra_bench.errors.TableError")}
    made.__getattr__ = moved_names("ra_bench_moved", gone)
    monkeypatch.setitem(sys.modules, "ra_bench_moved", made)
    return made


def test_an_old_name_gives_the_new_one_and_warns_where_it_is_used(module):
    with pytest.warns(DeprecationWarning, match=SAID.format("ra_bench_moved.old", "Use 'new' instead")) as told:
        assert module.old == 42
    assert told[0].filename == __file__


def test_an_old_name_may_have_moved_to_another_module(module):
    with pytest.warns(DeprecationWarning, match="Use 'ra_bench.errors.TableError' instead"):
        from ra_bench_moved import far
    assert far.__name__ == "TableError"


def test_a_name_that_never_was_is_an_error_as_ever():
    with pytest.raises(AttributeError, match="module 'ra_bench' has no attribute 'ResNet5'"):
        _ = ra_bench.ResNet5
    with pytest.raises(ImportError, match="cannot import name 'ResNet5' from 'ra_bench'"):
        from ra_bench import ResNet5  # noqa: F401


def test_a_renamed_field_is_taken_under_its_old_name():
    with pytest.warns(DeprecationWarning, match=SAID.format("Spec.source", "Use 'citation' instead")) as told:
        spec = Spec(name="net", source="He 2016")
    assert spec == Spec(name="net", citation="He 2016")
    assert told[0].filename == __file__


def test_a_renamed_field_is_read_under_its_old_name():
    spec = Spec(name="net", citation="He 2016")
    with pytest.warns(DeprecationWarning, match="Use 'citation' instead"):
        assert spec.source == "He 2016"


def test_a_field_that_goes_is_taken_and_forgotten():
    with pytest.warns(DeprecationWarning, match=SAID.format("Spec.colour", r"Leave it out\. Boards are black")):
        assert Spec(name="net", colour="red") == Spec(name="net")


def test_a_field_under_both_names_is_an_error():
    with (
        pytest.warns(DeprecationWarning, match="Use 'citation' instead"),
        pytest.raises(TypeError, match="Spec got 'citation' and its old name 'source'"),
    ):
        Spec(name="net", citation="He 2016", source="He 2015")


def test_other_fields_are_as_they_were():
    assert Spec(name="net").citation == ""
    with pytest.raises(TypeError, match="unexpected keyword argument 'nonsense'"):
        Spec(name="net", nonsense=1)


@pytest.mark.parametrize(
    ("options", "source", "said"),
    [
        (
            {"warn_on_impl": going("The hook on_old_event", "on_job_end").warning()},
            "def on_old_event(): ...",
            SAID.format("The hook on_old_event", "Use 'on_job_end' instead"),
        ),
        (
            {"warn_on_impl_args": {"job_name": going("The argument job_name", "job").warning()}},
            "def on_old_event(job_name): ...",
            SAID.format("The argument job_name", "Use 'job' instead"),
        ),
    ],
)
def test_a_plugin_that_implements_what_goes_is_warned_and_loads(tmp_path, monkeypatch, options, source, said):
    def on_old_event(job_name): ...

    monkeypatch.setattr(hookspecs, "on_old_event", hookspecs.hookspec(**options)(on_old_event), raising=False)
    file = tmp_path / "listens.py"
    file.write_text(f"from ra_bench import hookimpl\n\n@hookimpl\n{source}\n")
    with pytest.warns(DeprecationWarning, match=said) as told:
        registry = load_plugins(files=[file])
    assert next(plugin for plugin in registry.plugins if plugin.name == "listens").state == "loaded"
    assert told[0].filename == str(file)


def test_python_shows_the_warning_once_for_each_place(module):
    import warnings

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("default")
        for _ in range(3):
            _ = module.old
    assert len(told) == 1
