"""A proposed description, and what every proposal needs to know of a folder."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ra_bench.cohorts.images import FILM_SUFFIXES
from ra_bench.cohorts.matching import list_films
from ra_bench.errors import CohortError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ra_bench.cohorts.description import Description

PRIVATE = "Private: yes, so predictions of single patients stay out of leaderboards/ until you say otherwise."


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A description to check, and what was guessed, a sentence each."""

    description: Description
    guesses: tuple[str, ...]


def films_below(folder: Path) -> list[Path]:
    """All films of a folder and below.

    Raises
    ------
    CohortError
        There is none.
    """
    there = list_films(folder)
    if not there:
        raise CohortError(
            f"{folder}: no film in this folder or below. Films are {', '.join(FILM_SUFFIXES)} files; "
            "put them, or a link to their folder, here."
        )
    return there


def common_folder(folder: Path, films: Sequence[Path]) -> Path:
    """The deepest folder that holds all films."""
    common = films[0].parent
    while not all(film.is_relative_to(common) for film in films):
        common = common.parent
    return common if common.is_relative_to(folder) else folder


def seen_from(home: Path | None, folder: Path, path: Path) -> str:
    """A path as cohort.toml gives it: from its own folder, or in full where that is another one."""
    if home is None or home.resolve() == folder.resolve():
        return path.relative_to(folder).as_posix()
    return path.resolve().as_posix()


def cohort_name(folder: Path) -> str:
    """The folder's name, as a board's folder may be called."""
    return re.sub(r"[^\w.-]+", "-", folder.resolve().name).strip("-") or "cohort"
