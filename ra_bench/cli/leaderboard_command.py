"""`ra-bench leaderboard`: boards anew from what stands, without torch."""

from __future__ import annotations

from pathlib import Path

import click

from ra_bench.cli.options import opened, plugin_options


@click.command("leaderboard")
@click.argument("names", metavar="[BOARD]...", nargs=-1)
@click.option(
    "--boards",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("leaderboards"),
    show_default=True,
    help="Where boards are.",
)
@click.option(
    "--thumbnails",
    metavar="DATASET",
    help="Show the films read worst on the pages of the named boards; they are of this dataset, which is not private.",
)
@plugin_options
def command(
    names: tuple[str, ...],
    boards: Path,
    thumbnails: str | None,
    plugin_files: tuple[Path, ...],
    without: tuple[str, ...],
) -> None:
    """Write boards anew from their records and published rows: all of them, or those named. Seconds, no torch."""
    from ra_bench.suite import rebuild_boards

    for folder, source in rebuild_boards(opened(plugin_files, without, boards=boards), names, thumbnails=thumbnails):
        click.echo(f"Wrote {folder / 'board.md'}: {source}")
