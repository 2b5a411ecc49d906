"""`ra-bench tables`: the paper's tables for a board."""

from __future__ import annotations

from pathlib import Path

import click

from ra_bench.cli.complete import names_of_boards
from ra_bench.cli.options import opened, plugin_options
from ra_bench.cli.page_options import out_option


@click.command("tables")
@click.argument("board", metavar="BOARD", shell_complete=names_of_boards)
@click.option(
    "--table",
    "wanted",
    type=click.Choice(["2", "3", "4", "5", "6"]),
    multiple=True,
    help="Only this table. May be given several times.",
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
    help="Where runs are kept: for the readers' means of a private cohort.",
)
@out_option
@plugin_options
def command(
    board: str,
    wanted: tuple[str, ...],
    boards: Path,
    runs: Path,
    out: Path | None,
    plugin_files: tuple[Path, ...],
    without: tuple[str, ...],
) -> None:
    """Tables 2 to 6 of Wang et al. 2022 for BOARD: readers, ablation, networks, transfer, four films. No torch.

    Where the cohort is the paper's (a published.toml lies in the board's folder), what it printed stands beside, with
    what the audit says of it. Elsewhere only its ratios between models do.
    """
    import shutil

    from ra_bench.reports.pages import page_text
    from ra_bench.reports.paper.draw import coloured, write_tables
    from ra_bench.reports.paper.page import paper_page
    from ra_bench.suite import tables_of_paper

    suite = opened(plugin_files, without, runs=runs, boards=boards)
    found = tables_of_paper(suite, board)
    page = paper_page(found, [int(number) for number in wanted])
    files = write_tables(page, found, out) if out is not None else ()
    text = page_text(page, width=shutil.get_terminal_size((100, 24)).columns)
    click.echo(coloured(text, lambda part, colour: click.style(part, fg=colour)), nl=False)
    for file in files:
        click.echo(f"Wrote {file}")
