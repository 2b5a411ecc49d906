"""`ra-bench compare`: models against models on the same films."""

from __future__ import annotations

from pathlib import Path

import click

from ra_bench.cli.page_options import out_option, show_page


@click.command("compare")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...", type=click.Path(path_type=Path))
@click.option("--common", is_flag=True, help="Where films differ, compare on those that all have.")
@out_option
def command(sources: tuple[Path, ...], common: bool, out: Path | None) -> None:
    """Compare models pair by pair: differences with intervals, who separates from whom, how firm the order is.

    A SOURCE is a board's folder (all its models), the folder of a run, a folder of runs, or a csv of predictions.
    """
    from ra_bench.reports.common import films_in_common
    from ra_bench.reports.compare import compare
    from ra_bench.reports.compare_page import comparison_page
    from ra_bench.reports.sources import read_contenders

    contenders = read_contenders(sources)
    found = compare(contenders, films_in_common(contenders, common=common))
    show_page(comparison_page(found), found, out, "comparison")
