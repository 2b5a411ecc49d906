"""Models of a collection: found by name, one by one, when somebody asks for one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ra_bench.errors import PluginError, UnknownNameError
from ra_bench.specs import CollectionSpec, ModelSpec

if TYPE_CHECKING:
    from collections.abc import Callable


def names_of(collection: CollectionSpec) -> tuple[str, ...]:
    """The names of all its models, with its own before them, as `timm/resnet18`.

    Raises
    ------
    PluginError
        Its library cannot say.
    """
    return tuple(f"{collection.name}/{name}" for name in _asked(collection, "names", collection.names))


def model_of(collection: CollectionSpec, name: str) -> ModelSpec:
    """The model of that name, such as `timm/resnet18`.

    Raises
    ------
    UnknownNameError
        The collection has no such model: offers the nearest.
    PluginError
        Its library cannot say, or what it hands over is no model.
    """
    known = names_of(collection)
    if name not in known:
        raise UnknownNameError(
            "model", name, known, f"'ra-bench list models \"{collection.name}/*\"' lists all of {collection.name}."
        )
    found = _asked(collection, "find", lambda: collection.find(name.removeprefix(f"{collection.name}/")))
    if not isinstance(found, ModelSpec):
        raise PluginError(
            f"The collection '{collection.name}' gave a {type(found).__name__} for '{name}'. Return a ModelSpec."
        )
    return replace(found, name=name)


def _asked(collection: CollectionSpec, what: str, call: Callable[[], Any]) -> Any:
    """What a collection answers. It asks a library, which may fail in any way."""
    try:
        return call()
    except Exception as error:
        raise PluginError(
            f"The collection '{collection.name}' could not be asked: `{what}` failed: {type(error).__name__}: {error}. "
            "Mend it, or reinstall the package that brings it: 'ra-bench plugins' names it."
        ) from error
