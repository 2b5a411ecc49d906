"""`ra-bench plugins new`: what is written, said and refused."""

from __future__ import annotations

import pytest


def test_files_and_three_commands_are_told(cli, tmp_path):
    said = cli("plugins", "new", "my-net")
    lines = said.out.splitlines()
    assert (said.code, said.err) == (0, "")
    assert "  ra-bench-my-net/pyproject.toml" in lines
    assert lines[-4:] == [
        "Go on with:",
        "  pip install -e ./ra-bench-my-net",
        "  ra-bench plugins check my-net",
        "  ra-bench run --models my-net --protocol smoke",
    ]
    assert (tmp_path / "ra-bench-my-net" / "ra_bench_my_net" / "net.py").is_file()


def test_a_kind_and_a_place_may_be_chosen(cli, tmp_path):
    said = cli("plugins", "new", "my-error", "--kind", "metric", "--into", "plugins/mine")
    assert said.code == 0
    assert (tmp_path / "plugins/mine/ra-bench-my-error/ra_bench_my_error/metric.py").is_file()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["resnet50"], 1, "Error: The name 'resnet50' is taken by the plugin 'resnet50' of ra-bench-resnet50 0.1.0."),
        (["My Net"], 1, "Error: 'My Net' cannot name a plugin. Use lower-case letters"),
        (["my-net", "--kind", "launcher"], 2, "'launcher' is not one of 'model', 'metric', 'dataset', 'trainer'"),
        ([], 2, "Missing argument 'NAME'"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(cli, tmp_path, words, code, said):
    told = cli("plugins", "new", *words)
    assert told.code == code
    assert said in told.err
    assert list(tmp_path.iterdir()) == []


def test_a_second_time_is_refused(cli):
    cli("plugins", "new", "my-net")
    told = cli("plugins", "new", "my-net")
    assert told.code == 1
    assert told.err.startswith("Error: ra-bench-my-net is there already. Nothing was written; choose another name")
