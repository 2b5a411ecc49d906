"""One run a folder at a time."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from ra_bench.errors import BusyError, StorageError
from ra_bench.files import make_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: Seconds to wait: `ra-bench doctor` takes the lock for an instant, to see whether a run has it.
_PATIENCE = 1.0


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold a folder for one run.

    Raises
    ------
    BusyError
        Another process holds it.
    StorageError
        The folder cannot be written to.
    """
    lock = FileLock(make_folder(folder) / ".lock", timeout=_PATIENCE)
    try:
        lock.acquire()
    except Timeout as error:
        raise BusyError(
            f"Another run is working in {folder}. Wait until it ends, or give this one folders of its own with --runs "
            "and --boards."
        ) from error
    except OSError as error:
        raise StorageError(
            f"Cannot write to the folder {folder}: {error.strerror or error}. Choose another one with --runs."
        ) from error
    try:
        yield
    finally:
        lock.release()
