"""Files are written whole or not at all: beside themselves, flushed, renamed."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING

from ra_bench.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def replacing(path: Path, *, aside: Path | None = None) -> Iterator[Path]:
    """Give a path beside `path` to write to; on leaving without an error, flush it to disk and rename it to `path`.

    What stood at `path` is renamed to `aside` before, where one is given.

    Raises
    ------
    StorageError
        No space left, a read-only folder, or any other refusal of the file system. `path` is then as it was.
    """
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=path.suffix)
        os.close(handle)
        temporary = Path(name)
        yield temporary
        with temporary.open("rb+") as written:
            os.fsync(written.fileno())
        temporary.chmod(0o644)  # mkstemp keeps others out; results are to be read
        if aside is not None and path.exists():
            path.replace(aside)
        temporary.replace(path)
    except OSError as error:
        raise StorageError(
            f"Cannot write {path}: {error.strerror or error}.\n"
            "What stood there before is untouched. Free some space or choose a folder that can be written to."
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def sweep(path: Path) -> None:
    """Delete what processes that were killed left half written beside `path`; only where nobody writes to it now."""
    for left in path.parent.glob(f".{escape(path.name)}.????????{path.suffix}"):
        left.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 file whole or not at all.

    Examples
    --------
    >>> folder = getfixture("tmp_path")
    >>> write_text(folder / "board.md", "# Board\\n")
    >>> (folder / "board.md").read_text()
    '# Board\\n'
    """
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="")


def make_folder(folder: Path) -> Path:
    """Make a folder, if it is not there, and give it back.

    Raises
    ------
    StorageError
        No space left, a read-only folder, or a file where the folder should be.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"Cannot make the folder {folder}: {error.strerror or error}. "
            "Free some space or choose a folder that can be written to."
        ) from error
    return folder
