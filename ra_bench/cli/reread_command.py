"""`ra-bench reread`: a blinded sheet of films whose labels most models contradict."""

from __future__ import annotations

from pathlib import Path

import click

from ra_bench.cli.complete import names_of_boards
from ra_bench.cli.options import opened, plugin_options


@click.command("reread")
@click.argument("board", metavar="BOARD", shell_complete=names_of_boards)
@click.option(
    "--films",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    help="Suspect films at most; as many controls come with them.",
)
@click.option(
    "--margin",
    type=click.FloatRange(min=0, min_open=True),
    help="By how much models must be off, in units of the score. If not given: as far as two readers differ (half the "
    "width of their limits of agreement).",
)
@click.option(
    "--reader",
    "readers",
    metavar="NAME",
    multiple=True,
    help="A column to be filled in, 're-read' if none is named. The name of a reader of the cohort replaces that "
    "reader's score, another adds a reader. May be given several times.",
)
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The sheet, BOARD-reread.csv if not given; its key is written beside it.",
)
@click.option(
    "--boards",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("leaderboards"),
    show_default=True,
    help="Where boards are.",
)
@click.option(
    "--runs",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("runs"),
    show_default=True,
    help="Where runs are kept.",
)
@plugin_options
def command(
    board: str,
    films: int,
    margin: float | None,
    readers: tuple[str, ...],
    out: Path | None,
    boards: Path,
    runs: Path,
    plugin_files: tuple[Path, ...],
    without: tuple[str, ...],
) -> None:
    """Write a sheet of films of BOARD to be read again: where most models agree against the reference, and controls.

    The sheet holds films in random order and empty columns. Which film is which stands in a key beside it, which is
    to be kept from whoever reads. Once filled in: ra-bench rescore BOARD --labels cohort.toml --reread SHEET.
    """
    from ra_bench.suite import films_to_reread

    suite = opened(plugin_files, without, runs=runs, boards=boards)
    for line in films_to_reread(suite, board, films=films, margin=margin, readers=readers, file=out):
        click.echo(line)
