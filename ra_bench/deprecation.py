"""How a public thing goes: for a while it still works, and warns with what to use instead.

A `Deprecated` says what goes, since when, until when, and what to use instead. It warns in three places:

* a public name: `__getattr__ = moved_names(__name__, {...})` at the end of its module;
* a field of a spec: `@renamed_fields(...)` above its `@dataclass`;
* a hook, or an argument of one: `@hookspec(warn_on_impl=going.warning())`, or `warn_on_impl_args={"name": ...}`.

Python shows the warning once for each place that uses the old thing.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import wraps
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_Spec = TypeVar("_Spec")


@dataclass(frozen=True, slots=True, kw_only=True)
class Deprecated:
    """What goes: `since` is the version that began to warn, `until` the one that will not have it any more.

    `instead` is a name of the same kind that does the same, or "" where nothing does; `advice` says more if need be.

    Examples
    --------
    >>> print(Deprecated(what="ModelSpec.citations", instead="citation", since="0.2", until="0.4").warning())
    ModelSpec.citations is deprecated since ra-bench 0.2 and goes with 0.4. Use 'citation' instead.
    """

    what: str
    since: str
    until: str
    instead: str = ""
    advice: str = ""

    def warning(self) -> DeprecationWarning:
        """The warning, in one line."""
        use = f"Use '{self.instead}' instead." if self.instead else "Leave it out."
        said = f"{self.what} is deprecated since ra-bench {self.since} and goes with {self.until}. {use}"
        return DeprecationWarning(f"{said} {self.advice}".rstrip())


def moved_names(
    module: str, going: Mapping[str, Deprecated], later: Mapping[str, str] = MappingProxyType({})
) -> Callable[[str], Any]:
    """A module's `__getattr__`: gives what stands in place of an old name, and warns.

    `instead` is a name of the same module, or "package.module.name". `later` has names that are there to stay, with
    the module that is imported when they are first asked for.
    """

    def get(name: str) -> Any:
        if name in later:
            return getattr(import_module(later[name]), name)
        if name not in going:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        warnings.warn(going[name].warning(), stacklevel=2)
        place, _, new = going[name].instead.rpartition(".")
        return getattr(import_module(place or module), new)

    return get


def renamed_fields(**going: Deprecated) -> Callable[[type[_Spec]], type[_Spec]]:
    """A decorator of a keyword-only dataclass: old fields are still taken, and read where they have a new name.

    An old field without `instead` is taken and forgotten.
    """

    def decorate(kind: type[_Spec]) -> type[_Spec]:
        make = kind.__init__

        @wraps(make)
        def renaming(self: _Spec, **given: Any) -> None:
            for old in given.keys() & going.keys():
                warnings.warn(going[old].warning(), stacklevel=2)
                value, new = given.pop(old), going[old].instead
                if new in given:
                    raise TypeError(f"{kind.__name__} got '{new}' and its old name '{old}'. Give the first alone.")
                if new:
                    given[new] = value
            make(self, **given)

        kind.__init__ = renaming  # type: ignore[method-assign,assignment]  # the same but for the old names
        for old, one in going.items():
            if one.instead:
                setattr(kind, old, property(_reader(one)))
        return kind

    return decorate


def _reader(going: Deprecated) -> Callable[[Any], Any]:
    def read(spec: Any) -> Any:
        warnings.warn(going.warning(), stacklevel=2)
        return getattr(spec, going.instead)

    return read
