"""What a plugin's module must be, and what it hands over: hooks that there are, marked as such, and the right specs."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from types import MappingProxyType, ModuleType
from typing import Any

from ra_bench import hookspecs, specs
from ra_bench.diagnosis import advice_on_hook, core_version, place_of, place_of_error, said
from ra_bench.errors import PluginError, UnknownNameError

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


def check_hooks(module: ModuleType, name: str) -> None:
    """A plugin must implement at least one hook, only hooks that exist, and mark all that it implements."""
    marked = [key for key, value in vars(module).items() if _is_hookimpl(value)]
    known = [key for key, value in vars(hookspecs).items() if hasattr(value, f"{hookspecs.PROJECT}_spec")]
    for hook in marked:
        if hook not in known:
            advice = f"Rename it in plugin '{name}', or take its @hookimpl away; here is ra-bench {core_version()}."
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
            f"It gives: {', '.join(allowed) or 'nothing'}. Take it away; here is ra-bench {core_version()}.",
            place_of(implementation),
        )


def provided(module: ModuleType, name: str, kind: str) -> list[Any]:
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
        advice = advice_on_hook(error, core_version())
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


def check_overrides(models: Iterable[specs.ModelSpec], where: str) -> None:
    """A board holds one cohort, one split and one film size: a model changes only how it is trained."""
    for model in models:
        for key in model.overrides:
            if key.partition(".")[0] not in specs.OVERRIDABLE:
                raise PluginError(
                    f"Model '{model.name}' overrides '{key}', which must be the same for every model of a board. "
                    f"A model may override: {', '.join(specs.OVERRIDABLE)}. For anything else copy the protocol.",
                    where,
                )


def check_apart(plugin: str, *, collections: Iterable[str], models: Iterable[str]) -> None:
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
