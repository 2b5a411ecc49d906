"""`ra-bench compare`: models against models on the same films."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("compare")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...", type=click.Path(path_type=Path))
@click.option("--common", is_flag=True, help="Where films differ, compare on those that all have.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead, with every number.")
def command(sources: tuple[Path, ...], common: bool, as_json: bool) -> None:
    """Compare models pair by pair: differences with intervals, who separates from whom, how firm the order is.

    A SOURCE is a board's folder (all its models), the folder of a run, a folder of runs, or a csv of predictions.
    """
    from ra_bench.boards.render.json import as_json_text
    from ra_bench.reports.common import films_in_common
    from ra_bench.reports.compare import compare
    from ra_bench.reports.compare_text import comparison_text
    from ra_bench.reports.sources import read_contenders

    contenders = read_contenders(sources)
    found = compare(contenders, films_in_common(contenders, common=common))
    click.echo(as_json_text(found) if as_json else comparison_text(found), nl=False)
