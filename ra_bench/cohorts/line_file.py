"""Files to which whole lines of JSON are added. What a crash cut off or spoilt is a line less, and no more."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from io import FileIO
    from pathlib import Path


def read_lines(path: Path) -> list[Any]:
    """What the lines say; nothing where there is no file. A line that is no JSON is left out.

    Raises
    ------
    OSError
        The file is there and cannot be read.
    """
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return []
    found = []
    for line in lines:
        try:
            found.append(json.loads(line))
        except ValueError:  # the last line of a program that was killed
            continue
    return found


def open_lines(path: Path) -> FileIO:
    """A file to add lines to, made if it is not there. What was cut off before ends with its line.

    There is no buffer: what was written once stands however this process ends.

    Raises
    ------
    OSError
        It cannot be made or written to.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("ab", buffering=0)
    if path.stat().st_size and not path.read_bytes().endswith(b"\n"):
        write_all(file, b"\n")
    return file


def add_line(file: FileIO, content: Any) -> None:
    """Add a line of JSON.

    Raises
    ------
    OSError
        The disk is full, or fails. Part of the line may have been written.
    """
    write_all(file, json.dumps(content).encode() + b"\n")


def write_all(file: FileIO, data: bytes) -> None:
    """Write to a file without a buffer, which may take less than it is given."""
    left = memoryview(data)
    while left:
        left = left[file.write(left) :]
