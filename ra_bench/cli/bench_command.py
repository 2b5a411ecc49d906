"""`ra-bench bench`: what models cost on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ra_bench.cli.complete import names_of
from ra_bench.cli.json_option import json_option, print_json
from ra_bench.cli.options import opened, plugin_options
from ra_bench.cli.page_options import show_page

if TYPE_CHECKING:
    from pathlib import Path


@click.command("bench")
@click.argument("models", nargs=-1, metavar="[MODEL]...", shell_complete=names_of("model"))
@click.option(
    "--protocol",
    metavar="NAME|FILE",
    shell_complete=names_of("protocol"),
    default="quick",
    show_default=True,
    help="Film size, batch, loss and optimiser: a protocol, or the path of a TOML file.",
)
@click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda", "mps"]),
    default="auto",
    show_default=True,
    help="Where to measure.",
)
@click.option("--threads", type=click.IntRange(1), help="Threads of torch; its own choice if not given.")
@click.option("--batch-size", type=click.IntRange(2), help="Films a batch; the protocol's if not given.")
@json_option
@plugin_options
def command(
    models: tuple[str, ...],
    protocol: str,
    device: str,
    threads: int | None,
    batch_size: int | None,
    as_json: bool,
    plugin_files: tuple[Path, ...],
    without: tuple[str, ...],
) -> None:
    """Measure what each MODEL costs: parameters, MAdds, time, memory, energy; as shares of resnet50, too.

    Without a MODEL: every network that 'run --models all' trains from scratch. No films are needed, nothing is kept.
    """
    from ra_bench import suite as office
    from ra_bench.costs.values import NotMeasured
    from ra_bench.reports.cost_page import cost_page, cost_values

    try:
        bench, found = office.measure_costs(
            opened(plugin_files, without),
            models,
            protocol=protocol,
            device=device,
            threads=threads,
            batch_size=batch_size,
            say=lambda sentence: click.echo(sentence, err=True),
        )
    except KeyboardInterrupt:
        click.echo("\nStopped. Nothing was kept.", err=True)
        raise click.exceptions.Exit(130) from None
    if as_json:
        print_json(cost_values(found, bench))
    else:
        show_page(cost_page(found, bench))
    if any(isinstance(one, NotMeasured) for one in found):
        raise click.exceptions.Exit(1)
