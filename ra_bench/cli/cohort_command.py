"""`ra-bench cohort`: describe films, check and look at a cohort, make a simulated one, tidy what is kept of films."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ra_bench.cli.complete import names_of
from ra_bench.cli.json_option import json_option, print_json
from ra_bench.cli.options import data_folder, opened, plugin_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ra_bench.cohorts.cache import Kept

_FILE = click.Path(path_type=Path, dir_okay=False)
_FOLDER = click.Path(path_type=Path, file_okay=False)
_DATA = click.option("--data", type=_FOLDER, default=data_folder(), show_default=True, help="Where data are kept.")


@click.group("cohort")
def command() -> None:
    """Describe, check, look at and make cohorts, and see what is kept of their films."""


@command.command("init")
@click.argument("folder", type=_FOLDER)
@click.option("--force", is_flag=True, help="Replace a cohort.toml that is there.")
def init(folder: Path, force: bool) -> None:
    """Look at a FOLDER of films with a table, write its cohort.toml, and say what was guessed."""
    from ra_bench.suite import describe_films

    file, guesses = describe_films(folder, replace_it=force)
    for guess in guesses:
        click.echo(f"- {guess}")
    click.echo(
        f"Wrote {file}. Read it, mend what was guessed wrong, then:\n  ra-bench cohort check {file}\n"
        f"  ra-bench run --models all --dataset {file}"
    )


@command.command("check")
@click.argument("dataset", metavar="DATASET|cohort.toml", shell_complete=names_of("dataset"))
@click.option(
    "--protocol",
    metavar="NAME|FILE",
    shell_complete=names_of("protocol"),
    default="quick",
    show_default=True,
    help="The protocol whose split is looked at, where the cohort brings none.",
)
@click.option("-o", "--out", type=_FOLDER, help="Also write it as HTML and JSON into this folder.")
@json_option
@_DATA
@plugin_options
def check(
    dataset: str,
    protocol: str,
    out: Path | None,
    as_json: bool,
    data: Path,
    plugin_files: tuple[Path, ...],
    without: tuple[str, ...],
) -> None:
    """Look for what is wrong with a DATASET before any training: films, copies, leaks, turned films, shortcuts.

    Everything is told at once. Exit code 1 if there is an error, which would stop a run; warnings are remarks.
    """
    from ra_bench.cli.check_display import looking, print_check
    from ra_bench.suite import check_cohort

    with looking() as on_films:
        report, files = check_cohort(opened(plugin_files, without, data=data), dataset, protocol, out, on_films)
    if as_json:
        print_json(report)
    else:
        print_check(report)
    for file in files:
        click.echo(f"Wrote {file}", err=as_json)
    if any(finding.level == "error" for finding in report.findings):
        raise click.exceptions.Exit(1)


@command.command("show")
@click.argument("dataset", shell_complete=names_of("dataset"))
@click.option("-o", "--output", type=_FILE, help="The picture to write; NAME.png if not given.")
@click.option("-n", "--films", default=12, show_default=True, type=click.IntRange(1, 200), help="How many films.")
@_DATA
@plugin_options
def show(
    dataset: str, output: Path | None, films: int, data: Path, plugin_files: tuple[Path, ...], without: tuple[str, ...]
) -> None:
    """Write a contact sheet (PNG) of a DATASET: films spread over the scores, with their scores."""
    from ra_bench.suite import show_cohort

    click.echo(f"Wrote {show_cohort(opened(plugin_files, without, data=data), dataset, output, films)}")


@command.command("make")
@click.argument("folder", type=_FOLDER)
@click.option("-n", "--films", default=200, show_default=True, type=click.IntRange(1), help="How many films.")
@click.option(
    "--width", default=512, show_default=True, type=click.IntRange(64, 4096), help="Pixels; height is 3/4 of it."
)
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Same seed, same films.")
@click.option(
    "--visits", default=1, show_default=True, type=click.IntRange(1, 2), help="Visits a patient, a film at each."
)
def make(folder: Path, films: int, width: int, seed: int, visits: int) -> None:
    """Write simulated two-hand films, their readings and a cohort.toml into FOLDER."""
    from ra_bench.cohorts.synthetic.cohort import write_synthetic_hands

    file = write_synthetic_hands(folder, films=films, width=width, seed=seed, visits=visits)
    click.echo(f"Wrote {films} simulated films.\n  ra-bench run --models all --dataset {file}")


@command.command("cache")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--check", is_flag=True, help="Read every film, to find what was damaged on disk.")
@click.option("--prune", is_flag=True, help="Delete what is listed, after asking. What a run uses is never deleted.")
@click.option(
    "--older-than", "days", type=click.FloatRange(0), metavar="DAYS", help="Only what was not used for so many days."
)
@click.option("--yes", is_flag=True, help="Delete without asking.")
@json_option
@_DATA
def cache(
    names: tuple[str, ...], check: bool, prune: bool, days: float | None, yes: bool, as_json: bool, data: Path
) -> None:
    """Show what is kept of decoded films, all or by NAME of a store or a cohort, and delete what is not wanted."""
    from ra_bench.cli.terminal import Display, print_kept
    from ra_bench.cohorts.cache import choose_kept, list_kept

    if yes and not prune:
        raise click.UsageError("--yes is for --prune.")
    if as_json and prune:
        raise click.UsageError("--json shows and --prune deletes. Give one of them.")
    with Display(quiet=False) as display:
        kept = choose_kept(list_kept(data, check=check, on_films=display.on_films), names, days)
    if as_json:
        print_json({"kept": [{**asdict(each), "path": str(each.path)} for each in kept]})
        return
    if not kept:
        click.echo(f"Nothing is kept in {data}." if not names and days is None else "Nothing of that kind is kept.")
        return
    print_kept(kept)
    if prune:
        _delete(kept, yes=yes)


def _delete(kept: Sequence[Kept], *, yes: bool) -> None:
    """Ask, and delete what nobody uses; what is left over is an error."""
    from ra_bench.cohorts.cache import delete_kept
    from ra_bench.errors import BusyError, StorageError

    said = f"Delete {'these' if len(kept) > 1 else 'this'}, {sum(each.bytes for each in kept) / 1e6:,.1f} MB?"
    try:
        if not yes and not click.confirm(said):
            click.echo("Nothing was deleted.")
            return
    except click.Abort:
        if sys.stdin.isatty():
            raise  # somebody said ctrl-C
        raise click.UsageError("nobody answers. To delete without being asked, say --yes.") from None
    problems = []
    for each in kept:
        try:
            delete_kept(each)
        except (BusyError, StorageError) as error:
            problems.append(str(error))
        else:
            click.echo(f"Deleted {each.name}, {each.bytes / 1e6:,.1f} MB.")
    if problems:
        raise StorageError("\n".join(problems))
