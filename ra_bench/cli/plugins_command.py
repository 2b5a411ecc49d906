"""`ra-bench plugins`: every plugin found, its state and what it brings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ra_bench.cli.options import opened, plugin_options

if TYPE_CHECKING:
    from pathlib import Path


@click.command("plugins")
@plugin_options
def command(plugin_files: tuple[Path, ...], without: tuple[str, ...]) -> None:
    """Print every plugin: state, name, distribution, what it brings, or why it did not load."""
    for plugin in opened(plugin_files, without).registry.plugins:
        click.echo(f"{plugin.state:<12}  {plugin.name}  ({plugin.distribution} {plugin.version})")
        if plugin.reason:
            click.echo(f"{'':14}{plugin.reason}")
        kinds = dict.fromkeys(kind for kind, _ in plugin.provides)
        for kind in kinds:
            names = ", ".join(name for of_kind, name in plugin.provides if of_kind == kind)
            click.echo(f"{'':14}{kind}s: {names}")
