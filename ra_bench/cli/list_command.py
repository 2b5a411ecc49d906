"""`ra-bench list`: names of what is installed, a line each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ra_bench.cli.json_option import json_option, print_json
from ra_bench.cli.options import plugin_options, registry_of

if TYPE_CHECKING:
    from pathlib import Path

_KINDS = ("models", "collections", "datasets", "metrics", "trainers", "protocols", "launchers", "renderers")


@click.command("list")
@click.argument("what", type=click.Choice(_KINDS), default="models")
@click.argument("pattern", required=False)
@json_option
@plugin_options
def command(
    what: str, pattern: str | None, as_json: bool, plugin_files: tuple[Path, ...], without: tuple[str, ...]
) -> None:
    """Print what is installed, a line each: name, facts, the distribution that brings it.

    With a PATTERN only names that fit it, such as 'resnet*'. Models of a collection are shown if it begins with the
    collection's name: 'timm/convnext*'.
    """
    registry = registry_of(plugin_files, without)
    kind = what.removesuffix("s")
    lines = [
        (name, _facts(kind, registry.get(kind, name)), registry.origin(kind, name).distribution)
        for name in (registry.names(kind) if pattern is None else registry.matching(kind, pattern))
    ]
    if kind == "model" and pattern is None:
        lines += [
            (f"{name}/NAME", registry.get("collection", name).summary, registry.origin("collection", name).distribution)
            for name in registry.names("collection")
        ]
    if as_json:
        print_json({what: [dict(zip(("name", "facts", "distribution"), line, strict=True)) for line in lines]})
        return
    for cells in lines:
        widths = [max(len(line[column]) for line in lines) for column in range(3)]
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip())


def _facts(kind: str, spec: Any) -> str:
    """What one would choose by."""
    if kind == "model":
        return _model_facts(spec)
    if kind == "collection":
        return str(spec.summary)
    if kind == "dataset":
        return "findings, for pretraining" if spec.task == "findings" else "scores"
    if kind == "metric":
        return f"best {spec.best}"
    if kind == "protocol":
        return _summary(spec.file)
    return spec.suffix if kind == "renderer" else ""


def _model_facts(spec: Any) -> str:
    facts = [] if spec.parameters is None else [f"{spec.parameters:,} parameter{'' if spec.parameters == 1 else 's'}"]
    if spec.baseline:
        facts.append("baseline")
    if spec.pretraining:
        facts.append(f"pretrained on {spec.pretraining}")
    if spec.imagenet is not None:
        facts.append("ImageNet weights")
    if not spec.in_all:
        facts.append("by name only")
    return ", ".join(facts)


def _summary(file: Path) -> str:
    import tomllib

    return str(tomllib.loads(file.read_text(encoding="utf-8")).get("summary", ""))
