"""`ra-bench rescore`: stored predictions on corrected labels."""

from __future__ import annotations

from pathlib import Path

import click

from ra_bench.cli.complete import names_of_boards
from ra_bench.cli.options import folder_options, opened, plugin_options


@click.command("rescore")
@click.argument("board", metavar="BOARD", shell_complete=names_of_boards)
@click.option("--labels", metavar="FILE|NAME", required=True, help="The cohort.toml whose table has the new labels.")
@click.option(
    "--reread",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A sheet of 'ra-bench reread' that was filled in: its scores are put into the labels first.",
)
@folder_options
@plugin_options
def command(
    board: str,
    labels: str,
    reread: Path | None,
    runs: Path,
    boards: Path,
    data: Path,
    plugin_files: tuple[Path, ...],
    without: tuple[str, ...],
) -> None:
    """Measure the stored predictions of BOARD on other labels of the same films: no training, no torch.

    Writes a board of its own, BOARD-labels-VERSION, which says what changed and which ranks move. BOARD and its runs
    stay as they are.
    """
    from ra_bench.cli.terminal import print_board
    from ra_bench.reports.rescore import moves
    from ra_bench.suite import rescore_board

    made, folder = rescore_board(
        opened(plugin_files, without, runs=runs, boards=boards, data=data), board, labels, reread
    )
    print_board(made)
    click.echo("\nWhat the new labels move:")
    for line in moves(made):
        click.echo(f"  {line}")
    for name, value in made.facts:
        if name == "note on the cohort":
            click.echo(f"- {value}")
    click.echo(f"\nBoard: {folder / 'board.md'}")
