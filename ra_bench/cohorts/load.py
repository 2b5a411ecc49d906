"""From a `cohort.toml` to a cohort: films found, readings checked, what must be known said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ra_bench.cohorts.audit.finding import refuse
from ra_bench.cohorts.audit.inspect import inspect_described

if TYPE_CHECKING:
    from pathlib import Path

    from ra_bench.cohorts.store import OnFilms
    from ra_bench.values import Cohort


def load_cohort(
    file: Path, data_dir: Path, *, size: tuple[int, int] | None = None, on_films: OnFilms | None = None
) -> Cohort:
    """The cohort that a `cohort.toml` describes; every film is decoded once to check it and to know its pixels.

    Parameters
    ----------
    file : Path
        The description.
    data_dir : Path
        Keeps what films look like, so that films that did not change are not decoded again.
    size : (height, width), optional
        Films that are decoded now are put into the store of this size too (`store.open_store`).
    on_films : callable, optional
        Gets what is done, films done and films in all.

    Raises
    ------
    DescriptionError, TableError, FilmError
        Something is wrong with the description, the table or the films; all films at once.
    LeakError
        Two patients have one and the same film, or one patient stands on two sides of the cohort's own split.
    CohortError
        No film has a reading.
    StorageError
        The store cannot be written to.
    """
    found = inspect_described(file, data_dir, size=size, on_films=on_films)
    refuse(found.findings, file)
    if found.cohort is None:
        raise AssertionError("films that cannot be used are errors")
    return found.cohort
