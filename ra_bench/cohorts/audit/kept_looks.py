"""The file that keeps looks at films, a line each, written as soon as the look is known.

What it cannot keep, or lost, costs time only.
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Self

from ra_bench.cohorts.audit.look import as_json, from_json
from ra_bench.cohorts.code_version import looking_version
from ra_bench.cohorts.line_file import add_line, open_lines, read_lines
from ra_bench.cohorts.locks import share

if TYPE_CHECKING:
    from io import FileIO
    from pathlib import Path
    from types import TracebackType

    from ra_bench.cohorts.audit.look import Look

#: Where looks are kept, in the data folder.
LOOKS = "film-looks.jsonl"

#: Where they were kept before; nothing reads it any more.
OLD_LOOKS = "film-digests.json"


def look_key(file: Path, window: tuple[float, float] | None) -> str:
    """What decides how a film file looks: path, size and time of change, the window if any, and what decodes it."""
    try:
        state = file.stat()
    except OSError:
        return f"{file}|cannot be looked at"
    shown = "" if window is None else f"|{window[0]:g},{window[1]:g}"
    return f"{file.resolve()}|{state.st_size}|{state.st_mtime_ns}{shown}|{looking_version()}"


def read_looks(file: Path) -> dict[str, Look]:
    """The looks kept, by key. What is spoilt, or cannot be read, counts for nothing: the films are decoded again."""
    known = {}
    with suppress(OSError):
        for line in read_lines(file):
            with suppress(ValueError, TypeError):
                key, look, check = line
                if check == _check(key, look):
                    known[key] = from_json(look)
        os.utime(file)  # `cohort cache` tells when it was used
    return known


class LookWriter:
    """Adds looks to their file, which is made with the first. Where it cannot be written to, adds nothing."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lines: FileIO | None = None
        self._open = ExitStack()
        self._works = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def add(self, key: str, look: Look) -> None:
        """Keep a look."""
        if not self._works:
            return
        try:
            if self._lines is None:
                self._open.enter_context(share(self._file))  # nobody deletes it meanwhile
                self._lines = self._open.enter_context(open_lines(self._file))
            kept = as_json(look)
            add_line(self._lines, [key, kept, _check(key, kept)])
        except OSError:
            self._works = False


def _check(key: str, look: object) -> str:
    return hashlib.sha256(json.dumps([key, look]).encode()).hexdigest()[:8]
