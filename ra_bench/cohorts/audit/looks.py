"""Looks at all films of a cohort; each film is decoded once, and again only when its file changed.

Where the size at which films will be used is known, they are put into their store on the way: a first run then decodes
each film once.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from ra_bench.cohorts.audit.kept_looks import LOOKS, LookWriter, look_key, read_looks
from ra_bench.cohorts.audit.look import Look, look_at
from ra_bench.cohorts.compose import side_by_side
from ra_bench.cohorts.film_log import StoredFilm, StoreWriter, read_index
from ra_bench.cohorts.greys import DecodedFilm
from ra_bench.cohorts.images import decode_film
from ra_bench.cohorts.parallel import Problem, attempt, try_each_film
from ra_bench.cohorts.store import DECODING, building, fitted, note_use, storage_errors, store_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from ra_bench.cohorts.store import OnFilms
    from ra_bench.values import Cohort, Film

    Files = tuple[Path, ...]
    """The file of a film, or those of its left and its right hand."""

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewStore:
    """The store that is filled on the way: of which cohort, how many films it will have, (height, width)."""

    name: str
    films: int
    size: tuple[int, int]


def look_at_files(
    films: Sequence[Files],
    *,
    window: tuple[float, float] | None = None,
    data: Path,
    name: str = "",
    size: tuple[int, int] | None = None,
    on_films: OnFilms | None = None,
) -> list[tuple[Look | Problem, ...]]:
    """The looks of every film, one a file, in order; or what is wrong with the file.

    Parameters
    ----------
    films
        Of each its file, or the files of its left and its right hand.
    window
        The cohort's: two percentiles, by which each file is windowed. It is part of what a look is kept by.
    data : Path
        The folder that keeps looks and stores. Looks that cannot be kept there (a read-only folder) cost time only.
    name, size
        The cohort's name, and (height, width): films that must be decoded are then put into that store too.
    on_films : callable, optional
        Gets what is done, films done and films in all.

    Raises
    ------
    StorageError
        The store cannot be written to. What was learnt is kept.
    """
    return _looks(
        partial(_see_files, window, size),
        films,
        names=[" + ".join(map(str, files)) for files in films],
        keys=[tuple(look_key(file, window) for file in files) for files in films],
        data=data,
        store=None if size is None else NewStore(name=name, films=len(films), size=size),
        on_films=on_films,
    )


def look_at_samples(cohort: Cohort, *, data: Path, on_films: OnFilms | None = None) -> list[Look | Problem]:
    """The look of every film of a cohort that has no files, such as a simulated one; kept by the cohort's version."""
    names = [sample.sample_id for sample in cohort.samples]
    seen = _looks(
        _see_film,
        [sample.film for sample in cohort.samples],
        names=names,
        keys=[(f"{cohort.version}|{name}",) for name in names],
        data=data,
        store=None,
        on_films=on_films,
    )
    return [look for (look,) in seen]


def film_content(looks: Sequence[Look]) -> str:
    """What identifies the grey values of a film, from the look of its file or those of its left and its right hand."""
    return " + ".join(look.digest for look in looks)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What is learnt of a film by decoding it: a look or a problem a file, and the film for the store, if any."""

    looks: tuple[Look | Problem, ...]
    film: StoredFilm | None = None


def _see_files(window: tuple[float, float] | None, size: tuple[int, int] | None, files: Files) -> _Seen:
    hands = [attempt(partial(_decode, window), file) for file in files]
    looks = tuple(hand if isinstance(hand, Problem) else hand[1] for hand in hands)
    whole = [hand for hand in hands if not isinstance(hand, Problem)]
    if size is None or len(whole) < len(files):
        return _Seen(looks=looks)
    greys = [film.greys for film, _ in whole]
    film = greys[0] if len(greys) == 1 else side_by_side(*greys)
    return _Seen(looks=looks, film=fitted(film, film_content([look for _, look in whole]), *size))


def _decode(window: tuple[float, float] | None, file: Path) -> tuple[DecodedFilm, Look]:
    film = decode_film(file, window)
    return film, look_at(film)


def _see_film(film: Film) -> _Seen:
    return _Seen(looks=(look_at(DecodedFilm(greys=film(), history=())),))


def _looks(
    work: Callable[[Item], _Seen],
    items: Sequence[Item],
    *,
    names: Sequence[str],
    keys: Sequence[tuple[str, ...]],
    data: Path,
    store: NewStore | None,
    on_films: OnFilms | None,
) -> list[tuple[Look | Problem, ...]]:
    known: dict[str, Look | Problem] = {**read_looks(data / LOOKS)}
    if not all(key in known for film in keys for key in film):
        with _alone(data, store, on_films):
            known |= read_looks(data / LOOKS)  # others may have decoded while we waited
            todo = [place for place, film in enumerate(keys) if not all(key in known for key in film)]
            seen = try_each_film(
                work,
                [items[place] for place in todo],
                names=[names[place] for place in todo],
                on_progress=None if on_films is None else partial(on_films, DECODING),
            )
            with _keeping(data, store, len(todo)) as keep:
                for place, found in zip(todo, seen, strict=True):
                    looks = (found,) * len(keys[place]) if isinstance(found, Problem) else found.looks
                    keep(keys[place], looks, None if isinstance(found, Problem) else found.film)
                    known |= dict(zip(keys[place], looks, strict=True))
    return [tuple(known[key] for key in film) for film in keys]


def _alone(data: Path, store: NewStore | None, on_films: OnFilms | None) -> AbstractContextManager[None]:
    return nullcontext() if store is None else _alone_in_store(data, store, on_films)


@contextmanager
def _alone_in_store(data: Path, store: NewStore, on_films: OnFilms | None) -> Iterator[None]:
    folder = store_folder(data, store.name, *store.size)
    with storage_errors(folder), building(folder, on_films):
        height, width = store.size
        note_use(folder, name=store.name, version="", height=height, width=width, asked=store.films)
        yield


@contextmanager
def _keeping(
    data: Path, store: NewStore | None, coming: int
) -> Iterator[Callable[[tuple[str, ...], tuple[Look | Problem, ...], StoredFilm | None], None]]:
    """Give a function that keeps what is learnt of a film, on disk before it returns.

    The film comes before its looks: where those stand, no film is decoded for them again.
    """
    with ExitStack() as stack:
        lines = stack.enter_context(LookWriter(data / LOOKS))
        stored: set[str] = set()
        writer: StoreWriter | None = None
        if store is not None and coming:
            folder = store_folder(data, store.name, *store.size)
            index, pixels = read_index(folder), store.size[0] * store.size[1]
            stored.update(index)
            writer = stack.enter_context(StoreWriter(folder, coming=coming, pixels=pixels, rows=index))

        def keep(keys: tuple[str, ...], looks: tuple[Look | Problem, ...], film: StoredFilm | None) -> None:
            if writer is not None and film is not None and film.content not in stored:
                writer.add(film)
                stored.add(film.content)
            for key, look in zip(keys, looks, strict=True):
                if isinstance(look, Look):
                    lines.add(key, look)

        yield keep
