"""`ra-bench pretrain`: train a body on findings, and write its weights with a card."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ra_bench.cli.complete import names_of
from ra_bench.cli.options import data_folder, opened, plugin_options

if TYPE_CHECKING:
    from ra_bench.runs.export import Body


@click.command("pretrain")
@click.argument("model", shell_complete=names_of("model"))
@click.option(
    "--dataset",
    metavar="NAME|FILE",
    shell_complete=names_of("dataset"),
    help="A set with findings, or the path of its cohort.toml; the model's own if not given.",
)
@click.option(
    "--protocol",
    metavar="NAME|FILE",
    shell_complete=names_of("protocol"),
    default="quick",
    show_default=True,
    help="A protocol, or the path of a TOML file: its section [pretraining] counts.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Draws split, weights and batches.")
@click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda", "mps"]),
    default="auto",
    show_default=True,
    help="Where to train.",
)
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The .safetensors file to write, with its card, .md, beside it; MODEL-DATASET.safetensors if not given.",
)
@click.option("-q", "--quiet", is_flag=True, help="Plain lines for a log instead of a live display.")
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    default=data_folder(),
    show_default=True,
    help="Where decoded films and pretrained weights are kept.",
)
@plugin_options
def command(
    model: str,
    dataset: str | None,
    protocol: str,
    seed: int,
    device: str,
    out: Path | None,
    quiet: bool,
    data: Path,
    plugin_files: tuple[Path, ...],
    without: tuple[str, ...],
) -> None:
    """Train the body of MODEL to tell findings on chest films, say how well it does, and write its weights.

    A body that stands is not trained again. Runs of the same model, set, protocol and seed use it too; any other run
    takes the file: ra-bench run --weights MODEL=FILE
    """
    from ra_bench import suite as office
    from ra_bench.cli.terminal import Display

    suite = opened(plugin_files, without, data=data)
    with Display(quiet=quiet) as display:
        display.say("Looking up the films and what stands already")
        body = office.pretrain(
            suite,
            model,
            dataset=dataset,
            protocol=protocol,
            seed=seed,
            device=device,
            out=out,
            observers=display,
            on_films=display.on_films,
        )
    _print(body, model)


def _print(body: Body, model: str) -> None:
    """AUROC a finding, and what was written."""
    from ra_bench.runs.card import area_text, mean_area

    mean, count = mean_area(body.findings)
    width = max(len(each.finding) for each in body.findings)
    click.echo(f"{'finding':<{width}}  AUROC  present  absent")
    for each in body.findings:
        click.echo(f"{each.finding:<{width}}  {area_text(each.area):>5}  {each.present:>7}  {each.absent:>6}")
    click.echo(f"\nMean AUROC over {count} findings: {area_text(mean)}, on patients that were held out.")
    if not body.is_new:
        click.echo("This body stood already; it was not trained again.")
    click.echo(f"Wrote {body.file}\nWrote {body.card}\n  ra-bench run --models {model} --weights {model}={body.file}")
