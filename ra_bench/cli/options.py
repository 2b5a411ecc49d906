"""Options that several commands share, and what they open."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from ra_bench.plugins import Registry
    from ra_bench.suite import Suite


def plugin_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add -p FILE and --without NAME."""
    command = click.option(
        "-p",
        "plugin_files",
        metavar="FILE.py",
        multiple=True,
        type=click.Path(path_type=Path),
        help="Also load a plugin in one file. May be given several times.",
    )(command)
    return click.option(
        "--without", metavar="NAME", multiple=True, help="Leave an installed plugin out. May be given several times."
    )(command)


def folder_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --runs, --boards and --data."""
    for name, default, text in (
        ("--data", data_folder(), "Where decoded films and pretrained weights are kept."),
        ("--boards", Path("leaderboards"), "Where boards are written."),
        ("--runs", Path("runs"), "Where runs are kept."),
    ):
        command = click.option(
            name, type=click.Path(path_type=Path, file_okay=False), default=default, show_default=True, help=text
        )(command)
    return command


def data_folder() -> Path:
    """$RA_BENCH_DATA, or the user's cache folder."""
    if given := os.environ.get("RA_BENCH_DATA"):
        return Path(given)
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "ra-bench"


def seeds_in(text: str) -> list[int]:
    """The seeds that --seeds names, each once."""
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not all(word.isdecimal() for word in words):
        raise click.BadParameter(f"'{text}' is no list of whole numbers such as 0,1,2", param_hint="--seeds")
    return list(dict.fromkeys(int(word) for word in words))


def registry_of(plugin_files: tuple[Path, ...] = (), without: tuple[str, ...] = ()) -> Registry:
    """What is installed. Quicker than `opened` where nothing else is asked."""
    from ra_bench.plugins import BUILTINS, load_plugins

    return load_plugins(BUILTINS, files=plugin_files, without=without)


def opened(
    plugin_files: tuple[Path, ...] = (),
    without: tuple[str, ...] = (),
    *,
    runs: Path = Path("runs"),
    boards: Path = Path("leaderboards"),
    data: Path | None = None,
) -> Suite:
    """The suite that the options mean."""
    from ra_bench.suite import open_suite

    return open_suite(plugin_files=plugin_files, without=without, runs=runs, boards=boards, data=data or data_folder())
