"""From a plugin, or the name of anything that it brings, to the checks that apply.

What is promised stands in a module a kind, imported when something of that kind is checked: networks need torch,
metrics do not.
"""

from __future__ import annotations

from functools import wraps
from importlib import import_module
from pathlib import Path
from tempfile import gettempdir
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ra_bench.errors import UnknownNameError
from ra_bench.handed_over import PROVIDERS
from ra_bench.plugins import Plugin, Registry, load_plugins
from ra_bench.testing.check import FOUNDATIONS, bound

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ra_bench.specs import ModelSpec
    from ra_bench.testing.check import Check, Promise

#: Where the promises of a kind stand: the module, and its tuple.
PROMISES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "plugin": ("of_plugins", "PLUGIN"),
        "model": ("of_models", "MODEL"),
        "network": ("of_networks", "NETWORK"),
        "training": ("of_models", "TRAINING"),
        "metric": ("of_metrics", "METRIC"),
        "trainer": ("of_trainers", "TRAINER"),
        "dataset": ("of_datasets", "DATASET"),
        "renderer": ("of_renderers", "RENDERER"),
        "protocol": ("of_protocols", "PROTOCOL"),
    }
)


def promises(kind: str) -> tuple[Promise, ...]:
    """All promises of a kind, in the order in which they are asked.

    Examples
    --------
    >>> [promise.__name__ for promise in promises("plugin")]
    ['loads', 'lists_without_torch']
    """
    module, name = PROMISES[kind]
    found: tuple[Promise, ...] = getattr(import_module(f"ra_bench.testing.{module}"), name)
    return found


def plugin_checks(name: str, *, files: Sequence[Path] = (), data: Path | None = None) -> list[Check]:
    """The checks of one plugin, model or other thing, installed or in one of the files. For `pytest.mark.parametrize`.

    Parameters
    ----------
    name
        Name of a plugin, its distribution, or anything that a plugin registers.
    files
        Plugins in one file each, to load besides.
    data
        Folder in which datasets keep what they make; a temporary one if not given.

    Raises
    ------
    UnknownNameError
        Nobody has that name.

    Examples
    --------
    >>> [str(check) for check in plugin_checks("mean")]
    ["model 'mean': spec", "model 'mean': pretraining", "model 'mean': trains"]
    >>> plugin_checks("mean")[0]()
    ''
    """
    registry = load_plugins(("ra_bench.builtin",), files=files)
    return list(checks_of(registry, name, data or Path(gettempdir()) / "ra-bench-contract"))


def checks_of(registry: Registry, name: str, data: Path) -> Iterator[Check]:
    """The checks of a plugin with all that it brings, or of the one thing that has the name."""
    plugins = [plugin for plugin in registry.plugins if name in (plugin.name, plugin.distribution)]
    for plugin in plugins:
        yield from _of_plugin(registry, plugin, data)
    if plugins:
        return
    kinds = [kind for kind in PROVIDERS if name in registry.names(kind)]
    if not kinds:
        known = {named for kind in PROVIDERS for named in registry.names(kind)}
        known |= {plugin.name for plugin in registry.plugins}
        raise UnknownNameError("plugin or part of one", name, known)
    for kind in kinds:
        yield from _of_spec(registry, kind, name, data, set())


def _of_plugin(registry: Registry, plugin: Plugin, data: Path) -> Iterator[Check]:
    yield from bound(f"plugin '{plugin.name}'", promises("plugin"), plugin, registry)
    networks: set[tuple[object, ...]] = set()
    for kind, name in plugin.provides:
        yield from _of_spec(registry, kind, name, data, networks)


def _of_spec(
    registry: Registry, kind: str, name: str, data: Path, networks: set[tuple[object, ...]]
) -> Iterator[Check]:
    """The checks of one thing; none of a launcher, which needs jobs and machines.

    A network that several models share, such as one with and one without pretraining, is asked once: `networks` are
    those that were.
    """
    spec, about = registry.get(kind, name), f"{kind} '{name}'"
    if kind == "model":
        yield from bound(about, promises(kind), spec, registry)
        is_network, training = _is_network(registry, spec), promises("training")
        told = (spec.build, spec.head, spec.residual_ends, spec.parameters, spec.overrides.get("initialisation"))
        if is_network and told not in networks:
            networks.add(told)
            yield from bound(about, _apart(promises("network")), spec)
        yield from bound(about, _apart(training) if is_network else training, spec, registry, rests_on=FOUNDATIONS)
    elif kind == "trainer":
        yield from bound(about, _apart(promises(kind)), spec, _model_for(registry, name))
    elif kind == "dataset":
        yield from bound(about, promises(kind), spec, data)
    elif kind in PROMISES:
        yield from bound(about, promises(kind), spec)


def _is_network(registry: Registry, spec: ModelSpec) -> bool:
    """Whether what is built is an nn.Module: its trainer is the suite's, or made of its parts."""
    if spec.trainer not in registry.names("trainer"):
        return False
    return spec.trainer == "standard" or bool(registry.get("trainer", spec.trainer).uses_parts)


def _model_for(registry: Registry, trainer: str) -> ModelSpec:
    """The first model that names the trainer; a tiny network where none does."""
    from ra_bench.testing.tiny import TINY_NET

    models: list[Any] = [registry.get("model", name) for name in registry.names("model")]
    own = [model for model in models if model.trainer == trainer != "standard"]
    found: ModelSpec = own[0] if own else TINY_NET
    return found


def _apart(asked: tuple[Promise, ...]) -> tuple[Promise, ...]:
    """The same promises, each asked so that it leaves random states and settings as they were."""
    from ra_bench.testing.global_state import apart

    def wrapped(promise: Promise) -> Promise:
        @wraps(promise)
        def ask(*given: object) -> str | None:
            with apart():
                return promise(*given)

        return ask

    return tuple(wrapped(promise) for promise in asked)
