"""README.md shows what is, and says simulated where it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from ra_bench.boards.render.json import render
from ra_bench.values import Board, BoardRow, Column, MetricValue

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def readme(root: Path) -> str:
    return (root / "README.md").read_text(encoding="utf-8")


def board(*rows: BoardRow) -> Board:
    columns = (Column(metric="rmse", label="RMSE", unit="SvH units", best="low", digits=1),)
    facts = (("protocol", "quick: small films."), ("measured on", "9 films of 9 patients"))
    return Board(name="synthetic-hands", title="t", columns=columns, rows=rows, facts=facts, simulated=True)


def row(kind: Any, name: str, rank: int | None = None) -> BoardRow:
    return BoardRow(kind=kind, name=name, rank=rank, metrics={"rmse": MetricValue(value=20.0, low=18.0, high=23.0)})


def test_the_block_is_what_the_board_gives(readme: str, root: Path, readme_script: dict[str, Any]) -> None:
    block = readme_script["board_block"](root / "leaderboards" / "synthetic-hands" / "board.json")
    assert readme == readme_script["with_block"](readme, block), "run: python docs/update_readme.py"


def test_without_a_board_the_block_says_how_it_is_made(tmp_path: Path, readme_script: dict[str, Any]) -> None:
    block = readme_script["board_block"](tmp_path / "board.json")
    assert "`make run` makes this board" in block
    assert "*simulated*" in block


def test_a_board_becomes_one_table_with_models_first(tmp_path: Path, readme_script: dict[str, Any]) -> None:
    rows = (row("baseline", "mean"), row("reader", "B against A"), row("model", "net", 1), row("failed", "other"))
    (tmp_path / "board.json").write_text(render(board(*rows)), encoding="utf-8")
    block = readme_script["board_block"](tmp_path / "board.json")
    names = [line.split("|")[2].strip() for line in block.splitlines() if line.startswith("|")]
    assert names[2:] == ["net", "B against A", "mean"]
    assert "| 20.0 (18.0–23.0) |" in block
    assert block.startswith("**Simulated films, simulated readers.** quick: small films. Measured on 9 films")
    assert "Not finished: other." in block


def test_only_the_block_is_replaced(readme_script: dict[str, Any]) -> None:
    start, end = readme_script["START"], readme_script["END"]
    assert readme_script["with_block"](f"a\n{start}\nold\n{end}\nb\n", "new") == f"a\n{start}\nnew\n{end}\nb\n"


def test_copied_code_is_the_file_word_for_word(copied: Any, root: Path) -> None:
    assert copied.text == (root / copied.options["from"]).read_text(encoding="utf-8")


def test_the_own_model_is_shown_whole_and_has_about_20_lines(readme: str, root: Path) -> None:
    code = (root / "examples" / "own_model.py").read_text(encoding="utf-8")
    assert code in readme
    assert len([line for line in code.splitlines() if line.strip()]) <= 20


def test_the_picture_is_there_and_called_simulated(readme: str, root: Path) -> None:
    (picture,) = re.findall(r"!\[([^\]]*)\]\(([^)]+)\)\n\n\*Simulated films, simulated readers", readme)
    assert "simulated" in picture[0]
    assert (root / picture[1]).read_bytes().startswith(b"\x89PNG")
