"""From installed distributions and plugin files to a checked, frozen Registry.

pluggy's own entry point loader dies with the first broken package and keeps one of two that share a name without a
word, so the loop is ours. One broken guest never stops the others; asking for its model tells what to do.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import sys
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from importlib.metadata import Distribution, EntryPoint, distributions
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Any, Literal

import pluggy

from ra_bench import hookspecs, specs
from ra_bench.collected import model_of, names_of
from ra_bench.diagnosis import (
    CORE,
    advice_on_import,
    core_range,
    core_version,
    misfit,
    place_of,
    place_of_error,
    said,
)
from ra_bench.errors import PluginError, UnknownNameError
from ra_bench.handed_over import PROVIDERS, check_apart, check_hooks, check_overrides, provided

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

GROUP = "ra_bench"

#: The suite's own plugins, by module.
BUILTINS = ("ra_bench.builtin",)

State = Literal["loaded", "blocked", "failed", "incompatible", "duplicate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugin:
    """One plugin as found: where it comes from, whether it loaded, what it brought, and if not, why and what to do.

    `core` is the range of ra-bench that its distribution asks for, `file` is its module's, and `where` the "file:line"
    that kept it from loading, where that is known.
    """

    name: str
    distribution: str
    version: str
    state: State
    reason: str = ""
    where: str = ""
    core: str = ""
    file: str = ""
    source: str = ""
    provides: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """Every spec by kind and name, the plugin each came from, and all plugins with their states."""

    plugins: tuple[Plugin, ...]
    _specs: Mapping[str, Mapping[str, Any]] = field(repr=False)
    _origins: Mapping[tuple[str, str], Plugin] = field(repr=False)
    hooks: Any = field(repr=False)

    def names(self, kind: str) -> tuple[str, ...]:
        """Names of one kind, in the order of registration; models of collections are not among them."""
        return tuple(self._specs[kind])

    def matching(self, kind: str, pattern: str) -> tuple[str, ...]:
        """Names of one kind that fit a pattern such as "resnet*"; "timm/*" fits all of the collection timm.

        Raises
        ------
        UnknownNameError
            None fits.
        """
        collection = self._collection(kind, pattern)
        known = self.names(kind) if collection is None else names_of(collection)
        found = tuple(name for name in known if fnmatchcase(name, pattern))
        if not found:
            raise UnknownNameError(kind, pattern, known)
        return found

    def get(self, kind: str, name: str) -> Any:
        """The spec of that kind and name.

        Raises
        ------
        UnknownNameError
            Nobody registered it: offers the nearest name, and names the plugin that would have brought it.
        PluginError
            It is of a collection that cannot be asked.
        """
        if name in self._specs[kind]:
            return self._specs[kind][name]
        if collection := self._collection(kind, name):
            found = model_of(collection, name)
            check_overrides([found], place_of(found.build))
            return found
        known = [*self._specs[kind], *(f"{one}/NAME" for one in self._specs["collection"] if kind == "model")]
        advice = (*not_loaded(self.plugins), "Run 'ra-bench plugins' to see where each comes from.")
        raise UnknownNameError(kind, name, known, "\n".join(advice))

    def has(self, kind: str, name: str) -> bool:
        """Whether `get` finds it."""
        try:
            self.get(kind, name)
        except UnknownNameError:
            return False
        return True

    def origin(self, kind: str, name: str) -> Plugin:
        """The plugin that registered it, or the collection that it is of."""
        collection = None if name in self._specs[kind] else self._collection(kind, name)
        return self._origins[(kind, name) if collection is None else ("collection", collection.name)]

    def _collection(self, kind: str, name: str) -> specs.CollectionSpec | None:
        """The collection that a model's name begins with."""
        first, slash, _ = name.partition("/")
        return self._specs["collection"].get(first) if kind == "model" and slash else None


def load_plugins(builtins: Sequence[str] = (), *, files: Sequence[Path] = (), without: Sequence[str] = ()) -> Registry:
    """Load the suite's own modules (by name), every installed plugin, and plugin files, in this order.

    Raises
    ------
    PluginError
        A plugin *file* that cannot be loaded: it was asked for.
    UnknownNameError
        A name in `without` that no installed plugin or distribution has.
    """
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    loader = _Loader(manager)
    for builtin in builtins:
        loader.add(builtin, CORE, core_version(), importlib.import_module(builtin))
    guests = _guests()
    _check_without(without, guests)
    for guest in guests:
        loader.add_guest(guest, blocked=_blocks(without, guest))
    for file in files:
        loader.add_file(file)
    return loader.registry()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Guest:
    """An entry point of ours. Name and version of its distribution are read once: to read its metadata takes time."""

    entry_point: EntryPoint
    distribution: Distribution
    name: str
    version: str


class _Loader:
    """Collects plugins one after the other; what is wrong with one is noted and the next is tried."""

    def __init__(self, manager: pluggy.PluginManager) -> None:
        self.manager = manager
        self.plugins: list[Plugin] = []
        self.specs: dict[str, dict[str, Any]] = {kind: {} for kind in PROVIDERS}
        self.origins: dict[tuple[str, str], Plugin] = {}

    def registry(self) -> Registry:
        frozen = {kind: MappingProxyType(dict(specs)) for kind, specs in self.specs.items()}
        return Registry(
            plugins=tuple(self.plugins),
            _specs=MappingProxyType(frozen),
            _origins=MappingProxyType(dict(self.origins)),
            hooks=self.manager.hook,
        )

    def add_guest(self, guest: _Guest, *, blocked: bool) -> None:
        entry_point, name, version, core = guest.entry_point, guest.name, guest.version, ""

        def note(state: State, reason: str, where: str = "") -> None:
            self.plugins.append(
                Plugin(
                    name=entry_point.name,
                    distribution=name,
                    version=version,
                    state=state,
                    reason=reason,
                    where=where,
                    core=core,
                )
            )

        if blocked:
            note("blocked", "Left out by --without.")
            return
        if twin := self._loaded(entry_point.name):
            note("duplicate", f"{twin.distribution} has a plugin of the same name. Uninstall one of the two.")
            return
        try:
            core = core_range(guest.distribution.requires or ())
        except ValueError as error:
            note("failed", f"Its metadata are damaged: {error}. Reinstall it: pip install --force-reinstall {name}")
            return
        if other := misfit(name, core, core_version()):
            note("incompatible", other)
            return
        try:
            module = entry_point.load()
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a guest may fail in any way, and must not stop the others
            advice = advice_on_import(error, name, core_version())
            note("failed", f"{said(error)}. {advice}", place_of_error(error, entry_point.module.partition(".")[0]))
            return
        if not isinstance(module, ModuleType):
            note("failed", f"Its entry point is '{entry_point.value}'. Name a module, without ':' and what follows.")
            return
        try:
            self.add(entry_point.name, name, version, module, core=core)
        except PluginError as error:
            note("failed", error.said, error.where)

    def add_file(self, file: Path) -> None:
        if not file.is_file():
            raise PluginError(f"No plugin file {file}. Give the path of a Python file after -p.")
        name = file.stem
        spec = importlib.util.spec_from_file_location(f"ra_bench_plugin_file_{name.replace('.', '_')}", file)
        if spec is None or spec.loader is None:
            raise PluginError(f"{file} is no Python file. A plugin in one file ends in .py.")
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        try:
            spec.loader.exec_module(module)
        except (Exception, SystemExit) as error:
            where = place_of_error(error, spec.name)
            raise PluginError(f"Plugin file {file} cannot be loaded: {said(error)}.", where) from error
        if self._loaded(name):
            raise PluginError(f"A plugin named '{name}' is loaded already. Rename the file {file}, or give it once.")
        self.add(name, str(file), "file", module)

    def add(self, name: str, distribution: str, version: str, module: ModuleType, *, core: str = "") -> None:
        """Check a module, take its specs, register it. All or nothing."""
        check_hooks(module, name)
        found = {kind: provided(module, name, kind) for kind in PROVIDERS}
        for kind, specs_ in found.items():
            where = place_of(getattr(module, PROVIDERS[kind][0], None))
            self._check_names(name, kind, [spec.name for spec in specs_], where)
        check_overrides(found["model"], place_of(getattr(module, PROVIDERS["model"][0], None)))
        check_apart(
            name,
            collections=[*self.specs["collection"], *(spec.name for spec in found["collection"])],
            models=[*self.specs["model"], *(spec.name for spec in found["model"])],
        )
        plugin = Plugin(
            name=name,
            distribution=distribution,
            version=version,
            state="loaded",
            core=core,
            file=module.__file__ or "",
            source=source_hash(module),
            provides=tuple((kind, spec.name) for kind, specs_ in found.items() for spec in specs_),
        )
        self.manager.register(module, name)
        self.plugins.append(plugin)
        for kind, specs_ in found.items():
            for spec in specs_:
                self.specs[kind][spec.name] = spec
                self.origins[kind, spec.name] = plugin

    def _loaded(self, name: str) -> Plugin | None:
        return next((plugin for plugin in self.plugins if (plugin.name, plugin.state) == (name, "loaded")), None)

    def _check_names(self, plugin: str, kind: str, names: Sequence[str], where: str) -> None:
        for name in names:
            taken = self.origins.get((kind, name))
            owner = taken.distribution if taken else f"plugin '{plugin}' itself" if names.count(name) > 1 else None
            if owner:
                raise PluginError(
                    f"Plugin '{plugin}' registers a {kind} named '{name}', but that name is taken by {owner}. "
                    f"Rename it, or leave one out with --without.",
                    where,
                )


def source_hash(module: ModuleType) -> str:
    """Hash of all Python files of the package that a module belongs to; of the one file, if it is in no package."""
    package = sys.modules[module.__name__.partition(".")[0]]
    if folders := getattr(package, "__path__", None):
        return hash_files(sorted(Path(folders[0]).rglob("*.py")))
    return hash_files([Path(module.__file__)] if module.__file__ else [])


def hash_files(files: Iterable[Path]) -> str:
    """First 16 digits of the sha256 over the names and contents of files, in the given order."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.name.encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _guests() -> list[_Guest]:
    """Entry points of our group with their distributions, sorted by name; an editable copy found twice counts once."""
    found: dict[tuple[str, str], _Guest] = {}
    for distribution in distributions():
        ours = [entry_point for entry_point in distribution.entry_points if entry_point.group == GROUP]
        if not ours:
            continue
        told = distribution.metadata
        name, version = str(told["Name"]), str(told["Version"])  # a damaged one has none
        for entry_point in ours:
            guest = _Guest(entry_point=entry_point, distribution=distribution, name=name, version=version)
            found.setdefault((entry_point.name, name), guest)
    return [found[key] for key in sorted(found)]


def _blocks(without: Iterable[str], guest: _Guest) -> bool:
    return bool({guest.entry_point.name, guest.name} & set(without))


def _check_without(without: Iterable[str], guests: Iterable[_Guest]) -> None:
    known = {name for guest in guests for name in (guest.entry_point.name, guest.name)}
    for name in without:
        if name not in known:
            raise UnknownNameError("plugin", name, known)


def not_loaded(plugins: Iterable[Plugin]) -> Iterator[str]:
    """A sentence on each plugin that is here but did not load: it could have brought a name that is missing."""
    for plugin in plugins:
        if plugin.state != "loaded":
            yield f"Plugin '{plugin.name}' ({plugin.distribution} {plugin.version}) is {plugin.state}: {plugin.reason}"
            if plugin.where:
                yield f"See {plugin.where}"
