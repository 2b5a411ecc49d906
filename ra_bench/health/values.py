"""What a look at one part gave: facts for anybody, and problems with what mends each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong, and how to mend it."""

    said: str
    fix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part that was looked at: sizes are in bytes."""

    name: str
    facts: Mapping[str, Any]
    problems: tuple[Problem, ...] = ()
