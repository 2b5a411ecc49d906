"""`ra-bench doctor`: what is wrong here, and how to mend it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ra_bench.cli.json_option import json_option, print_json
from ra_bench.cli.options import folder_options, plugin_options, registry_of

if TYPE_CHECKING:
    from pathlib import Path

    from ra_bench.health.values import Part

#: Facts that are numbers of bytes.
_BYTES = frozenset({"memory", "available", "shared_memory", "free", "total", "bytes"})


@click.command("doctor")
@json_option
@folder_options
@plugin_options
def command(
    as_json: bool, runs: Path, boards: Path, data: Path, plugin_files: tuple[Path, ...], without: tuple[str, ...]
) -> None:
    """Look at Python, torch, devices, memory, folders, stores of films, runs and plugins; tell how to mend each fault.

    Reads only. Exit code 1 if something is wrong. A job that failed or was stopped is; a missing extra is not.
    """
    from ra_bench.health.look import look_at_all

    parts = look_at_all(registry_of(plugin_files, without).plugins, runs=runs, boards=boards, data=data)
    count = sum(len(part.problems) for part in parts)
    if as_json:
        print_json({"well": not count, "parts": parts})
    else:
        for part in parts:
            _print_part(part)
        click.echo("\nNothing is wrong." if not count else f"\n{count} thing{'s are' if count > 1 else ' is'} wrong.")
    if count:
        raise click.exceptions.Exit(1)


def _print_part(part: Part) -> None:
    click.secho(part.name, bold=True)
    for name, fact in part.facts.items():
        told = name if " " in name else name.replace("_", " ")  # a plugin is called as it is
        click.echo(f"  {told}: {_text(name, fact)}")
    for problem in part.problems:
        click.echo(f"  {click.style('wrong', fg='red')}: {problem.said}")
        click.echo(f"    {problem.fix}")


def _text(name: str, fact: Any) -> str:
    if isinstance(fact, dict):
        return ", ".join(f"{key.replace('_', ' ')} {_text(key, value)}" for key, value in fact.items())
    if isinstance(fact, (list, tuple)):
        return "; ".join(_text("", entry) for entry in fact) or "none"
    if isinstance(fact, bool):
        return "yes" if fact else "no"
    if name in _BYTES and isinstance(fact, int):
        return f"{fact / 2**30:,.1f} GiB" if fact >= 2**30 else f"{fact / 2**20:,.1f} MiB"
    return "not installed" if fact is None else str(fact)
