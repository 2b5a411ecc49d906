"""`ra-bench plugins check`: does a plugin keep what it promises? A line a check, and advice where it does not."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ra_bench.cli.complete import names_of_plugins
from ra_bench.cli.json_option import json_option, print_json
from ra_bench.cli.options import data_folder, opened, plugin_options

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ra_bench.testing import Check, Checked


@click.command("check")
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=names_of_plugins)
@json_option
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    default=data_folder(),
    show_default=True,
    help="Where data are kept.",
)
@plugin_options
def command(
    names: tuple[str, ...], as_json: bool, data: Path, plugin_files: tuple[Path, ...], without: tuple[str, ...]
) -> None:
    """Check what a plugin brings against the contract: models, metrics, trainers, datasets, renderers, protocols.

    NAME is a plugin, or a model, metric or other thing that one registers; without a NAME, the files given with -p are
    checked. Films are made up; nothing is trained but a tiny task. Exit code 1 if a promise is broken.
    """
    from ra_bench.testing import checks_of

    asked = names or tuple(file.stem for file in plugin_files)
    if not asked:
        raise click.UsageError("name a plugin or a model, or give a file with -p. 'ra-bench plugins' lists them.")
    registry = opened(plugin_files, without, data=data).registry
    found = [check for name in dict.fromkeys(asked) for check in checks_of(registry, name, data)]
    if not found:
        raise click.UsageError(f"there is nothing to check in {', '.join(asked)}: launchers are not checked.")
    done = list(_run(found) if as_json else _told(found))
    failed, left = (sum(checked.state == state for checked in done) for state in ("failed", "not asked"))
    if as_json:
        print_json({"checks": [asdict(checked) for checked in done]})
    else:
        click.echo(f"\n{len(done)} checks, {failed or 'none'} failed{f', {left} not asked' if left else ''}.")
    if failed:
        raise click.exceptions.Exit(1)


def _run(checks: Iterable[Check]) -> Iterator[Checked]:
    """Do one after the other. What a plugin prints goes to the errors: the output may be for a program."""
    from contextlib import redirect_stdout

    from ra_bench.testing import run_all

    done = run_all(checks)
    while True:
        with redirect_stdout(sys.stderr):
            checked = next(done, None)
        if checked is None:
            return
        yield checked


def _told(checks: Iterable[Check]) -> Iterator[Checked]:
    """Do one after the other, a line each as it is done, under the name of what is checked."""
    about = ""
    for checked in _run(checks):
        if checked.about != about:
            click.echo(f"{'' if not about else chr(10)}{checked.about}")
            about = checked.about
        remark = f" ({checked.said})" if checked.said and checked.state != "failed" else ""
        click.echo(f"  {checked.state:<9}  {checked.name:<20}  {checked.promise}{remark}")
        if checked.state == "failed":
            click.echo(
                click.wrap_text(
                    checked.said,
                    width=100,
                    initial_indent=" " * 13,
                    subsequent_indent=" " * 13,
                    preserve_paragraphs=True,
                )
            )
        yield checked
