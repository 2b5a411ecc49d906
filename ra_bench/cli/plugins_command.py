"""`ra-bench plugins`: every plugin found, its state and what it brings; and the kit for authors of plugins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ra_bench.cli import plugins_check_command, plugins_new_command
from ra_bench.cli.options import opened, plugin_options

if TYPE_CHECKING:
    from pathlib import Path


@click.group("plugins", invoke_without_command=True)
@plugin_options
@click.pass_context
def command(context: click.Context, plugin_files: tuple[Path, ...], without: tuple[str, ...]) -> None:
    """Print every plugin: state, name, distribution, what it brings, or why it did not load."""
    if context.invoked_subcommand is not None:
        return
    for plugin in opened(plugin_files, without).registry.plugins:
        click.echo(f"{plugin.state:<12}  {plugin.name}  ({plugin.distribution} {plugin.version})")
        if plugin.reason:
            click.echo(f"{'':14}{plugin.reason}")
        kinds = dict.fromkeys(kind for kind, _ in plugin.provides)
        for kind in kinds:
            names = ", ".join(name for of_kind, name in plugin.provides if of_kind == kind)
            click.echo(f"{'':14}{kind}s: {names}")


command.add_command(plugins_check_command.command)
command.add_command(plugins_new_command.command)
