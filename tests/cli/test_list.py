"""`ra-bench list` and `ra-bench plugins`."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def library_file():
    return Path(__file__).parent.parent / "plugin_files" / "library.py"


def test_models_are_listed_with_what_one_chooses_by(cli):
    lines = cli("list").out.splitlines()
    assert any(line.split() == ["mean", "1", "parameter,", "baseline", "ra-bench-baselines"] for line in lines)
    assert any("pretrained on synthetic-chest" in line for line in lines if line.startswith("resnet50-transfer "))
    assert any("by name only" in line for line in lines if line.startswith("resnet-dwise50-table1 "))


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("datasets", "synthetic-chest findings, for pretraining ra-bench"),
        ("metrics", "rho best high ra-bench"),
        ("trainers", "closed-form ra-bench-baselines"),
        ("protocols", "smoke "),
        ("launchers", "local ra-bench"),
        ("renderers", "markdown .md ra-bench"),
    ],
)
def test_every_kind_is_listed_a_line_each(cli, kind, line):
    found = [" ".join(told.split()) for told in cli("list", kind).out.splitlines()]
    assert any(told.startswith(line) for told in found)


def test_what_a_plugin_file_brings_is_listed_too(cli, tiny_file):
    assert "tiny-net" in cli("list", "models", "-p", tiny_file).out


def test_what_is_left_out_is_not_listed(cli):
    assert "resnet50-transfer" not in cli("list", "models", "--without", "resnet50").out


def test_a_collection_is_one_line_among_the_models(cli, library_file):
    lines = [line.split() for line in cli("list", "-p", library_file).out.splitlines()]
    assert lines[-2] == ["library/NAME", "any", "model", "of", "the", "library", str(library_file)]
    assert sum(line[0].startswith("library") for line in lines) == 1


def test_collections_are_listed_by_themselves(cli, library_file):
    lines = [line.split() for line in cli("list", "collections", "-p", library_file).out.splitlines()]
    assert ["library", "any", "model", "of", "the", "library", str(library_file)] in lines


def test_a_pattern_lists_the_models_of_a_collection_that_fit(cli, library_file):
    said = cli("list", "models", "library/sm*.*", "-p", library_file)
    assert [line.split() for line in said.out.splitlines()] == [["library/small.tag", str(library_file)]]


def test_a_pattern_that_nothing_fits_is_told(cli):
    said = cli("list", "models", "resnet5")
    assert (said.code, said.out) == (1, "")
    assert "Error: No model named 'resnet5'. Did you mean 'resnet50'?" in said.err


def test_a_model_of_a_collection_that_is_not_there_is_told_by_a_run(cli, library_file):
    said = cli("run", "-p", library_file, "--models", "library/../../small", "--explain")
    assert (said.code, "No model named 'library/../../small'." in said.err) == (1, True)


def test_an_unknown_kind_is_wrong_usage(cli):
    assert cli("list", "layers").code == 2


def test_plugins_are_told_with_state_origin_and_what_they_bring(cli):
    out = cli("plugins", "--without", "mobilenetv2").out
    assert (
        "loaded        resnet50  (ra-bench-resnet50 0.1.0)\n              models: resnet50, resnet50-transfer\n" in out
    )
    assert "blocked       mobilenetv2  (ra-bench-mobilenetv2 0.1.0)\n              Left out by --without.\n" in out
