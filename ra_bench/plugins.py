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
from fnmatch import fnmatchcase
from importlib.metadata import Distribution, EntryPoint, distributions
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any, Literal

import pluggy

from ra_bench import hookspecs, specs
from ra_bench.collected import model_of, names_of
from ra_bench.errors import PluginError, UnknownNameError

GROUP = "ra_bench"
CORE = "ra-bench"

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
    """One plugin as found: where it comes from, whether it loaded, what it brought, and if not, why and what to do."""

    name: str
    distribution: str
    version: str
    state: State
    reason: str = ""
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
            _check_overrides([found])
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
    guests = _entry_points()
    _check_without(without, guests)
    for entry_point, distribution in guests:
        loader.add_entry_point(entry_point, distribution, blocked=_blocks(without, entry_point, distribution))
    for file in files:
        loader.add_file(file)
    return loader.registry()


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

    def add_entry_point(self, entry_point: EntryPoint, distribution: Distribution, *, blocked: bool) -> None:
        name, version = _name_of(distribution), distribution.version

        def note(state: State, reason: str) -> None:
            self.plugins.append(
                Plugin(name=entry_point.name, distribution=name, version=version, state=state, reason=reason)
            )

        if blocked:
            note("blocked", "Left out by --without.")
            return
        if twin := self._loaded(entry_point.name):
            note("duplicate", f"{twin.distribution} has a plugin of the same name. Uninstall one of the two.")
            return
        if misfit := _misfit(distribution):
            note("incompatible", misfit)
            return
        try:
            module = entry_point.load()
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a guest may fail in any way, and must not stop the others
            note("failed", f"{_said(error)}. Reinstall it: pip install --force-reinstall {name}")
            return
        if not isinstance(module, ModuleType):
            note("failed", f"Its entry point is '{entry_point.value}'. Name a module, without ':' and what follows.")
            return
        try:
            self.add(entry_point.name, name, version, module)
        except PluginError as error:
            note("failed", str(error))

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
            raise PluginError(f"Plugin file {file} cannot be loaded: {_said(error)}.") from error
        if self._loaded(name):
            raise PluginError(f"A plugin named '{name}' is loaded already. Rename the file {file}, or give it once.")
        self.add(name, str(file), "file", module)

    def add(self, name: str, distribution: str, version: str, module: ModuleType) -> None:
        """Check a module, take its specs, register it. All or nothing."""
        _check_hooks(module, name)
        found = {kind: _provided(module, name, kind) for kind in PROVIDERS}
        for kind, specs_ in found.items():
            self._check_names(name, kind, [spec.name for spec in specs_])
        _check_overrides(found["model"])
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

    def _check_names(self, plugin: str, kind: str, names: Sequence[str]) -> None:
        for name in names:
            taken = self.origins.get((kind, name))
            owner = taken.distribution if taken else f"plugin '{plugin}' itself" if names.count(name) > 1 else None
            if owner:
                raise PluginError(
                    f"Plugin '{plugin}' registers a {kind} named '{name}', but that name is taken by {owner}. "
                    f"Rename it, or leave one out with --without."
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
    """A plugin must implement at least one hook, and only hooks that exist."""
    marked = [key for key, value in vars(module).items() if _is_hookimpl(value)]
    known = [key for key, value in vars(hookspecs).items() if hasattr(value, f"{hookspecs.PROJECT}_spec")]
    for hook in marked:
        if hook not in known:
            advice = f"Rename it in plugin '{name}', or take its @hookimpl away."
            raise PluginError(str(UnknownNameError("hook", hook, known, advice)))
        _check_arguments(getattr(module, hook), getattr(hookspecs, hook), name)
    if not marked:
        likely = [key for key in known if key in vars(module)]
        what = f"'{likely[0]}' lacks @hookimpl" if likely else "it implements no hook"
        raise PluginError(
            f"Plugin '{name}' does nothing: {what}. Write 'from ra_bench import hookimpl' and put @hookimpl above "
            "each of its hooks, such as register_models."
        )


def _is_hookimpl(value: object) -> bool:
    """As pluggy sees it: some modules hold objects that answer to any attribute."""
    return inspect.isroutine(value) and isinstance(getattr(value, f"{hookspecs.PROJECT}_impl", None), dict)


def _check_arguments(implementation: Any, spec: Any, name: str) -> None:
    wanted, allowed = inspect.signature(implementation).parameters, inspect.signature(spec).parameters
    if unknown := [key for key in wanted if key not in allowed]:
        raise PluginError(
            f"Plugin '{name}': {spec.__name__} takes an argument '{unknown[0]}' that the hook does not give. "
            f"It gives: {', '.join(allowed) or 'nothing'}."
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
        raise PluginError(f"Plugin '{name}': {hook} failed: {_said(error)}. Mend it, or leave it out.") from error
    if found is None:
        raise PluginError(
            f"Plugin '{name}': {hook} gave {type(handed_over).__name__}. Return a list of {wanted.__name__}."
        )
    for spec in found:
        if not isinstance(spec, wanted):
            raise PluginError(
                f"Plugin '{name}': {hook} gave a {type(spec).__name__} where a {wanted.__name__} is wanted. "
                f"Write 'from ra_bench import {wanted.__name__}' and return a list of it."
            )
    return found


def _check_overrides(models: Iterable[specs.ModelSpec]) -> None:
    """A board holds one cohort, one split and one film size: a model changes only how it is trained."""
    for model in models:
        for key in model.overrides:
            if key.partition(".")[0] not in specs.OVERRIDABLE:
                raise PluginError(
                    f"Model '{model.name}' overrides '{key}', which must be the same for every model of a board. "
                    f"A model may override: {', '.join(specs.OVERRIDABLE)}. For anything else copy the protocol."
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


def _entry_points() -> list[tuple[EntryPoint, Distribution]]:
    """Entry points of our group with their distributions, sorted by name; an editable copy found twice counts once."""
    found: dict[tuple[str, str], tuple[EntryPoint, Distribution]] = {}
    for distribution in distributions():
        for entry_point in distribution.entry_points:
            if entry_point.group == GROUP:
                found.setdefault((entry_point.name, _name_of(distribution)), (entry_point, distribution))
    return [found[key] for key in sorted(found)]


def _name_of(distribution: Distribution) -> str:
    return str(distribution.metadata["Name"])  # a damaged one has none


def _blocks(without: Iterable[str], entry_point: EntryPoint, distribution: Distribution) -> bool:
    return bool({entry_point.name, _name_of(distribution)} & set(without))


def _check_without(without: Iterable[str], guests: Iterable[tuple[EntryPoint, Distribution]]) -> None:
    known = {name for entry_point, distribution in guests for name in (entry_point.name, _name_of(distribution))}
    for name in without:
        if name not in known:
            raise UnknownNameError("plugin", name, known)


def _misfit(distribution: Distribution) -> str:
    """One sentence when a distribution asks for another version of the core, else nothing."""
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    for line in distribution.requires or ():
        requirement = Requirement(line)
        wanted = requirement.specifier
        if canonicalize_name(requirement.name) == CORE and not wanted.contains(_core_version(), prereleases=True):
            return (
                f"It needs ra-bench {wanted}; installed is {_core_version()}. "
                f"Upgrade one of them: pip install --upgrade {distribution.metadata['Name']} ra-bench"
            )
    return ""


def _core_version() -> str:
    from ra_bench import __version__

    return __version__


def not_loaded(plugins: Iterable[Plugin]) -> Iterator[str]:
    """A sentence on each plugin that is here but did not load: it could have brought a name that is missing."""
    for plugin in plugins:
        if plugin.state != "loaded":
            yield f"Plugin '{plugin.name}' ({plugin.distribution} {plugin.version}) is {plugin.state}: {plugin.reason}"


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".rstrip(". ")
