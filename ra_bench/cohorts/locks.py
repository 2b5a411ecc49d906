"""Locks on a folder that may be deleted while others wait for it. The system frees them however a process ends."""

from __future__ import annotations

import errno
import fcntl
import os
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType


class Lock:
    """A lock that is held until this is closed, or forgotten."""

    def __init__(self, path: Path, file: int) -> None:
        self.path = path
        self.file = file

    def close(self) -> None:
        """Let others have it."""
        if self.file >= 0:
            os.close(self.file)
            self.file = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()


def share(path: Path) -> Lock:
    """Hold a lock file together with others, none of whom may have it alone.

    The file and its folder are made if they are not there; one in a folder that is read-only is held too.

    Raises
    ------
    OSError
        It cannot be made.
    """
    return _held(path, fcntl.LOCK_SH)


def alone(path: Path, on_wait: Callable[[], None] | None = None) -> Lock:
    """Hold a lock file alone; wait for others, and call `on_wait` once if there are any.

    Raises
    ------
    OSError
        It cannot be made.
    """
    try:
        return _held(path, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        if on_wait is not None:
            on_wait()
        return _held(path, fcntl.LOCK_EX)


def alone_at_once(path: Path) -> Lock | None:
    """Hold a lock file alone, or None where anybody else holds it.

    Raises
    ------
    OSError
        It cannot be made.
    """
    try:
        return _held(path, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return None


def _held(path: Path, kind: int) -> Lock:
    # flock and no library: filelock's lock for several readers is a database in a folder that must be writable, is tied
    # to threads, and is not held by processes that were forked.
    while True:
        lock = Lock(path, _open(path))
        fcntl.flock(lock.file, kind)
        if _is_there(lock):
            return lock
        lock.close()  # the folder was deleted while we waited: take the lock that is there now


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except PermissionError:
        return os.open(path, os.O_RDONLY)  # enough to lock, but on some network drives
    except OSError as error:
        if error.errno != errno.EROFS:
            raise
        return os.open(path, os.O_RDONLY)


def _is_there(lock: Lock) -> bool:
    try:
        return os.path.samestat(lock.path.stat(), os.fstat(lock.file))
    except FileNotFoundError:
        return False
