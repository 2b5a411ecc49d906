"""`ra-bench attend` on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

pytestmark = pytest.mark.slow  # whole runs in processes of their own

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ra_bench.suite import Suite


@pytest.fixture
def attend(cli: Callable[..., Any], trained: Suite, tiny_protocol: Path) -> Callable[..., Any]:
    """Call it on the trained model's runs."""

    def call(*arguments: object, model: str = "bright-net") -> Any:
        places = ("--runs", trained.runs, "--boards", trained.boards, "--data", trained.data)
        return cli(
            *("attend", model, "-q", "-p", trained.plugin_files[0], "--protocol", tiny_protocol, *places), *arguments
        )

    return call


def test_it_prints_the_shares_and_writes_nothing_unasked(attend: Callable[..., Any], tmp_path: Path) -> None:
    said = attend("--dataset", "bright")
    assert said.code == 0, said.err
    assert said.out.startswith("Where bright-net looks: bright, tiny, SIMULATED films\n")
    assert "even over the film (chance)" in said.out
    assert "Looking at films: 4 films" in said.err
    assert not list(tmp_path.iterdir())


def test_it_writes_as_many_overlays_as_asked_and_says_where(attend: Callable[..., Any], tmp_path: Path) -> None:
    said = attend("--dataset", "unseen", "--films", "2", "--out", "look")
    assert said.code == 0, said.err
    assert "Wrote look/attention.png" in said.out
    assert len(list((tmp_path / "look" / "films").iterdir())) == 2


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--dataset", "bright", "--seed", "5"], 1, "Error: There is no finished run of 'bright-net', seed 5, "),
        (["--dataset", "brigth"], 1, "Error: No dataset named 'brigth'. Did you mean 'bright'?"),
        (["--dataset", "bright", "--layer", "9"], 1, "Error: --layer names '9' of 'bright-net', which is not among "),
        (["--dataset", "unseen"], 1, "Error: Where the damage is on the films of 'unseen' is not known"),
        (["--dataset", "bright", "--films", "0"], 2, "Invalid value for '--films': 0 is not in the range 1<=x<=99."),
        (["--dataset", "bright", "--device", "mps"], 1, "Error: The device 'mps' "),
    ],
)
def test_what_cannot_be_done_is_said(attend: Callable[..., Any], arguments: list[str], code: int, message: str) -> None:
    said = attend(*arguments)
    assert said.code == code
    assert message in said.err


def test_a_model_that_nobody_registered_is_named_with_the_nearest(attend: Callable[..., Any]) -> None:
    said = attend("--dataset", "bright", model="bright-ned")
    assert (said.code, said.out) == (1, "")
    assert "Did you mean 'bright-net'?" in said.err


@pytest.mark.parametrize(
    ("what", "model"),
    [("attention", "bright-own"), ("build", "bright-own"), ("build", "bright-net"), ("forward", "bright-net")],
)
def test_a_models_own_code_that_fails_is_an_error_and_no_traceback(
    attend: Callable[..., Any], trained: Suite, monkeypatch: pytest.MonkeyPatch, what: str, model: str
) -> None:
    monkeypatch.setenv("BRIGHT_FAILS", what)
    said = attend("--dataset", "bright", model=model)
    (file,) = trained.plugin_files
    assert (said.code, said.out) == (1, "")
    assert (
        f"Error: `{what}` of the model '{model}' ({file}) failed: KeyError: 'weights of {what}'. Correct it" in said.err
    )
    assert f"See {file}:" in said.err
    assert "Traceback" not in said.err


def test_a_model_whose_own_attention_fails_can_be_looked_at_by_grad_cam(
    attend: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BRIGHT_FAILS", "attention")
    assert attend("--dataset", "bright", "--layer", "1", model="bright-own").code == 0
