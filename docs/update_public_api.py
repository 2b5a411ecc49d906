"""Write docs/reference/public-api.txt, a line a public thing: python docs/update_public_api.py.

A test compares it with the code. Whoever takes a line away takes it away from plugins of others.
"""

from __future__ import annotations

import inspect
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ra_bench
from ra_bench import hookspecs, parts
from ra_bench.files import write_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

FILE = Path(__file__).parent / "reference" / "public-api.txt"


def listing() -> list[str]:
    """A line a name, a field, a method, a signature, a hook."""
    lines = [line for module in (ra_bench, parts) for line in _module(module)]
    hooks = [name for name, value in vars(hookspecs).items() if hasattr(value, f"{hookspecs.PROJECT}_spec")]
    return [*lines, *(f"hook {name}{_signature(getattr(hookspecs, name))}" for name in hooks)]


def committed() -> set[str]:
    """The lines that stand in the file."""
    return set(FILE.read_text(encoding="utf-8").splitlines())


def _module(module: ModuleType) -> Iterator[str]:
    for name in module.__all__:
        value, path = getattr(module, name), f"{module.__name__}.{name}"
        if inspect.isclass(value):
            yield f"{path}({', '.join(base.__name__ for base in value.__bases__ if base is not object)})"
            yield from _members(path, value)
        elif inspect.isfunction(value):
            yield f"{path}{_signature(value)}"
        else:
            yield path


def _members(path: str, kind: type) -> Iterator[str]:
    if is_dataclass(kind):
        for field in fields(kind):
            has_default = field.default is not MISSING or field.default_factory is not MISSING
            default = repr(field.default) if field.default is not MISSING else "..."
            yield f"{path}.{field.name}: {field.type}{f' = {default}' if has_default else ''}"
    for name, value in vars(kind).items():
        if inspect.isfunction(value) and not name.startswith("_"):
            yield f"{path}.{name}{_signature(value)}"


def _signature(function: Any) -> str:
    return str(inspect.signature(function)).replace("'", "")


def main() -> None:
    """Write the file anew."""
    write_text(FILE, "\n".join(listing()) + "\n")


if __name__ == "__main__":
    main()
