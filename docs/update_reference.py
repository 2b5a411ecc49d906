"""Write docs/reference/cli.md from the commands themselves: python docs/update_reference.py."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ra_bench.cli.main import COMMANDS, cli
from ra_bench.files import write_text

if TYPE_CHECKING:
    from collections.abc import Iterator

FILE = Path(__file__).parent / "reference" / "cli.md"

HEAD = """\
# Command line

<!-- Made by docs/update_reference.py. Change the help texts in ra_bench/cli and run it again. -->

Every command answers to `--help`. Folders: [files.md](files.md). Exit codes: [exit-codes.md](exit-codes.md).
A plugin may add commands of its own; they are not listed here.
"""


def page() -> str:
    """The whole page."""
    context = click.Context(cli, info_name="ra-bench", **cli.context_settings)
    sections = [HEAD.rstrip()]
    for name in COMMANDS:
        command = cli.get_command(context, name)
        if command is not None:
            sections += _sections(command, click.Context(command, info_name=name, parent=context))
    return "\n\n".join(sections) + "\n"


def _sections(command: click.Command, context: click.Context) -> Iterator[str]:
    """A command, then the commands below it."""
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    lines = [f"## {context.command_path}", "", inspect.cleandoc(command.help or ""), "", "```text usage", usage, "```"]
    options = [_option(option, context) for option in command.params if isinstance(option, click.Option)]
    yield "\n".join([*lines, *(["", *options] if options else [])])
    if isinstance(command, click.Group):
        for name in sorted(command.commands):
            below = command.commands[name]
            yield from _sections(below, click.Context(below, info_name=name, parent=context))


def _option(option: click.Option, context: click.Context) -> str:
    names = ", ".join(option.opts)
    takes = "" if option.is_flag else f" {option.make_metavar(context)}"
    return f"- `{names}{takes}`: {option.help}{_default(option)}"


def _default(option: click.Option) -> str:
    if option.is_flag or not option.show_default:
        return ""
    if option.name == "data":  # it differs from machine to machine
        return " Default: `$RA_BENCH_DATA`, or `ra-bench` in the user's cache folder."
    return f" Default: `{option.default}`."


def main() -> None:
    """Write the page anew."""
    write_text(FILE, page())


if __name__ == "__main__":
    main()
