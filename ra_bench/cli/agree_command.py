"""`ra-bench agree`: how well readers agree."""

from __future__ import annotations

from pathlib import Path

import click

from ra_bench.cli.report_options import report_options, show, wishes_of


@click.command("agree")
@click.argument("readings", type=click.Path(path_type=Path))
@click.option("--film", "--id", "film", metavar="COLUMN", help="Names the film, or a pattern: '{patient}_{visit}'.")
@click.option(
    "--reader",
    "readers",
    metavar="COLUMN",
    multiple=True,
    help="Holds the readings of a reader; once a reader. Of a long table: the column that names the reader.",
)
@click.option("--score", metavar="COLUMN", help="Holds the readings of a long table, one row a film and reader.")
@click.option("--patient", metavar="COLUMN", help="Names the patient; films of one patient are drawn together.")
@report_options
def command(
    readings: Path,
    film: str | None,
    readers: tuple[str, ...],
    score: str | None,
    patient: str | None,
    scale: str | None,
    bands: str | None,
    out: Path | None,
) -> None:
    """Measure READINGS, reader against reader: a csv, tsv or xlsx, wide (a column a reader) or long (a row a reading).

    Two readers or more; gaps are allowed. Columns are guessed from their headers, and what was guessed is said.
    """
    from ra_bench.reports.columns import Columns
    from ra_bench.suite import agree_on_readings

    columns = Columns(film=film, readers=readers, patient=patient)
    show(agree_on_readings(readings, columns=columns, score=score, wishes=wishes_of(scale, bands)), out)
