"""Looks at all films of a cohort; each film is decoded once, and again only when its file changed."""

from __future__ import annotations

import json
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from ra_bench.cohorts.audit.look import Look, as_json, from_json, look_at
from ra_bench.cohorts.greys import DecodedFilm
from ra_bench.cohorts.images import decode_film
from ra_bench.cohorts.parallel import Problem, try_each_film
from ra_bench.errors import StorageError
from ra_bench.files import write_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from ra_bench.values import Cohort, Film

Item = TypeVar("Item")

#: The file in the data folder that keeps looks.
CACHE = "film-digests.json"
_FORMAT = 2


def look_at_files(
    files: Sequence[Path],
    *,
    window: tuple[float, float] | None = None,
    cache: Path | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> tuple[Look | Problem, ...]:
    """The look of every file, in order, or what is wrong with it.

    `window` is the cohort's: two percentiles, by which each film is windowed. It is part of what the cache is kept by.
    `cache` is a JSON file that keeps looks by path, size and time of change. What it cannot keep (a read-only
    folder) costs time only. Where no film can be read, it is not written.
    """
    names, keys = [str(file) for file in files], [_key(file, window) for file in files]
    return _looks(partial(_look_at_file, window), files, names, keys, cache, on_progress)


def look_at_samples(
    cohort: Cohort, *, cache: Path | None = None, on_progress: Callable[[int, int], None] | None = None
) -> tuple[Look | Problem, ...]:
    """The look of every film of a cohort that has no files, such as a simulated one; kept by the cohort's version."""
    names = [sample.sample_id for sample in cohort.samples]
    keys = [f"{cohort.version}|{name}" for name in names]
    return _looks(_look_at_film, [sample.film for sample in cohort.samples], names, keys, cache, on_progress)


def _look_at_file(window: tuple[float, float] | None, file: Path) -> Look:
    return look_at(decode_film(file, window))


def _look_at_film(film: Film) -> Look:
    return look_at(DecodedFilm(greys=film(), history=()))


def _looks(
    work: Callable[[Item], Look],
    items: Sequence[Item],
    names: Sequence[str],
    keys: Sequence[str | None],
    cache: Path | None,
    on_progress: Callable[[int, int], None] | None,
) -> tuple[Look | Problem, ...]:
    known = _read_cache(cache)
    todo = [place for place, key in enumerate(keys) if key is None or key not in known]
    made = try_each_film(
        work, [items[place] for place in todo], names=[names[place] for place in todo], on_progress=on_progress
    )
    found = dict(zip(todo, made, strict=True))
    looks = tuple(found[place] if place in found else known[key or ""] for place, key in enumerate(keys))
    new = {key: looks[place] for place, key in enumerate(keys) if key is not None and place in found}
    kept = known | {key: look for key, look in new.items() if isinstance(look, Look)}
    if cache is not None and len(kept) > len(known):
        films = {key: as_json(look) for key, look in kept.items()}
        with suppress(StorageError):
            write_text(cache, json.dumps({"format": _FORMAT, "films": films}, indent=0))
    return looks


def _key(file: Path, window: tuple[float, float] | None) -> str | None:
    """Path, size and time of change of a file, and the window if any; None where it cannot be looked at."""
    try:
        state = file.stat()
    except OSError:
        return None
    shown = "" if window is None else f"|{window[0]:g},{window[1]:g}"
    return f"{file.resolve()}|{state.st_size}|{state.st_mtime_ns}{shown}"


def _read_cache(cache: Path | None) -> dict[str, Look]:
    """The looks kept; nothing where there is no cache, or one that cannot be understood."""
    if cache is None:
        return {}
    try:
        kept = json.loads(cache.read_text(encoding="utf-8"))
        if kept["format"] == _FORMAT:
            return {str(key): from_json(look) for key, look in kept["films"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass  # it is only a cache
    return {}
