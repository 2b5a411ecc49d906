"""`ra-bench plugins`: every plugin found, its state, what it brings, and how to mend what did not load."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ra_bench.cli import plugins_check_command, plugins_new_command
from ra_bench.cli.complete import names_of_plugins
from ra_bench.cli.groups import WithDefault
from ra_bench.cli.json_option import json_option, print_json
from ra_bench.cli.options import plugin_options, registry_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from ra_bench.plugins import Plugin


@click.group("plugins", cls=WithDefault, default="list")
def command() -> None:
    """Where everything comes from, and what did not load.

    `ra-bench plugins` alone is short for `ra-bench plugins list`.
    """


@command.command("list")
@json_option
@plugin_options
def list_(as_json: bool, plugin_files: tuple[Path, ...], without: tuple[str, ...]) -> None:
    """Print every plugin: state, name, distribution, what it brings, or why it did not load."""
    from ra_bench.plugin_facts import plugin_data

    plugins = registry_of(plugin_files, without).plugins
    if as_json:
        print_json({"plugins": [plugin_data(plugin) for plugin in plugins]})
        return
    for plugin in plugins:
        _print_plugin(plugin)


@command.command("info")
@click.argument("name", shell_complete=names_of_plugins)
@json_option
@plugin_options
def info(name: str, as_json: bool, plugin_files: tuple[Path, ...], without: tuple[str, ...]) -> None:
    """All that is known of NAME: a plugin, its distribution, or a model, metric or other thing that one brings."""
    from ra_bench.plugin_facts import find_facts, plugin_data

    found = find_facts(registry_of(plugin_files, without), name)
    if as_json:
        print_json(
            {"plugins": [plugin_data(one.plugin) | {"licence": one.licence, "specs": one.specs} for one in found]}
        )
        return
    for one in found:
        _print_plugin(one.plugin)
        core = one.plugin.core or "any version"
        facts = {"file": one.plugin.file, "source": one.plugin.source, "licence": one.licence}
        _print_facts({"needs ra-bench": core, **facts} if one.plugin.distribution != "ra-bench" else facts)
        for spec in one.specs:
            click.echo(f"\n{spec.kind} {spec.name}")
            _print_facts(spec.facts)


@command.command("doctor")
@json_option
@plugin_options
def doctor(as_json: bool, plugin_files: tuple[Path, ...], without: tuple[str, ...]) -> None:
    """Tell of every plugin that did not load, why, where, and how to mend it. Exit code 1 if there is any.

    What was left out by --without is not counted.
    """
    from ra_bench.plugin_facts import plugin_data

    plugins = registry_of(plugin_files, without).plugins
    ill = [plugin for plugin in plugins if plugin.state not in {"loaded", "blocked"}]
    if as_json:
        print_json({"plugins": [plugin_data(plugin) for plugin in ill]})
    else:
        for plugin in ill:
            _print_plugin(plugin)
        if not ill:
            click.echo(f"All {len(plugins)} plugins are well.")
    if ill:
        raise click.exceptions.Exit(1)


def _print_plugin(plugin: Plugin) -> None:
    click.echo(f"{plugin.state:<12}  {plugin.name}  ({plugin.distribution} {plugin.version})")
    if plugin.reason:
        click.echo(_indented(plugin.reason))
    if plugin.where:
        click.echo(_indented(f"See {plugin.where}"))
    for kind, names in _by_kind(plugin.provides).items():
        click.echo(_indented(f"{kind}s: {', '.join(names)}"))


def _by_kind(provides: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for kind, name in provides:
        found.setdefault(kind, []).append(name)
    return found


def _print_facts(facts: Mapping[str, Any]) -> None:
    for name, fact in facts.items():
        if isinstance(fact, dict):
            _print_facts({f"{name}.{key}": value for key, value in fact.items()})
        elif fact not in (None, "", []):
            click.echo(_indented(f"{name}: {', '.join(map(str, fact)) if isinstance(fact, list) else fact}"))


def _indented(text: str) -> str:
    return "\n".join(f"{'':14}{line}" for line in text.splitlines())


command.add_command(plugins_check_command.command)
command.add_command(plugins_new_command.command)
