"""`ra-bench ensemble`: finished runs put together as a row of their board."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import click

from ra_bench.cli.complete import names_of_boards, names_of_members
from ra_bench.cli.json_option import json_option, print_json
from ra_bench.cli.options import folder_options, opened, plugin_options, seeds_in

if TYPE_CHECKING:
    from pathlib import Path


@click.command("ensemble")
@click.argument("board", metavar="BOARD", shell_complete=names_of_boards)
@click.option(
    "--models",
    metavar="NAMES",
    required=True,
    shell_complete=names_of_members,
    help="Models of the board, with commas between.",
)
@click.option("--seeds", metavar="NUMBERS", default="", help="Seeds to take; all that each model has if not given.")
@click.option("--together", is_flag=True, help="One ensemble of all seeds of several models, not one a seed.")
@click.option(
    "--how",
    type=click.Choice(["mean", "median"]),
    default="mean",
    show_default=True,
    help="What a film gets of the members' predictions.",
)
@click.option("--name", metavar="NAME", help="What the row is called; 'ensemble-' and the models if not given.")
@json_option
@folder_options
@plugin_options
def command(
    board: str,
    models: str,
    seeds: str,
    together: bool,
    how: Literal["mean", "median"],
    name: str | None,
    as_json: bool,
    runs: Path,
    boards: Path,
    data: Path,
    plugin_files: tuple[Path, ...],
    without: tuple[str, ...],
) -> None:
    """Put finished runs of BOARD together, film by film, and add the row to the board: no training, no torch.

    One model: all its seeds make one ensemble. Several: an ensemble a seed, measured like a model of these seeds. The
    same members give the same bytes; the same name again replaces the row. When a member is trained anew, the row goes,
    and the board says so.
    """
    from ra_bench.boards.ensembles import ensemble_text, ensemble_values
    from ra_bench.cli.terminal import print_board
    from ra_bench.suite import make_ensemble

    found, folder, records = make_ensemble(
        opened(plugin_files, without, runs=runs, boards=boards, data=data),
        board,
        [model.strip() for model in models.split(",") if model.strip()],
        seeds=seeds_in(seeds),
        how=how,
        together=together,
        name=name,
    )
    if as_json:
        print_json(ensemble_values(found, folder, records))
        return
    print_board(found)
    click.echo(f"\n{records[0].job.model}: {ensemble_text(records)}")
    click.echo(f"Board: {folder / 'board.md'}")
