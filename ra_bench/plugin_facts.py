"""What is known of a plugin and of what it brings, as plain data: for people and for programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ra_bench.diagnosis import place_of
from ra_bench.errors import UnknownNameError
from ra_bench.plugins import not_loaded

if TYPE_CHECKING:
    from ra_bench.plugins import Plugin, Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecFacts:
    """A spec: its kind, its name, and its fields by name; a function is told by the "file:line" where it stands."""

    kind: str
    name: str
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginFacts:
    """A plugin, the licence that its distribution states, and the specs of it that were asked for."""

    plugin: Plugin
    licence: str
    specs: tuple[SpecFacts, ...]


def find_facts(registry: Registry, name: str) -> tuple[PluginFacts, ...]:
    """The plugins that a name means: it is theirs, their distribution's, or that of something they bring.

    Of a plugin or a distribution all specs are told, of a model or another thing that one.

    Raises
    ------
    UnknownNameError
        Nothing has that name.
    """
    whole = tuple(
        PluginFacts(plugin=plugin, licence=_licence(plugin), specs=_specs(registry, plugin))
        for plugin in registry.plugins
        if name in {plugin.name, plugin.distribution}
    )
    part = tuple(
        PluginFacts(
            plugin=plugin,
            licence=_licence(plugin),
            specs=tuple(spec for spec in _specs(registry, plugin) if spec.name == name),
        )
        for plugin in registry.plugins
        if any(name == own for _, own in plugin.provides) and name not in {plugin.name, plugin.distribution}
    )
    if whole or part:
        return whole + part
    if registry.has("model", name):  # of a collection, which is asked for it
        spec = SpecFacts(kind="model", name=name, facts=facts_of(registry.get("model", name)))
        plugin = registry.origin("model", name)
        return (PluginFacts(plugin=plugin, licence=_licence(plugin), specs=(spec,)),)
    known = {known for plugin in registry.plugins for known in (plugin.name, plugin.distribution)}
    known |= {own for plugin in registry.plugins for _, own in plugin.provides}
    advice = (*not_loaded(registry.plugins), "Run 'ra-bench plugins' to see where each comes from.")
    raise UnknownNameError("plugin, model or other thing", name, known, "\n".join(advice))


def _specs(registry: Registry, plugin: Plugin) -> tuple[SpecFacts, ...]:
    return tuple(
        SpecFacts(kind=kind, name=name, facts=facts_of(registry.get(kind, name))) for kind, name in plugin.provides
    )


def plugin_data(plugin: Plugin) -> dict[str, Any]:
    """A plugin as JSON has it."""
    return asdict(plugin) | {"provides": [{"kind": kind, "name": name} for kind, name in plugin.provides]}


def _licence(plugin: Plugin) -> str:
    try:
        told = metadata(plugin.distribution)
    except (PackageNotFoundError, ValueError):  # a plugin file
        return ""
    return next((str(told[key]) for key in ("License-Expression", "License") if key in told), "")


def facts_of(spec: Any) -> dict[str, Any]:
    """The fields of a spec but its name, in their order, as JSON has them."""
    return {field.name: _plain(getattr(spec, field.name)) for field in fields(spec) if field.name != "name"}


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    if isinstance(value, Path):
        return str(value)
    if callable(value):  # never its address in memory: the same plugin gives the same JSON
        return place_of(value) or getattr(value, "__qualname__", type(value).__qualname__)
    return value
