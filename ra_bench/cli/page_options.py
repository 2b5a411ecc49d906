"""What commands that print a page share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from ra_bench.reports.pages import Page


def out_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add -o / --out."""
    return click.option(
        "-o",
        "--out",
        type=click.Path(path_type=Path, file_okay=False),
        help="Also write it as markdown and JSON into this folder.",
    )(command)


def show_page(page: Page, values: object = None, out: Path | None = None, name: str = "") -> None:
    """Write the page and its values where asked, then print it, and say where it is."""
    import shutil

    from ra_bench.reports.pages import page_text, write_page

    files = write_page(page, values, out, name) if out is not None else ()
    click.echo(page_text(page, width=shutil.get_terminal_size((100, 24)).columns), nl=False)
    for file in files:
        click.echo(f"Wrote {file}")
