"""From installed distributions and plugin files to a checked, frozen Registry.

pluggy's own entry point loader dies with the first broken package and keeps one of two that share a name without a
word, so the loop is ours. One broken guest never stops the others; asking for its model tells what to do.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import inspect
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from fnmatch import fnmatchcase
from importlib.metadata import Distribution, EntryPoint, distributions
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any, Literal

import pluggy

from ra_bench import hookspecs, specs
from ra_bench.collected import model_of, names_of
from ra_bench.diagnosis import (
    CORE,
    advice_on_hook,
    advice_on_import,
    core_range,
    misfit,
    place_of,
    place_of_error,
    said,
)
from ra_bench.errors import PluginError, UnknownNameError

GROUP = "ra_bench"

#: The suite's own plugins, by module.
BUILTINS = ("ra_bench.builtin",)

#: What is registered by which hook, and what it must hand over.
PROVIDERS: Mapping[str, tuple[str, type]] = MappingProxyType(
    {
        "dataset": ("register_datasets", specs.DatasetSpec),
        "model": ("register_models", specs.ModelSpec),
        "collection": ("register_collections", specs.CollectionSpec),
        "metric": ("register_metrics", specs.MetricSpec),
        "trainer": ("register_trainers", specs.TrainerSpec),
        "protocol": ("register_protocols", specs.ProtocolSpec),
        "launcher": ("register_launchers", specs.LauncherSpec),
        "renderer": ("register_renderers", specs.RendererSpec),
    }
)

_COLLECTION = re.compile(r"[A-Za-z0-9_]+(-[A-Za-z0-9_]+)*")

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
            _check_overrides([found], place_of(found.build))
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
        loader.add(builtin, CORE, _core_version(), importlib.import_module(builtin))
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
        if other := misfit(name, core, _core_version()):
            note("incompatible", other)
            return
        try:
            module = entry_point.load()
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a guest may fail in any way, and must not stop the others
            advice = advice_on_import(error, name, _core_version())
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
        _check_hooks(module, name)
        found = {kind: _provided(module, name, kind) for kind in PROVIDERS}
        for kind, specs_ in found.items():
            where = place_of(getattr(module, PROVIDERS[kind][0], None))
            self._check_names(name, kind, [spec.name for spec in specs_], where)
        _check_overrides(found["model"], place_of(getattr(module, PROVIDERS["model"][0], None)))
        _check_apart(
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


def _check_hooks(module: ModuleType, name: str) -> None:
    """A plugin must implement at least one hook, only hooks that exist, and mark all that it implements."""
    marked = [key for key, value in vars(module).items() if _is_hookimpl(value)]
    known = [key for key, value in vars(hookspecs).items() if hasattr(value, f"{hookspecs.PROJECT}_spec")]
    for hook in marked:
        if hook not in known:
            advice = f"Rename it in plugin '{name}', or take its @hookimpl away; here is ra-bench {_core_version()}."
            raise PluginError(str(UnknownNameError("hook", hook, known, advice)), place_of(getattr(module, hook)))
        _check_arguments(getattr(module, hook), getattr(hookspecs, hook), name)
    own = {key: value for key, value in vars(module).items() if _is_defined_in(module, value) and key not in marked}
    for key, function in own.items():
        if key in known:
            raise PluginError(
                f"Plugin '{name}': '{key}' lacks @hookimpl and is not asked. Write 'from ra_bench import hookimpl' and "
                "put @hookimpl above it.",
                place_of(function),
            )
    if not marked:
        likely = next((key for key in own if get_close_matches(key, known, n=1, cutoff=0.8)), None)
        meant = f" '{likely}' looks like the hook '{get_close_matches(likely, known, n=1)[0]}'." if likely else ""
        raise PluginError(
            f"Plugin '{name}' does nothing: it implements no hook.{meant} Write 'from ra_bench import hookimpl' and "
            "put @hookimpl above each of its hooks, such as register_models.",
            place_of(own[likely]) if likely else module.__file__ or "",
        )


def _is_defined_in(module: ModuleType, value: object) -> bool:
    return inspect.isfunction(value) and value.__module__ == module.__name__


def _is_hookimpl(value: object) -> bool:
    """As pluggy sees it: some modules hold objects that answer to any attribute."""
    return inspect.isroutine(value) and isinstance(getattr(value, f"{hookspecs.PROJECT}_impl", None), dict)


def _check_arguments(implementation: Any, spec: Any, name: str) -> None:
    wanted, allowed = inspect.signature(implementation).parameters, inspect.signature(spec).parameters
    if unknown := [key for key in wanted if key not in allowed]:
        raise PluginError(
            f"Plugin '{name}': {spec.__name__} takes an argument '{unknown[0]}' that the hook does not give. "
            f"It gives: {', '.join(allowed) or 'nothing'}. Take it away; here is ra-bench {_core_version()}.",
            place_of(implementation),
        )


def _provided(module: ModuleType, name: str, kind: str) -> list[Any]:
    """The specs of one kind that a plugin hands over."""
    hook, wanted = PROVIDERS[kind]
    implementation = getattr(module, hook, None)
    if implementation is None or not _is_hookimpl(implementation):
        return []
    try:
        handed_over = implementation()
        found = list(handed_over) if isinstance(handed_over, Iterable) else None  # a generator fails here, not above
    except (Exception, SystemExit) as error:
        where = place_of_error(error, module.__name__.partition(".")[0]) or place_of(implementation)
        advice = advice_on_hook(error, _core_version())
        raise PluginError(f"Plugin '{name}': {hook} failed: {said(error)}. {advice}", where) from error
    if found is None:
        raise PluginError(
            f"Plugin '{name}': {hook} gave {type(handed_over).__name__}. Return a list of {wanted.__name__}.",
            place_of(implementation),
        )
    for spec in found:
        if not isinstance(spec, wanted):
            raise PluginError(
                f"Plugin '{name}': {hook} gave a {type(spec).__name__} where a {wanted.__name__} is wanted. "
                f"Write 'from ra_bench import {wanted.__name__}' and return a list of it.",
                place_of(implementation),
            )
    return found


def _check_overrides(models: Iterable[specs.ModelSpec], where: str) -> None:
    """A board holds one cohort, one split and one film size: a model changes only how it is trained."""
    for model in models:
        for key in model.overrides:
            if key.partition(".")[0] not in specs.OVERRIDABLE:
                raise PluginError(
                    f"Model '{model.name}' overrides '{key}', which must be the same for every model of a board. "
                    f"A model may override: {', '.join(specs.OVERRIDABLE)}. For anything else copy the protocol.",
                    where,
                )


def _check_apart(plugin: str, *, collections: Iterable[str], models: Iterable[str]) -> None:
    """What a model's name begins with tells its collection, also in a folder's name, where a slash is written `--`."""
    for collection in collections:
        if not _COLLECTION.fullmatch(collection):
            raise PluginError(
                f"Plugin '{plugin}' registers a collection named '{collection}'. Use letters, digits, '_' and '-'."
            )
        for model in models:
            if model.replace("/", "--").startswith(f"{collection}--"):
                raise PluginError(
                    f"Plugin '{plugin}' brings the model '{model}' beside the collection '{collection}', whose models "
                    "have names that begin so. Rename one of the two, or leave one out with --without."
                )


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


def _core_version() -> str:
    from ra_bench import __version__

    return __version__


def not_loaded(plugins: Iterable[Plugin]) -> Iterator[str]:
    """A sentence on each plugin that is here but did not load: it could have brought a name that is missing."""
    for plugin in plugins:
        if plugin.state != "loaded":
            yield f"Plugin '{plugin.name}' ({plugin.distribution} {plugin.version}) is {plugin.state}: {plugin.reason}"
            if plugin.where:
                yield f"See {plugin.where}"
