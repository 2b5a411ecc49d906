"""`ra-bench attend`: where a trained model looks."""

from __future__ import annotations

from pathlib import Path

import click

from ra_bench.cli.complete import names_of
from ra_bench.cli.options import folder_options, opened, plugin_options


@click.command("attend")
@click.argument("model", shell_complete=names_of("model"))
@click.option(
    "--dataset",
    metavar="NAME|FILE",
    shell_complete=names_of("dataset"),
    default="synthetic-hands",
    show_default=True,
    help="That it was trained on: a dataset, or the path of a cohort.toml.",
)
@click.option(
    "--protocol",
    metavar="NAME|FILE",
    shell_complete=names_of("protocol"),
    default="quick",
    show_default=True,
    help="Under which it was trained: a protocol, or the path of a TOML file.",
)
@click.option("--seed", type=click.IntRange(0), help="Of the run; the protocol's first one if not given.")
@click.option(
    "--layer",
    metavar="NAME",
    help="Explain this layer by Grad-CAM, not the last one, and not the model's own attention.",
)
@click.option(
    "--films",
    type=click.IntRange(1, 99),
    default=12,
    show_default=True,
    help="Overlays to draw with --out, from the lowest score to the highest.",
)
@click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda", "mps"]),
    default="auto",
    show_default=True,
    help="Where to compute.",
)
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write overlays, the page as markdown and all numbers as JSON into this folder. They show films.",
)
@click.option("-q", "--quiet", is_flag=True, help="Plain lines for a log instead of a live display.")
@folder_options
@plugin_options
def command(
    model: str,
    dataset: str,
    protocol: str,
    seed: int | None,
    layer: str | None,
    films: int,
    device: str,
    out: Path | None,
    quiet: bool,
    runs: Path,
    boards: Path,
    data: Path,
    plugin_files: tuple[Path, ...],
    without: tuple[str, ...],
) -> None:
    """Show where a trained MODEL looks on its test films: its own attention, or Grad-CAM if it has none.

    On simulated films, where the damage is known: the share of its attention on damage, beside chance. Needs a finished
    run, and pip install 'ra-bench[attention]'.
    """
    from ra_bench import suite as office
    from ra_bench.cli.page_options import show_page
    from ra_bench.cli.terminal import Display
    from ra_bench.reports.attention_page import attention_page, write_attention

    suite = opened(plugin_files, without, runs=runs, boards=boards, data=data)
    try:
        with Display(quiet=quiet) as display:
            found, looks = office.look_where(
                suite,
                model,
                dataset=dataset,
                protocol=protocol,
                seed=seed,
                layer=layer,
                shown=films,
                device=device,
                out=out,
                on_films=display.on_films,
            )
    except KeyboardInterrupt:
        click.echo("\nStopped. Nothing was kept.", err=True)
        raise click.exceptions.Exit(130) from None
    files = write_attention(found, looks, out) if out is not None else ()
    show_page(attention_page(found))
    for file in files:
        click.echo(f"Wrote {file}")
