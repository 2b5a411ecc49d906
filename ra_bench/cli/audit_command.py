"""`ra-bench audit`: whether printed figures can all describe one sample."""

from __future__ import annotations

from pathlib import Path

import click

from ra_bench.cli.page_options import out_option, show_page


@click.command("audit")
@click.argument("rows", required=False, metavar="[ROWS.toml|ROWS.csv]", type=click.Path(path_type=Path, dir_okay=False))
@out_option
def command(rows: Path | None, out: Path | None) -> None:
    """Check rows that a paper prints: what fails, what SDs the predictions would need, what its p allows.

    Without a file: the rows of Wang et al. 2022.
    """
    from ra_bench.reports.audit import audit
    from ra_bench.reports.audit_page import audit_page
    from ra_bench.reports.rows_file import read_rows

    found = audit(read_rows(rows))
    show_page(audit_page(found), found, out, "audit")
