"""`ra-bench merge`: the runs of several machines in one folder, and their boards."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ra_bench.cli.options import folder_options, opened, plugin_options

if TYPE_CHECKING:
    from ra_bench.suite import JoinedBoard


@click.command("merge")
@click.argument("folders", metavar="FOLDER...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--dataset",
    "datasets",
    metavar="FILE",
    multiple=True,
    help="The cohort.toml of the runs, if they are on films of your own. May be given several times.",
)
@folder_options
@plugin_options
def command(
    folders: tuple[Path, ...],
    datasets: tuple[str, ...],
    runs: Path,
    boards: Path,
    data: Path,
    plugin_files: tuple[Path, ...],
    without: tuple[str, ...],
) -> None:
    """Join the runs in each FOLDER into those of --runs, and write the boards of them. Trains nothing.

    A FOLDER is what another run had as --runs; it is only read. What does not belong together is refused before
    anything is written: another version of a cohort, another split, protocol or code, or one job done twice with
    different predictions.
    """
    from ra_bench.suite import merge_runs

    suite = opened(plugin_files, without, runs=runs, boards=boards, data=data)
    joined = merge_runs(suite, folders, datasets)
    for board in joined.boards:
        _say(board)
    for sentence in joined.broken:
        click.echo(f"Left out: {sentence}", err=True)
    if joined.broken or any(board.trouble for board in joined.boards):
        raise click.exceptions.Exit(1)


def _say(board: JoinedBoard) -> None:
    from ra_bench.runs.names import job_name

    runs = board.runs
    click.echo(f"{runs.name}: {len(runs.finished)} finished, {board.new} of them new; {len(runs.unfinished)} not.")
    if runs.twice:
        first, second = runs.twice[0]
        click.echo(f"  {len(runs.twice)} in two folders, with equal predictions, such as {first} and {second}")
    for left in runs.unfinished:
        why = "not finished" if left.failure is None else f"failed: {left.failure.reason}"
        click.echo(f"  {job_name(left.job)} in {left.folder}: {why}")
    if board.folder is not None:
        click.echo(f"Board: {board.folder / 'board.md'}")
    if board.trouble:
        click.echo(f"Error: {runs.name}: {board.trouble}", err=True)
