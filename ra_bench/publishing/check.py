"""Whether the files of a board are what its records give: made again beside it, and held against it byte by byte.

What a renderer or a figure writes is not known here, and need not be: all that is made again is compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from ra_bench.boards.facts import COHORT
from ra_bench.boards.folder import BOARD, RECORDS
from ra_bench.boards.leaderboard import rebuild
from ra_bench.boards.render.escape import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ra_bench.boards.leaderboard import Rebuilt
    from ra_bench.specs import MetricSpec, RendererSpec

#: Lines of a difference that are shown.
SHOWN = 40
_VERSION, _PROTOCOL = ", version ", "protocol"
#: How the files are named that renderers make.
_MADE = (BOARD, "index")


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A file that is not what it should be, by its name below the board's folder, and what is otherwise, in lines."""

    file: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A board made again, its files by their names, and where they are not those in its folder."""

    made: Rebuilt
    files: dict[str, bytes]
    differences: tuple[Difference, ...]


def check_board(folder: Path, metrics: Sequence[MetricSpec], renderers: Sequence[RendererSpec]) -> Checked:
    """Make a board again and compare; nothing in its folder is touched.

    Parameters
    ----------
    folder : Path
        The board's folder.
    metrics, renderers
        The registered ones.

    Returns
    -------
    Checked
        Without differences where every file is what the records give.

    Raises
    ------
    RecordError, UnknownNameError, PluginError
        The board cannot be made from what lies in its folder.
    """
    with TemporaryDirectory(prefix="ra-bench-check-") as place:
        made = rebuild(folder, metrics, renderers, into=Path(place))
        files = {file.relative_to(place).as_posix(): file.read_bytes() for file in _files(Path(place))}
    found = [*_compared(folder, files), *_stale(folder, files), *_contradictions(made)]
    return Checked(made=made, files=files, differences=tuple(found))


def _files(folder: Path) -> Iterator[Path]:
    return (file for file in sorted(folder.rglob("*")) if file.is_file())


def _compared(folder: Path, files: dict[str, bytes]) -> Iterator[Difference]:
    for name, content in files.items():
        there = folder / name
        if not there.is_file():
            yield Difference(file=name, lines=("is not there",))
        elif (was := there.read_bytes()) != content:
            yield Difference(file=name, lines=_lines(name, was, content))


def _lines(name: str, was: bytes, now: bytes) -> tuple[str, ...]:
    """A unified diff, or that there is none where one of the two is no text."""
    try:
        before, after = was.decode("utf-8").splitlines(), now.decode("utf-8").splitlines()
    except UnicodeDecodeError:
        return (f"other bytes: {len(was):,} in the folder, {len(now):,} made again",)
    lines = [
        visible(line)
        for line in unified_diff(before, after, f"{name} in the folder", f"{name} made again", "", "", 0, "")
    ]
    if not lines:
        return ("other line ends",)
    more = [f"... and {len(lines) - SHOWN:,} lines more"] if len(lines) > SHOWN else []
    return (*lines[:SHOWN], *more)


def _stale(folder: Path, files: dict[str, bytes]) -> Iterator[Difference]:
    """Files that look as if they were made, and are not any more: a person's own files have other names."""
    folders = {Path(name).parent.as_posix() for name in files} - {"."}
    for file in _files(folder):
        name = file.relative_to(folder)
        looks_made = name.parent.as_posix() in folders or (len(name.parts) == 1 and name.stem in _MADE)
        if looks_made and name.as_posix() not in files and name.parts[0] != RECORDS:
            told = "nothing that is installed makes it. Install its plugin, give it with -p, or delete the file"
            yield Difference(file=name.as_posix(), lines=(told,))


def _contradictions(made: Rebuilt) -> Iterator[Difference]:
    """What the board says of its cohort and protocol is kept from board.json: the records must say the same."""
    for job in [record.job for record in made.records[:1]]:
        for name, value in made.board.facts:
            says, holds = "", ""
            if name == COHORT and _VERSION in value:
                says, holds = value.rpartition(_VERSION)[2].partition(",")[0], job.cohort
            elif name == _PROTOCOL and ":" in value:
                says, holds = value.partition(":")[0], job.protocol
            if says != holds:
                told = f"says {name} {visible(says)!r}; the records hold {visible(holds)!r}"
                yield Difference(file=f"{BOARD}.json", lines=(told,))
