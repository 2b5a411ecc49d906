"""`ra-bench bench` on the command line."""

from __future__ import annotations

import json
import signal

import pytest

from ra_bench.plugins import load_plugins
from ra_bench.suite import BUILTINS, networks


@pytest.fixture(scope="module")
def said(tmp_path_factory, command, tiny_file, tiny_protocol):
    """Exit code, output and errors of a model that can be measured and one that cannot."""
    process = command(
        tmp_path_factory.mktemp("bench"),
        *("bench", "tiny-net", "forty", "-p", tiny_file, "--without", "resnet50", "--protocol", tiny_protocol),
        *("--device", "cpu", "--threads", "1", "--batch-size", "5", "--json"),
    )
    out, err = process.communicate(timeout=180)
    return process.returncode, out, err


@pytest.mark.slow
def test_json_holds_what_was_measured_and_nothing_else_is_printed(said):
    _, out, _ = said
    found = json.loads(out)
    (entry,) = found["measured"]
    assert (entry["model"], entry["parameters"], entry["batch_size"], entry["rounds"]) == ("tiny-net", 125, 5, 3)
    assert entry["training_films_per_second"] == pytest.approx(5 / entry["step_seconds"])
    assert found["machine"]["threads"] == "1"


@pytest.mark.slow
def test_a_model_without_a_network_is_told_of_and_the_others_are_measured(said):
    code, out, err = said
    (failed,) = json.loads(out)["not_measured"]
    assert failed["model"] == "forty"
    assert failed["reason"].startswith("'forty' has no network: `build` gives a float for the trainer 'no-torch', so ")
    assert f"Not measured: forty: {failed['reason']}" in err
    assert code == 1


@pytest.mark.slow
def test_models_take_turns(said):
    rounds = [line for line in said[2].splitlines() if line.startswith("Round")]
    assert sorted(rounds[:2]) == ["Round 1 of 3: forty", "Round 1 of 3: tiny-net"]
    assert rounds[2:] == ["Round 2 of 3: tiny-net", "Round 3 of 3: tiny-net"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["resnet5"], 1, "Error: No model named 'resnet5'. Did you mean 'resnet50'? Known: "),
        (["--protocol", "smok"], 1, "Error: No protocol named 'smok'. Did you mean 'smoke'? Known: "),
        (["--device", "mps"], 1, "Error: The device 'mps' "),
        (["--batch-size", "1"], 2, "Invalid value for '--batch-size': 1 is not in the range x>=2."),
        (["--threads", "0"], 2, "Invalid value for '--threads': 0 is not in the range x>=1."),
    ],
)
def test_what_cannot_be_measured_is_refused_before_anything_starts(cli, arguments, code, message):
    said = cli("bench", *arguments)
    assert (said.code, said.out) == (code, "")
    assert message in said.err
    assert "Round 1" not in said.err


def test_without_a_name_every_network_is_measured_once_and_no_baseline():
    assert sorted(networks(load_plugins(BUILTINS))) == [
        "attention-mil",
        "mobilenetv2",
        "resnet-dwise50",
        "resnet50",
        "resnet50-dsc",
    ]


def test_ctrl_c_ends_it_and_its_worker_and_says_that_nothing_is_kept(tmp_path, command, tiny_file, tiny_protocol):
    arguments = ("tiny-net", "-p", tiny_file, "--without", "resnet50", "--protocol", tiny_protocol, "--device", "cpu")
    process = command(tmp_path, "bench", *arguments)
    for line in process.stderr:
        if line.startswith("Round 1"):
            break
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert "Stopped. Nothing was kept." in err
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []
