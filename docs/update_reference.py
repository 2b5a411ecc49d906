"""Write what of docs/reference is made from the code: python docs/update_reference.py.

The command line from the commands; values and metrics from signatures and docstrings, which say it once.
"""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

import ra_bench
from ra_bench import metrics
from ra_bench.cli.main import COMMANDS, cli
from ra_bench.files import write_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FOLDER = Path(__file__).parent / "reference"
PACKAGE = Path(ra_bench.__file__).parent

COMMAND_LINE = """\
# Command line

<!-- Made by docs/update_reference.py. Change the help texts in ra_bench/cli and run it again. -->

Every command answers to `--help`. Folders: [files.md](files.md). Exit codes: [exit-codes.md](exit-codes.md).
A plugin may add commands of its own; they are not listed here.
"""

VALUES = """\
# Values and specs

<!-- Made by docs/update_reference.py from ra_bench/values.py and ra_bench/specs.py. Change those and run it again. -->

What flows through the suite, in order of appearance, and what a plugin hands over. All are frozen dataclasses with
keyword-only fields. Those marked *public* are imported from `ra_bench`; the others are met inside them.
"""

METRICS = """\
# Metrics

<!-- Made by docs/update_reference.py from ra_bench/metrics. Change the docstrings and run it again. -->

Functions of arrays, from `ra_bench.metrics`, for your own notebooks too: no torch, no files. Which of them a board
shows is the matter of [plugins](hooks.md#register_metrics); why these, of [agreement](../explanation/agreement.md).
"""

_TITLE = re.compile(r"^# --- (.+?) -*$", re.MULTILINE)


def command_line() -> str:
    """The page of every command."""
    context = click.Context(cli, info_name="ra-bench", **cli.context_settings)
    sections = [COMMAND_LINE.rstrip()]
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


def values() -> str:
    """The page of every value and spec."""
    sections = [VALUES.rstrip()]
    for name, title in (("values.py", None), ("specs.py", "What a plugin hands over")):
        text = (PACKAGE / name).read_text(encoding="utf-8")
        titles = {text.count("\n", 0, match.start()) + 1: match[1] for match in _TITLE.finditer(text)}
        if title:
            sections.append(f"## {title}")
        for node in ast.parse(text).body:
            sections += [f"## {_capital(titles.pop(line))}" for line in list(titles) if line < node.lineno]
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                sections.append(_class(node, text.splitlines()))
    return "\n\n".join(sections) + "\n"


def _class(node: ast.ClassDef, lines: list[str]) -> str:
    """A dataclass: what it says of itself, and a line a field, with the comment above it."""
    heading = f"### {node.name}"
    mark = "*Public.* " if node.name in ra_bench.__all__ else ""
    fields = [_field(part, lines) for part in node.body if isinstance(part, ast.AnnAssign)]
    text = f"{heading}\n\n{mark}{inspect.cleandoc(ast.get_docstring(node) or '')}"
    return "\n\n".join([text, *(["\n".join(fields)] if fields else [])])


def _field(part: ast.AnnAssign, lines: list[str]) -> str:
    above = []
    for line in reversed(lines[: part.lineno - 1]):
        if not line.strip().startswith("#: ") and not (above and line.strip().startswith("# ")):
            break
        above.insert(0, line.strip().removeprefix("#:").strip())
    comment = f": {' '.join(above)}" if above else ""
    return f"- `{ast.unparse(part)}`{comment}"


def all_metrics() -> str:
    """The page of every metric."""
    sections = [METRICS.rstrip()]
    by_module: dict[str, list[str]] = {}
    for name in metrics.__all__:
        module = getattr(getattr(metrics, name), "__module__", "")
        if module.startswith("ra_bench.metrics."):
            by_module.setdefault(module, []).append(name)
    order = re.findall(r"^from (ra_bench\.metrics\.\w+) import", inspect.getsource(metrics), re.MULTILINE)
    for module in order:
        if module in by_module:
            said = inspect.getmodule(getattr(metrics, by_module[module][0]))
            sections.append(f"## {module.rpartition('.')[2].strip('_')}\n\n{inspect.cleandoc(said.__doc__ or '')}")
            sections += [_metric(name) for name in sorted(by_module[module], key=str.lower)]
    return "\n\n".join(sections) + "\n"


def _metric(name: str) -> str:
    """A function or a result: signature, and the docstring as it stands."""
    thing = getattr(metrics, name)
    signature = re.sub(
        r"ForwardRef\((.*?)\)|'", lambda match: (match[1] or "").strip("'"), str(inspect.signature(thing))
    )
    return f"### {name}\n\n```text usage\n{name}{signature}\n\n{inspect.getdoc(thing)}\n```"


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


#: Each page with the function that makes it.
PAGES: dict[str, Callable[[], str]] = {"cli.md": command_line, "values.md": values, "metrics.md": all_metrics}


def main() -> None:
    """Write the pages anew."""
    for name, make in PAGES.items():
        write_text(FOLDER / name, make())


if __name__ == "__main__":
    main()
