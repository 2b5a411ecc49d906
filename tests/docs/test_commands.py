"""Every command in the documentation parses, and what is marked is really run."""

from __future__ import annotations

import contextlib
import io
import os
import runpy
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np
import pytest
from PIL import Image

from ra_bench.cli.main import cli
from ra_bench.plugins import Registry, load_plugins
from ra_bench.suite import BUILTINS

if TYPE_CHECKING:
    from collections.abc import Callable


def parsed(line: str) -> click.Context:
    """What click makes of a command, without calling it."""
    # click keeps a command's help option as the first context made it: give it the settings that users get
    context, command, (_, *words) = click.Context(cli, **cli.context_settings), cli, shlex.split(line)
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        found = command.get_command(context, words[0])
        assert found is not None, f"no command '{words[0]}'"
        command = found  # type: ignore[assignment]  # a command below a group may be a group
        words = words[1:]
    with contextlib.suppress(click.exceptions.Exit):  # --help prints and leaves
        context = command.make_context(command.name, words, parent=context)
    return context


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_plugins(BUILTINS)


def test_every_command_parses(fence: Any, command: str) -> None:
    parsed(command)


def test_every_name_in_a_command_is_known(fence: Any, command: str, registry: Registry) -> None:
    page, options = fence.page.read_text(encoding="utf-8"), parsed(command).params
    for kind, asked in (
        ("model", options.get("models")),
        *((kind, options.get(kind)) for kind in ("dataset", "protocol")),
    ):
        for name in asked if isinstance(asked, tuple) else (asked or "").split(","):
            known = name in {"", "all"} or registry.has(kind, name) or name.endswith(".toml")
            assert known or f'name="{name}"' in page or name == "stranger-tiny", f"{fence}: no {kind} '{name}'"


def test_a_command_that_does_not_exist_would_be_found() -> None:
    with pytest.raises(AssertionError, match="no command 'rum'"):
        parsed("ra-bench rum")


def test_an_option_that_does_not_exist_would_be_found() -> None:
    with pytest.raises(click.NoSuchOption):
        parsed("ra-bench run --modles all")


@pytest.mark.slow
def test_what_a_page_says_can_be_done(
    worked_page: Path,
    fences: Callable[[Path], list[Any]],
    root: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(root / "leaderboards" / "wang2022", tmp_path / "leaderboards" / "wang2022")
    said = ""
    for fence in fences(worked_page):
        if "file" in fence.options:
            write(fence)
        if "output" in fence.words:
            for line in fence.text.splitlines():
                assert line in said, f"{fence}: '{line}' was not printed, but:\n{said}"
        elif fence.language == "python":
            run_python(fence)
        elif fence.language == "toml":
            tomllib.loads(fence.text)
        elif "run" in fence.words:
            said = run_shell(fence, tmp_path)


def write(fence: Any) -> None:
    """The file that a fence stands for; with `films=FOLDER`, also a film for each row of the table."""
    file = Path(fence.options["file"])
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(fence.text, encoding="utf-8")
    if folder := fence.options.get("films"):
        Path(folder).mkdir(parents=True)
        grey = np.random.default_rng(0)
        for row in fence.text.splitlines()[1:]:
            film = grey.integers(0, 256, (48, 64), dtype=np.uint8)
            Image.fromarray(film).save(Path(folder) / f"{row.split(',')[0]}.png")


def run_python(fence: Any) -> None:
    if "file" in fence.options:
        runpy.run_path(fence.options["file"])
    elif "from" not in fence.options:
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(fence.text, str(fence), "exec"), {"__name__": "__main__"})


def run_shell(fence: Any, folder: Path) -> str:
    """What a block printed; its commands are those of the environment that runs the tests."""
    places = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": places, "RA_BENCH_DATA": str(folder / "data"), "COLUMNS": "200"}
    done = subprocess.run(
        ["bash", "-ec", fence.text], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{fence}: exit code {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout
