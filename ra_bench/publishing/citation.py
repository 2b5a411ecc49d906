"""CITATION.cff of a published board: the board, what it was made with, and what its models and films cite."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ra_bench import __version__
from ra_bench.publishing.yaml_text import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ra_bench.values import Board, RunRecord

CITATION = "CITATION.cff"
_PUBLISHER = "The publisher of this board"


def citation(board: Board, records: Sequence[RunRecord], citations: Iterable[str]) -> str:
    """The file's text, Citation File Format 1.2.0.

    Parameters
    ----------
    board : Board
        What is cited.
    records : sequence of RunRecord
        Of the board; the last to finish gives the date.
    citations : iterable of str
        Of the models, as their packages give them.
    """
    finished = max((record.finished[:10] for record in records), default="")
    cited = dict.fromkeys(
        [*(value for name, value in board.facts if name in ("citation", "published rows")), *citations]
    )
    lines = [
        "cff-version: 1.2.0",
        'message: "If you use these results, please cite this board, and the films and models it is about."',
        f"title: {quoted(f'Leaderboard: {board.title}')}",
        "type: dataset",
        "authors:",
        f"  - name: {quoted(_PUBLISHER)}",
        *([f"date-released: {quoted(finished)}"] if finished else []),
        "references:",
        "  - type: software",
        '    title: "ra-bench"',
        f"    version: {quoted(_made_with(records))}",
        "    authors:",
        '      - name: "The ra-bench authors"',
    ]
    for text in cited:
        lines += ["  - type: generic", f"    title: {quoted(text)}", "    authors:", '      - name: "See the title"']
    return "\n".join(lines) + "\n"


def _made_with(records: Sequence[RunRecord]) -> str:
    versions = sorted({record.environment["ra-bench"] for record in records if "ra-bench" in record.environment})
    return ", ".join(versions) or __version__
