"""A folder with all that a board needs to be read, served, cited and checked by somebody else."""

from __future__ import annotations

import hashlib
import re
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from ra_bench.boards.folder import BOARD, PUBLISHED, RECORDS
from ra_bench.errors import RecordError, StorageError
from ra_bench.files import replacing, sweep
from ra_bench.publishing.about import AboutModel, about_models, by_model, measured
from ra_bench.publishing.card import model_card
from ra_bench.publishing.citation import CITATION, citation
from ra_bench.publishing.reproduce import reproduce
from ra_bench.runs.records import HISTORY, PREDICTIONS, RECORD, VALIDATION

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ra_bench.plugins import Registry
    from ra_bench.publishing.check import Checked
    from ra_bench.values import Board

REPRODUCE, SUMS, CARDS = "REPRODUCE.md", "SHA256SUMS", "cards"
#: What web servers show for a folder.
INDEX = "index.html"
_SUM = re.compile(r"[0-9a-f]{64}  (.+)")
_UNSAFE = re.compile(r"[^A-Za-z0-9._+-]")


def published_files(registry: Registry, folder: Path, checked: Checked) -> dict[str, bytes]:
    """All files of the published folder, by their names below it, but for SHA256SUMS.

    Parameters
    ----------
    registry : Registry
        Where the models' packages are asked for citations.
    folder : Path
        The board's folder. A CITATION.cff in it is taken as it is.
    checked : Checked
        From `check_board`, of that folder.

    Raises
    ------
    RecordError
        The files of the board are not what its records give.
    """
    if checked.differences:
        names = ", ".join(difference.file for difference in checked.differences)
        raise RecordError(
            f"The board in {folder} is not what its records give: {names}. See 'ra-bench leaderboard check "
            f"{folder.name}', or write it anew: ra-bench leaderboard build {folder.name}"
        )
    board, records = checked.made.board, checked.made.records
    about = about_models(registry, records)
    own = folder / CITATION
    texts = {
        REPRODUCE: reproduce(board, records),
        CITATION: own.read_text(encoding="utf-8")
        if own.is_file()
        else citation(board, records, [found.citation for found in about.values()]),
        **_cards(board, checked, about),
    }
    files = dict(checked.files)
    if INDEX not in files and f"{BOARD}.html" in files:
        files[INDEX] = files.pop(f"{BOARD}.html")
    files |= {name: text.encode() for name, text in texts.items()}
    files |= dict(_kept(folder, board))
    return dict(sorted(files.items()))


def write_published(files: Mapping[str, bytes], target: Path) -> list[str]:
    """Write the files and their SHA256SUMS; what an earlier publication left is removed, all else stays.

    Parameters
    ----------
    files : mapping of str to bytes
        From `published_files`.
    target : Path
        A folder that is not there, that is empty, or that an earlier publication wrote.

    Returns
    -------
    list of str
        The names of all files.

    Raises
    ------
    StorageError
        The folder holds something else, or cannot be written to.
    """
    before = _listed(target)
    sums = {name: f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in files.items()}
    stale = [name for name in before if name not in files]
    # Whose folder it is comes first, so that a publication that was stopped can be done again.
    _write(target / SUMS, "".join([*sums.values(), *(f"{'0' * 64}  {name}\n" for name in stale)]).encode())
    for name, content in files.items():
        sweep(target / name)
        _write(target / name, content)
    for name in stale:
        _remove(target, name)
    _write(target / SUMS, "".join(sums.values()).encode())
    return [*files, SUMS]


def _cards(board: Board, checked: Checked, about: Mapping[str, AboutModel]) -> dict[str, str]:
    records = by_model(checked.made.records)
    cards: dict[str, str] = {}
    for row in measured(board):
        name = plain = _UNSAFE.sub("-", row.name.replace("/", "--")).lstrip(".") or "model"
        for number in count(2):
            if f"{CARDS}/{name}.md" not in cards:
                break
            name = f"{plain}-{number}"
        cards[f"{CARDS}/{name}.md"] = model_card(
            board, row, records.get(row.name, []), about.get(row.name, AboutModel())
        )
    return cards


def _kept(folder: Path, board: Board) -> Iterator[tuple[str, bytes]]:
    """What the board was made of: published rows, and records unless nobody may see them."""
    names = [] if board.private else [RECORD, PREDICTIONS, VALIDATION, HISTORY]
    files = [folder / PUBLISHED, *(file for name in names for file in sorted((folder / RECORDS).glob(f"*/{name}")))]
    for file in files:
        if file.is_file():
            yield file.relative_to(folder).as_posix(), file.read_bytes()


def _listed(target: Path) -> list[str]:
    """Files of an earlier publication; none where there was none."""
    if target.is_dir() and not any(target.iterdir()):
        return []
    if not target.exists():
        return []
    sums = target / SUMS
    if not sums.is_file():
        raise StorageError(
            f"{target} is not empty, and holds no {SUMS} of an earlier publication. Name another folder with --out."
        )
    found = [_SUM.fullmatch(line) for line in sums.read_text(encoding="utf-8").splitlines()]
    return [match[1] for match in found if match]


def _remove(target: Path, name: str) -> None:
    """Remove a file of an earlier publication, and its folder if nothing else is in it; never one outside."""
    file = target / name
    if ".." in Path(name).parts or Path(name).is_absolute() or not file.is_file():
        return
    file.unlink()
    for folder in list(file.parents)[: len(Path(name).parts) - 1]:
        if any(folder.iterdir()):
            return
        folder.rmdir()


def _write(file: Path, content: bytes) -> None:
    with replacing(file) as temporary:
        temporary.write_bytes(content)
