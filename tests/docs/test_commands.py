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
from ra_bench.cohorts.synthetic.cohort import write_synthetic_hands
from ra_bench.plugins import Registry, load_plugins
from ra_bench.suite import BUILTINS

if TYPE_CHECKING:
    from collections.abc import Callable

#: Why a command on a page is not run.
REASONS = {
    "slow": "it takes minutes, or what took hours to train",
    "gpu": "it wants a GPU",
    "cluster": "it wants Slurm, or a cluster of Ray",
    "network": "it fetches something",
    "endless": "it ends when it is told to",
    "machine": "it says how well the machine is, and fails where that is not so",
    "yours": "it names what only the reader has",
}
#: For a shell: every command but `ra-bench run` is as it was.
NO_RUNS = 'ra-bench() { test "$1" = run || command ra-bench "$@"; }'


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


def complaint(fence: Any) -> str | None:
    """What is wrong with the words behind a fence of shell commands."""
    if unknown := fence.words - {"run", "explained", "figures", *REASONS}:
        return f"unknown words: {sorted(unknown)}"
    if unknown := set(fence.options) - {"file", "copy", "cohort", "tables"}:
        return f"unknown options: {sorted(unknown)}"
    unrun = fence.words & {"explained", *REASONS}
    if fence.language != "sh" or bool(unrun) == ("run" in fence.words):
        return "begin it with ```sh run, ```sh explained, or ```sh and why it is not run: CONTRIBUTING.md"
    return None


def test_a_command_is_run_or_its_fence_says_why_not(shell: Any) -> None:
    assert complaint(shell) is None, f"{shell}: {complaint(shell)}"


@pytest.mark.parametrize(
    ("info", "said"),
    [
        ("sh", "begin it with"),
        ("", "begin it with"),
        ("text", "begin it with"),
        ("bash run", "begin it with"),
        ("sh file=job.sh", "begin it with"),
        ("sh run slow", "begin it with"),
        ("sh tedious", "unknown words: ['tedious']"),
        ("sh run coppy=README.md", "unknown options: ['coppy']"),
    ],
)
def test_a_fence_that_does_not_say_why_is_found(
    info: str, said: str, fences: Callable[[Path], list[Any]], commands: Callable[[Any], list[str]], tmp_path: Path
) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"```{info}\nra-bench list\n```\n", encoding="utf-8")
    (fence,) = fences(page)
    assert commands(fence) == ["ra-bench list"]
    assert (complaint(fence) or "").startswith(said)


def test_every_word_behind_a_fence_is_described(root: Path) -> None:
    described = (root / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert [word for word in REASONS if f"| `sh {word}` | {REASONS[word]} |" not in described] == []


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of all commands that are explained: chest films are drawn once."""
    return tmp_path_factory.mktemp("data")


@pytest.mark.slow
def test_what_a_page_says_can_be_done(
    worked_page: Path,
    fences: Callable[[Path], list[Any]],
    commands: Callable[[Any], list[str]],
    cli: Callable[..., Any],
    root: Path,
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RA_BENCH_DATA", str(data))
    shutil.copytree(root / "leaderboards" / "wang2022", tmp_path / "leaderboards" / "wang2022")
    said = ""
    for fence in fences(worked_page):
        lay_out(fence, root, fences)
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
        elif "explained" in fence.words:
            explain(fence, [line for line in commands(fence) if line.startswith("ra-bench run ")], cli)
            if not fence.words & REASONS.keys():
                run_shell(fence, tmp_path, first=NO_RUNS)


def lay_out(fence: Any, root: Path, fences: Callable[[Path], list[Any]]) -> None:
    """What a reader has before the commands of a fence, and the folder of a test lacks."""
    for place in filter(None, fence.options.get("copy", "").split(",")):
        origin, _, target = place.partition(":")
        copy = shutil.copytree if (root / origin).is_dir() else shutil.copyfile
        Path(target or origin).parent.mkdir(parents=True, exist_ok=True)
        copy(root / origin, target or origin)  # type: ignore[operator]  # of two functions that take two paths
    for page in filter(None, fence.options.get("tables", "").split(",")):
        for table in fences(root / "docs" / "how-to" / f"{page}.md"):
            if "file" in table.options:
                write(table)
    if folder := fence.options.get("cohort"):
        write_synthetic_hands(Path(folder), films=24, width=64, seed=0)


def explain(fence: Any, runs: list[str], cli: Callable[..., Any]) -> None:
    """Let each run say what it would train."""
    assert runs, f"{fence}: there is no 'ra-bench run' to explain"
    for line in runs:
        said = cli(*shlex.split(line)[1:], "--explain")
        assert said.code == 0, f"{fence}: exit code {said.code}\n{said.out}{said.err}"
        assert ", seed 0: " in said.out, f"{fence}: no job was explained\n{said.out}"


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


def run_shell(fence: Any, folder: Path, first: str = "") -> str:
    """What a block printed; its commands are those of the environment that runs the tests, which says yes if asked."""
    places = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": places, "RA_BENCH_DATA": str(folder / "data"), "COLUMNS": "200"}
    if "figures" in fence.words:
        environment.pop("RA_BENCH_FIGURES", None)
    done = subprocess.run(
        ["bash", "-ec", f"{first}\n{fence.text}"],
        cwd=folder,
        env=environment,
        input="y\n" * 9,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{fence}: exit code {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout
