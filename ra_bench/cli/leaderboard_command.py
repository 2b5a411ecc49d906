"""`ra-bench leaderboard`: boards anew from what stands, checked, published, exported and verified, without torch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ra_bench.cli.complete import names_of_boards
from ra_bench.cli.groups import WithDefault
from ra_bench.cli.json_option import json_option, print_json
from ra_bench.cli.options import folder_options, opened, plugin_options

if TYPE_CHECKING:
    from collections.abc import Callable

_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.group("leaderboard", cls=WithDefault, default="build", takes_names=True)
def command() -> None:
    """Make, check, publish and export boards, and verify those of others. No training, no torch.

    `ra-bench leaderboard [BOARD]...` is short for `ra-bench leaderboard build [BOARD]...`.
    """


def _boards_option(function: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--boards", type=_FOLDER, default=Path("leaderboards"), show_default=True, help="Where boards are."
    )(function)


@command.command("list")
@json_option
@_boards_option
def list_(as_json: bool, boards: Path) -> None:
    """Print every board, a line each: name, models on it, readers, title."""
    from ra_bench.boards.listing import list_boards

    found = list_boards(boards)
    if as_json:
        print_json({"boards": found})
        return
    width = max((len(one.name) for one in found), default=0)
    for one in found:
        click.echo(f"{one.name:<{width}}  {one.models} models, {one.readers} readers  {one.title}")


@command.command("build")
@click.argument("names", metavar="[BOARD]...", nargs=-1, shell_complete=names_of_boards)
@_boards_option
@click.option(
    "--thumbnails",
    metavar="DATASET",
    help="Show the films read worst on the pages of the named boards; they are of this dataset, which is not private.",
)
@plugin_options
def build(
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


@command.command("check")
@click.argument("names", metavar="[BOARD]...", nargs=-1, shell_complete=names_of_boards)
@_boards_option
@plugin_options
def check(names: tuple[str, ...], boards: Path, plugin_files: tuple[Path, ...], without: tuple[str, ...]) -> None:
    """Fail with a diff where a board's files are not what its records give. Writes nothing.

    All boards, or those named. Made for continuous integration: exit code 1 where a digit differs.
    """
    from ra_bench.suite import check_boards

    wrong = []
    for folder, checked in check_boards(opened(plugin_files, without, boards=boards), names):
        for difference in checked.differences:
            click.echo(f"{folder / difference.file}:\n" + "\n".join(f"  {line}" for line in difference.lines))
        if checked.differences:
            wrong.append(folder.name)
        else:
            click.echo(f"{folder}: as its records give it")
    if wrong:
        click.echo(
            f"Error: {', '.join(wrong)}: not what the records give. If the records are right, write it anew: "
            f"ra-bench leaderboard build {' '.join(wrong)}",
            err=True,
        )
        raise click.exceptions.Exit(1)


@command.command("publish")
@click.argument("name", metavar="BOARD", shell_complete=names_of_boards)
@click.option("-o", "--out", type=_FOLDER, help="The folder to write, published/BOARD if not given.")
@_boards_option
@plugin_options
def publish(
    name: str, out: Path | None, boards: Path, plugin_files: tuple[Path, ...], without: tuple[str, ...]
) -> None:
    """Put a board together in a folder that is ready to commit or to serve.

    The board in every format, figures, predictions film by film unless the cohort is private, a card a model,
    REPRODUCE.md, CITATION.cff, and SHA256SUMS over all of it.
    """
    from ra_bench.suite import publish_board

    folder, files = publish_board(opened(plugin_files, without, boards=boards), name, out)
    click.echo(f"Wrote {len(files)} files to {folder}. Look at: {folder / 'board.md'}, {folder / 'REPRODUCE.md'}")


@command.command("export")
@click.argument("name", metavar="BOARD", shell_complete=names_of_boards)
@click.option(
    "--format",
    "kind",
    type=click.Choice(["latex", "csv", "hf", "methods"]),
    required=True,
    help="A table for LaTeX (booktabs), CSV, Hugging Face's .eval_results of one model, or a paragraph of methods.",
)
@click.option(
    "-o", "--out", type=click.Path(path_type=Path, dir_okay=False), help="The file; the terminal if not given."
)
@click.option("--model", metavar="NAME", help="The model whose results they are; for hf.")
@click.option("--hub-dataset", metavar="OWNER/NAME", help="The benchmark on the Hub that they count for; for hf.")
@_boards_option
@plugin_options
def export(
    name: str,
    kind: str,
    out: Path | None,
    model: str | None,
    hub_dataset: str | None,
    boards: Path,
    plugin_files: tuple[Path, ...],
    without: tuple[str, ...],
) -> None:
    """Write a board for a paper, a spreadsheet or the Hugging Face Hub."""
    from ra_bench.files import write_text
    from ra_bench.suite import export_board

    suite = opened(plugin_files, without, boards=boards)
    text = export_board(suite, name, kind, model=model, hub_dataset=hub_dataset)
    if out is None:
        click.echo(text, nl=False)
    else:
        write_text(out, text)
        click.echo(f"Wrote {out}")


@command.command("verify")
@click.argument("folder", type=_FOLDER)
@click.option("--dataset", metavar="FILE", help="The cohort.toml of the board's films, if they are films of your own.")
@click.option(
    "--tolerance",
    type=click.FloatRange(min=0),
    default=0.1,
    show_default=True,
    help="Largest difference of a prediction, in units of the score, at which a training done here gave the same.",
)
@folder_options
@plugin_options
def verify(
    folder: Path,
    dataset: str | None,
    tolerance: float,
    runs: Path,
    boards: Path,
    data: Path,
    plugin_files: tuple[Path, ...],
    without: tuple[str, ...],
) -> None:
    """Measure the predictions in a FOLDER that somebody handed in, and mark each row of its board.

    Marks: self-reported, there are no predictions to check by; re-scored, the numbers follow from the predictions;
    re-trained, the same job was also trained here, see --runs, and predicts the same. Numbers that do not follow are
    listed, and the exit code is 1.
    """
    from ra_bench.suite import verify_folder

    suite = opened(plugin_files, without, runs=runs, boards=boards, data=data)
    found = verify_folder(suite, folder, dataset=dataset, tolerance=tolerance)
    for sentence in found.notes:
        click.echo(sentence)
    width = max((len(row.mark) for row in found.rows), default=0)
    for row in found.rows:
        click.echo(f"  {row.mark:<{width}}  {row.name}" + (f": {row.remark}" if row.remark else ""))
    if found.problems:
        click.echo("\n".join(["What does not follow:", *(f"  {problem}" for problem in found.problems)]))
        many = "1 thing does" if len(found.problems) == 1 else f"{len(found.problems)} things do"
        click.echo(f"Error: {folder}: {many} not follow from what is in it.", err=True)
        raise click.exceptions.Exit(1)
