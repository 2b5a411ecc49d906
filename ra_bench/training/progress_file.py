"""The file in which a job keeps how far it has come: a line that tells, then what torch saved. Read without torch.

The line is JSON: whose progress it is, the reports so far, and size and hash of what follows. Two files are kept, the
newest and the one before, so that a damaged file costs an epoch and not the job.
"""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, cast

from ra_bench.errors import StorageError
from ra_bench.files import replacing, sweep
from ra_bench.values import EpochReport

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import BinaryIO

#: Files in a job's folder: the weights that predicted, and what a job goes on from.
CHECKPOINT, RESUME = "checkpoint.pt", "resume.pt"

#: Another number, and what was kept is not used: raise it when the line or what follows it changes its meaning.
FORMAT = 1

_CHUNK = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """The line: `seconds` are those of all tries so far, `size` and `sha256` tell of the bytes that follow it."""

    format: int = FORMAT
    job: str
    torch: str
    seconds: float
    reports: tuple[EpochReport, ...]
    size: int = 0
    sha256: str = "0" * 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a look at a job's files gave: the newest that can be used, if any, and a phrase on each that cannot."""

    file: Path | None = None
    kept: Kept | None = None
    troubles: tuple[str, ...] = ()


def previous(file: Path) -> Path:
    """Where the file before the newest is kept.

    Examples
    --------
    >>> from pathlib import Path
    >>> previous(Path("resume.pt")).name
    'resume.previous.pt'
    """
    return file.with_suffix(f".previous{file.suffix}")


def has_progress(file: Path) -> bool:
    """Whether an earlier try kept anything, of use or not."""
    return file.exists() or previous(file).exists()


def find_progress(file: Path, job: str) -> Found:
    """Look for the newest whole file of this job, written by this version of ra-bench and of torch."""
    troubles: list[str] = []
    for candidate in (file, previous(file)):
        if candidate.exists():
            kept, trouble = _trouble(candidate, job)
            if not trouble:
                return Found(file=candidate, kept=kept, troubles=tuple(troubles))
            troubles.append(f"{candidate.name} {trouble}")
    return Found(troubles=tuple(troubles))


def how_far(found: Found) -> str:
    """One phrase on what was found, "" where there was nothing: "goes on after epoch 3 of 6"."""
    if found.kept is None:
        return f"starts afresh: {'; '.join(found.troubles)}" if found.troubles else ""
    last = found.kept.reports[-1]
    why = f" ({'; '.join(found.troubles)})" if found.troubles else ""
    return f"goes on after epoch {last.epoch} of {last.epochs}{why}"


def torch_version() -> str:
    """The version of torch, without importing it: another one may compute other bits."""
    return version("torch")


def write_progress(file: Path, kept: Kept, save: Callable[[BinaryIO], None]) -> None:
    """Write line and content, whole or not at all; what stood there becomes the file before the newest.

    Raises
    ------
    StorageError
        No space left, a read-only folder, or any other refusal of the file system.
    """
    with replacing(file, aside=previous(file)) as temporary, temporary.open("wb") as opened:
        opened.write(_line(kept))
        counted = _Counted(opened)
        try:
            save(cast("BinaryIO", counted))
        except RuntimeError:  # torch hides a full disk behind an error of its own
            if counted.refused is None:
                raise
            raise counted.refused from None
        opened.seek(0)
        opened.write(_line(replace(kept, size=counted.size, sha256=counted.digest.hexdigest())))


def open_content(file: Path) -> BinaryIO:
    """What follows the line, of a file that `find_progress` found whole, as a file of its own."""
    return io.BufferedReader(_Content(file))


def forget_progress(file: Path) -> None:
    """Delete what was kept, and what a killed process left half written beside it.

    Raises
    ------
    StorageError
        The folder cannot be written to.
    """
    try:
        sweep(file)
        for each in (file, previous(file)):
            each.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(
            f"Cannot delete {file}: {error.strerror or error}. Choose a folder that can be written to."
        ) from error


class _Counted(io.RawIOBase):
    """Passes bytes on, and keeps their number, their hash and the refusal of a full disk."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.size, self.digest = file, 0, hashlib.sha256()
        self.refused: OSError | None = None

    def writable(self) -> bool:
        return True

    def write(self, content: bytes | bytearray | memoryview) -> int:  # type: ignore[override]  # bytes come, no more
        try:
            self.file.write(content)
        except OSError as error:
            self.refused = error
            raise
        self.digest.update(content)
        self.size += len(content)
        return len(content)


class _Content(io.RawIOBase):
    """Reads what follows the line; places are counted from its end."""

    def __init__(self, file: Path) -> None:
        self._opened = file.open("rb")
        self._start = len(self._opened.readline())

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._opened.seek(offset + self._start * (whence == io.SEEK_SET), whence) - self._start

    def readinto(self, buffer: Any) -> int:
        return self._opened.readinto(buffer)

    def close(self) -> None:
        self._opened.close()
        super().close()


def _line(kept: Kept) -> bytes:
    """Always as long as it will be at last: `size` is filled up with blanks."""
    content = asdict(kept) | {"size": f"{kept.size:20d}"}
    return json.dumps(content).encode() + b"\n"


def _trouble(candidate: Path, job: str) -> tuple[Kept | None, str]:
    """The line of a file that can be used, or a phrase on why it cannot."""
    try:
        with candidate.open("rb") as opened:
            kept, trouble = _read_line(opened.readline(), job)
            return kept, trouble if kept is None else _damage(opened, kept)
    except OSError as error:
        return None, f"cannot be read ({error.strerror or error})"


def _read_line(line: bytes, job: str) -> tuple[Kept | None, str]:
    try:
        content = json.loads(line)
        made_by = content["format"]
        if made_by != FORMAT:
            return None, f"is of another version of ra-bench (format {made_by}, this one reads {FORMAT})"
        reports = tuple(EpochReport(**report) for report in content["reports"])
        kept = Kept(**content | {"reports": reports, "size": int(content["size"])})
    except (ValueError, TypeError, KeyError):
        return None, "is damaged (its first line cannot be read)"
    if kept.job != job:
        return None, f"is of another job ({kept.job[:12]}, this one is {job[:12]})"
    if kept.torch != torch_version():
        return None, f"is of another torch ({kept.torch}, this one is {torch_version()})"
    return kept, ""


def _damage(opened: BinaryIO, kept: Kept) -> str:
    """A phrase where the bytes after the line are not those that were written."""
    digest, size = hashlib.sha256(), 0
    while chunk := opened.read(_CHUNK):
        digest.update(chunk)
        size += len(chunk)
    if size != kept.size:
        return f"is truncated ({size:,} of {kept.size:,} bytes)"
    return "" if digest.hexdigest() == kept.sha256 else "is damaged (its bytes are not those that were written)"
