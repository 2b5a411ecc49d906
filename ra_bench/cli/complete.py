"""What the shell offers for a name: of models, datasets, protocols and others, after each comma too.

A completion is quick and silent: a plugin that does not load offers nothing, and nobody is told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import click

    from ra_bench.plugins import Registry

    Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def names_of(kind: str, *, listed: bool = False, also: Sequence[str] = ()) -> Complete:
    """Names of one kind, and `also`; with `listed` commas stand between several.

    What may be a file as well is offered as a file once nothing of that name is known.
    """

    def complete(context: click.Context, _: click.Parameter, begun: str) -> list[CompletionItem]:
        names = [*also, *_registry(context).names(kind)]
        if listed:
            return _further(names, begun)
        return [CompletionItem(name) for name in names if name.startswith(begun)] or [
            CompletionItem(begun, type="file")
        ]

    return complete


def names_of_members(context: click.Context, _: click.Parameter, begun: str) -> list[CompletionItem]:
    """Models of which the board that is named before has finished runs, with commas between several."""
    import json

    # While the value of an option lacks, click leaves the arguments where they are.
    board = context.params.get("board") or next(iter(context.args), None)
    folders = [context.params[name] / board for name in ("boards", "runs") if context.params.get(name) and board]
    names = set()
    for file in (file for folder in folders for file in folder.glob("**/record.json")):
        try:
            content = json.loads(file.read_bytes())
            if "ensemble" not in content:
                names.add(str(content["job"]["model"]))
        except (OSError, ValueError, LookupError, TypeError):
            continue  # one that cannot be read is told of when the command runs
    return _further(sorted(names), begun)


def names_of_plugins(context: click.Context, _: click.Parameter, begun: str) -> list[CompletionItem]:
    """Plugins, their distributions, and all that they bring."""
    plugins = _registry(context).plugins
    names = [name for one in plugins for name in (one.name, one.distribution, *(own for _, own in one.provides))]
    return [CompletionItem(name) for name in dict.fromkeys(names) if name.startswith(begun)]


def names_of_boards(context: click.Context, _: click.Parameter, begun: str) -> list[CompletionItem]:
    """Boards in the folder of boards."""
    from pathlib import Path

    boards = Path(context.params.get("boards") or "leaderboards")
    return [CompletionItem(file.parent.name) for file in sorted(boards.glob(f"{begun}*/board.json"))]


def _further(names: Sequence[str], begun: str) -> list[CompletionItem]:
    """Names for what is begun after the last comma, without those that stand before it."""
    before, comma, last = begun.rpartition(",")
    taken = set(before.split(","))
    return [CompletionItem(f"{before}{comma}{name}") for name in names if name.startswith(last) and name not in taken]


def _registry(context: click.Context) -> Registry:
    from pathlib import Path

    from ra_bench.errors import RaBenchError
    from ra_bench.plugins import BUILTINS, load_plugins

    try:
        return load_plugins(BUILTINS, files=[Path(file) for file in context.params.get("plugin_files") or ()])
    except RaBenchError:  # a plugin file that does not load: it is told of when the command runs
        return load_plugins(BUILTINS)
