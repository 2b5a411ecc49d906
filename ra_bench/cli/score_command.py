"""`ra-bench score`: what predictions are worth, whoever made them."""

from __future__ import annotations

from pathlib import Path

import click

from ra_bench.cli.complete import names_of
from ra_bench.cli.options import folder_options, opened, plugin_options
from ra_bench.cli.report_options import report_options, show, wishes_of


@click.command("score")
@click.argument("predictions", type=click.Path(path_type=Path))
@click.option("--film", "--id", "film", metavar="COLUMN", help="Names the film, or a pattern: '{patient}_{visit}'.")
@click.option("--predicted", metavar="COLUMN", help="Holds the prediction.")
@click.option("--reference", metavar="COLUMN", help="Holds the reference, if there is one score a film.")
@click.option(
    "--reader",
    "readers",
    metavar="COLUMN",
    multiple=True,
    help="Holds the readings of a reader; once a reader. The reference is their mean.",
)
@click.option("--patient", metavar="COLUMN", help="Names the patient; films of one patient are drawn together.")
@click.option("--name", metavar="NAME", help="What the model is called; the name of the file if not given.")
@click.option(
    "--dataset",
    metavar="NAME|FILE",
    shell_complete=names_of("dataset"),
    help="Take readings and patients of a dataset or a cohort.toml, by film.",
)
@click.option("--board", metavar="BOARD", help="Measure on this board's test films, and add the row to the board.")
@click.option(
    "--margin",
    "margins",
    metavar="UNITS",
    multiple=True,
    type=click.FloatRange(min=0, min_open=True),
    help="A margin of equivalence beside ±5 and ±3, fixed before looking. May be given several times.",
)
@click.option(
    "--conformal",
    metavar="LEVEL",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="Also intervals that are to cover this share, such as 0.9, from a run's errors on its validation films.",
)
@report_options
@folder_options
@plugin_options
def command(
    predictions: Path,
    film: str | None,
    predicted: str | None,
    reference: str | None,
    readers: tuple[str, ...],
    patient: str | None,
    name: str | None,
    dataset: str | None,
    board: str | None,
    margins: tuple[float, ...],
    conformal: float | None,
    scale: str | None,
    bands: str | None,
    out: Path | None,
    runs: Path,
    boards: Path,
    data: Path,
    plugin_files: tuple[Path, ...],
    without: tuple[str, ...],
) -> None:
    """Measure PREDICTIONS against readers: a csv, tsv or xlsx with a row a film, or the folder of a finished run.

    Columns are guessed from their headers, and what was guessed is said. No torch, no training.
    """
    from ra_bench.files import make_folder
    from ra_bench.reports.columns import Columns
    from ra_bench.suite import score_predictions

    if dataset is not None and board is not None:
        raise click.UsageError("--dataset and --board exclude each other: a board brings the readings of its films.")
    if board is not None and out is not None:
        make_folder(out)  # before the board has the row
    found = score_predictions(
        opened(plugin_files, without, runs=runs, boards=boards, data=data),
        predictions,
        columns=Columns(film=film, predicted=predicted, reference=reference, readers=readers, patient=patient),
        name=name,
        dataset=dataset,
        board=board,
        wishes=wishes_of(scale, bands, margins, conformal),
    )
    show(found.report, out)
    if found.board is not None and found.folder is not None:
        row = next(row for row in found.board.rows if row.name == found.report.name)
        place = "not ranked" if row.rank is None else f"rank {row.rank}"
        click.echo(f"Added to the board, {place}, marked as scored from predictions: {found.folder / 'board.md'}")
