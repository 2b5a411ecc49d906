"""`ra-bench audit`: whether printed figures can all describe one sample."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("audit")
@click.argument("rows", required=False, metavar="[ROWS.toml|ROWS.csv]", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead, with every box.")
def command(rows: Path | None, as_json: bool) -> None:
    """Check rows that a paper prints: what fails, what SDs the predictions would need, what its p allows.

    Without a file: the rows of Wang et al. 2022.
    """
    from ra_bench.boards.render.json import as_json_text
    from ra_bench.reports.audit import audit
    from ra_bench.reports.audit_text import audit_text
    from ra_bench.reports.rows_file import read_rows

    found = audit(read_rows(rows))
    click.echo(as_json_text(found) if as_json else audit_text(found), nl=False)
