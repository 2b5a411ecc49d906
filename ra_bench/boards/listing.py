"""Which boards there are in a folder of boards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ra_bench.boards.folder import BOARD
from ra_bench.boards.render.json import read_board
from ra_bench.errors import RecordError

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedBoard:
    """A board's name and title, and how many of its rows are models (with baselines), readers and of a paper."""

    name: str
    title: str
    models: int
    readers: int
    published: int


def list_boards(boards: Path) -> list[ListedBoard]:
    """Every board in a folder, in the order of their names.

    Raises
    ------
    RecordError
        A board.json that cannot be read.
    """
    return [_listed(file) for file in sorted(boards.glob(f"*/{BOARD}.json"))]


def _listed(file: Path) -> ListedBoard:
    try:
        board = read_board(file.read_text(encoding="utf-8"))
    except (OSError, RecordError) as error:
        raise RecordError(f"{file} cannot be read: {error}") from error
    kinds = [row.kind for row in board.rows]
    return ListedBoard(
        name=file.parent.name,
        title=board.title,
        models=kinds.count("model") + kinds.count("baseline"),
        readers=kinds.count("reader"),
        published=kinds.count("published"),
    )
