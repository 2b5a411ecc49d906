"""`ra-bench plugins new`: a plugin to begin with."""

from __future__ import annotations

from pathlib import Path

import click

from ra_bench.cli.options import opened
from ra_bench.scaffold import KINDS


@click.command("new")
@click.argument("name")
@click.option(
    "--kind", type=click.Choice(list(KINDS)), default="model", show_default=True, help="What the plugin brings first."
)
@click.option(
    "--into",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    show_default=True,
    help="Where the folder of the distribution is made.",
)
def command(name: str, kind: str, into: Path) -> None:
    """Write a whole distribution for a plugin of that NAME: it installs, runs at once and passes its own tests.

    It holds a pyproject.toml with the entry point, the module with the hooks, what it brings, tests that ask the
    contract, and a README to fill in. A name that is taken and a folder that is not empty are refused.
    """
    from ra_bench.scaffold import new_plugin

    new = new_plugin(opened().registry, name, kind=kind, into=into)
    for file in new.files:
        click.echo(f"  {file}")
    click.echo("Go on with:")
    for line in new.commands:
        click.echo(f"  {line}")
