"""The figures that the page draws itself, so that marks can be read and scatter plots moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ra_bench.values import Board

#: Characters that all specifications together may have, so that the page stays below 3 MB.
MOST = 1_000_000


def charts_on_page(board: Board, charts: Mapping[str, str]) -> dict[str, Markup]:
    r"""Specifications of the board's figures, by name, as text of a script element; what is too much is left out.

    Examples
    --------
    >>> from ra_bench import Board
    >>> board = Board(name="a", title="A", columns=(), rows=(), figures=(("cost", "Cost"),))
    >>> print(charts_on_page(board, {"cost": '{"title":"</script>"}'})["cost"])
    {"title":"\u003c/script>"}
    """
    found, room = {}, MOST
    for name, _ in board.figures:
        # Outside of strings JSON has no such sign, and inside it may be written so: nothing can end the element.
        text = charts.get(name, "").replace("<", "\\u003c")
        if 0 < len(text) <= room:
            room -= len(text)
            found[name] = Markup(text)  # noqa: S704
    return found
