"""Options that the reports share."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from ra_bench.reports.front import Wishes
    from ra_bench.reports.values import ModelReport, ReadersReport
    from ra_bench.values import Scale


def report_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --scale, --bands and --out."""
    command = click.option(
        "-o",
        "--out",
        type=click.Path(path_type=Path, file_okay=False),
        help="Also write the report, with the checklist of guidelines, as markdown and JSON into this folder.",
    )(command)
    command = click.option(
        "--bands",
        metavar="EDGES",
        help="Lower edges of severity bands, such as 1,10,25,50,100; quadratic-weighted kappa is then told too.",
    )(command)
    return click.option("--scale", metavar="MIN,MAX", help="Ends of the scale, such as 0,280; guessed if not given.")(
        command
    )


def wishes_of(
    scale: str | None, bands: str | None, margins: tuple[float, ...] = (), conformal: float | None = None
) -> Wishes:
    """What the options ask for."""
    from ra_bench.reports.front import Wishes

    return Wishes(
        scale=None if scale is None else _scale(scale),
        bands=None if bands is None else _edges(bands),
        margins=margins,
        conformal=conformal,
    )


def show(report: ModelReport | ReadersReport, out: Path | None) -> None:
    """Write the report where asked, then print it, and say where it is."""
    import shutil

    from ra_bench.reports.front import write_report
    from ra_bench.reports.render import as_plain_text

    files = write_report(report, out) if out is not None else ()
    click.echo(as_plain_text(report, width=shutil.get_terminal_size((100, 24)).columns), nl=False)
    for file in files:
        click.echo(f"Wrote {file}")


def _numbers(text: str, option: str, example: str) -> tuple[float, ...]:
    try:
        return tuple(float(word) for word in text.split(","))
    except ValueError:
        raise click.BadParameter(f"'{text}' is no list of numbers such as {example}", param_hint=option) from None


def _edges(text: str) -> tuple[float, ...]:
    edges = _numbers(text, "--bands", "1,10,25,50,100")
    if not all(low < high for low, high in pairwise(edges)):
        raise click.BadParameter(f"'{text}' does not rise; give lower edges such as 1,10,25", param_hint="--bands")
    return edges


def _scale(text: str) -> Scale:
    from ra_bench.reports.scales import scale_between

    ends = _numbers(text, "--scale", "0,280")
    if len(ends) != 2 or not ends[0] < ends[1]:
        raise click.BadParameter(f"'{text}' is no pair of ends such as 0,280", param_hint="--scale")
    return scale_between(*ends)
