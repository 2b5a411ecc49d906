"""What a layout is: which keys of `cohort.toml` it settles, how its table is known, and how it is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from ra_bench.cohorts.table import Entry
    from ra_bench.values import Scale


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a layout's reader found. `scale` and `readers` are given where only the table tells them."""

    entries: tuple[Entry, ...]
    remarks: tuple[str, ...] = ()
    scale: Scale | None = None
    readers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A layout that is known by name.

    `settles` gives the keys that `cohort.toml` may not have, for films with one hand or, where it `composes`, with two;
    `facts` those that it may. `tables` gives the files below a folder that are this layout's table (a folder, where
    the layout has a file a split); `read` takes it and whether two films with one hand become one with two.
    """

    name: str
    settles: Callable[[bool], Mapping[str, Any]]
    facts: Mapping[str, str]
    composes: bool
    #: Whether a proposal composes: where the layout's score is one of both hands.
    composed_at_first: bool = False
    tables: Callable[[Path], list[Path]]
    read: Callable[[Path, bool], Found]
