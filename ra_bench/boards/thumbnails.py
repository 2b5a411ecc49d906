"""Thumbnails in a board's folder: small pictures of films by id, below the version of the cohort that they are of."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from ra_bench.files import replacing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ra_bench.values import RunRecord

THUMBNAILS = "thumbnails"
_SUFFIX = ".jpg"


def read_thumbnails(folder: Path, records: Sequence[RunRecord]) -> dict[str, bytes]:
    """The pictures that are of the films of these records; those of another version of the cohort are not."""
    versions = {record.job.cohort for record in records}
    return {
        unquote(file.name.removesuffix(_SUFFIX)): file.read_bytes()
        for version in sorted(versions)
        for file in sorted((folder / THUMBNAILS / version).glob(f"*{_SUFFIX}"))
    }


def write_thumbnails(folder: Path, version: str, pictures: Mapping[str, bytes]) -> None:
    """Keep the pictures, each JPEG whole or not at all, in place of all that were there.

    Raises
    ------
    StorageError
        A file cannot be written.
    """
    remove_thumbnails(folder)
    for film, picture in pictures.items():
        # No id leaves the folder, whatever it holds.
        with replacing(folder / THUMBNAILS / version / f"{quote(film, safe='').replace('.', '%2E')}{_SUFFIX}") as file:
            file.write_bytes(picture)


def remove_thumbnails(folder: Path) -> None:
    """Remove all pictures, and the folders that are empty then."""
    for file in sorted((folder / THUMBNAILS).glob(f"*/*{_SUFFIX}")):
        file.unlink()
    for place in (*sorted((folder / THUMBNAILS).glob("*/")), folder / THUMBNAILS):
        if place.is_dir() and not any(place.iterdir()):
            place.rmdir()
