"""Put the board of `make run` into README.md, between its two marks: python docs/update_readme.py."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ra_bench.boards.columns import MEASURED_ON, RANK
from ra_bench.boards.render.escape import escaped
from ra_bench.boards.render.json import read_board
from ra_bench.boards.render.numbers import as_text, rank_of, three_digits
from ra_bench.boards.render.table import TableColumn, table
from ra_bench.files import write_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ra_bench.values import Board, BoardRow

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
FOLDER = "leaderboards/synthetic-hands"
START, END = "<!-- board:start -->", "<!-- board:end -->"

NOT_YET = (
    "`make run` makes this board. Its films and its readers are *simulated*: "
    "it shows how the suite works, not how well a model reads a real film."
)
#: The board has more columns; these fit a page.
SHOWN = ("rho", "mae", "rmse", "rmse_reader_ratio")


def board_block(file: Path) -> str:
    """What stands between the marks: the board of a board.json, or a sentence where there is none."""
    if not file.exists():
        return NOT_YET
    board = read_board(file.read_text(encoding="utf-8"))
    rows = [row for kind in ("model", "reader", "baseline") for row in board.rows if row.kind == kind]
    said = "**Simulated films, simulated readers.** " if board.simulated else ""
    facts = dict(board.facts)
    about = f"{said}{facts.get('protocol', '')} Measured on {facts.get(MEASURED_ON, 'no film yet')}."
    below = f"In brackets: 95 % intervals, or the range of the rank. All of it: [{FOLDER}/board.md]({FOLDER}/board.md)."
    return "\n\n".join([about, "\n".join(table(_columns(board, rows))), *_unfinished(board), below])


def with_block(readme: str, block: str) -> str:
    """A README with what stands between its marks replaced."""
    before, _, rest = readme.partition(START)
    _, _, after = rest.partition(END)
    return f"{before}{START}\n{block}\n{END}{after}"


def _columns(board: Board, rows: Sequence[BoardRow]) -> list[TableColumn]:
    shown = [column for name in SHOWN for column in board.columns if column.metric == name]
    return [
        TableColumn(
            heading="Rank",
            cells=tuple(rank_of(row, row.metrics.get(RANK)) if row.kind == "model" else row.kind for row in rows),
        ),
        TableColumn(heading="Who reads", cells=tuple(escaped(row.name) for row in rows), right=False),
        *(
            TableColumn(
                heading=escaped(column.label),
                cells=tuple(as_text(row.metrics.get(column.metric), column.digits) for row in rows),
            )
            for column in shown
        ),
        TableColumn(
            heading="Parameters (M)",
            cells=tuple("" if row.parameters is None else three_digits(row.parameters / 1e6) for row in rows),
        ),
        TableColumn(
            heading="Pretrained on", cells=tuple(escaped(row.pretrained_on or "") for row in rows), right=False
        ),
    ]


def _unfinished(board: Board) -> list[str]:
    names = [escaped(row.name) for row in board.rows if row.kind in ("failed", "waiting")]
    return [f"Not finished: {', '.join(names)}."] if names else []


def main() -> None:
    """Write README.md anew."""
    readme = README.read_text(encoding="utf-8")
    write_text(README, with_block(readme, board_block(ROOT / FOLDER / "board.json")))


if __name__ == "__main__":
    main()
