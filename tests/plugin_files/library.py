"""A collection for the tests: a library of sixty models that says when it is asked, and one that cannot be asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ra_bench import CollectionSpec, ModelSpec, hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterable

ASKED: list[str] = []


def names() -> Iterable[str]:
    ASKED.append("names")
    return ["small", "small.tag", "large.tag", "wrong", *(f"quite-another-net-{number}" for number in range(56))]


def find(name: str) -> Any:
    ASKED.append(name)
    if name == "wrong":
        return "no model"
    overrides = {"height": 8} if name == "large.tag" else {}
    return ModelSpec(name=name, build=dict, citation="Nobody.", overrides=overrides)


def broken() -> Iterable[str]:
    raise ImportError("no library")


@hookimpl
def register_collections() -> list[CollectionSpec]:
    return [
        CollectionSpec(name="library", find=find, names=names, summary="any model of the library"),
        CollectionSpec(name="broken", find=find, names=broken, summary="cannot be asked"),
    ]
