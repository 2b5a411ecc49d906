"""`--json`, the same for every command that lists or reports: JSON alone on stdout, all else on stderr."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable


def json_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --json, as `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")(command)


def print_json(value: object) -> None:
    """Any value of frozen dataclasses, mappings and sequences; what is undefined is null."""
    from ra_bench.boards.render.json import as_json_text

    click.echo(as_json_text(value), nl=False)
