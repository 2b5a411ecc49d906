"""What a renderer promises: text from a board, the same each time, in which a guest's names do nothing."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING

from ra_bench.errors import PluginError
from ra_bench.testing.naming import check_name
from ra_bench.values import Board, BoardFiles, BoardRow, Column, MetricValue

if TYPE_CHECKING:
    from ra_bench.specs import RendererSpec
    from ra_bench.testing.check import Promise

_NAN = float("nan")

#: What would run, or leave its place, if it were written as it is.
HOSTILE = "<script>alert(1)</script>|'\"`*\n# not a heading\u202e"

#: Files that a browser runs scripts in; markdown among them, which may hold HTML.
_OF_BROWSERS = frozenset({".html", ".htm", ".xhtml", ".svg", ".xml", ".md"})


def spec(renderer: RendererSpec) -> None:
    """Its file has a name and a suffix that begins with a point."""
    check_name("renderer", renderer.name)
    check_name("file", renderer.stem)
    if not renderer.suffix.startswith(".") or "/" in renderer.suffix:
        raise PluginError(
            f"The renderer '{renderer.name}' has the suffix {renderer.suffix!r}. Let it begin with a point, such as "
            "'.csv'."
        )


def text(renderer: RendererSpec) -> str:
    """It gives text for a board, for one without rows, and for one of failures and missing numbers."""
    sizes = []
    for what, shown in {
        "a board": board(),
        "a board without rows": empty_board(),
        "failures only": failed_board(),
    }.items():
        given = rendered(renderer, shown)
        if not isinstance(given, str):
            raise PluginError(
                f"The renderer '{renderer.name}' gives a {type(given).__name__} for {what}. Return a str: the suite "
                "writes the file."
            )
        sizes.append(len(given))
    if not sizes[0]:
        raise PluginError(f"The renderer '{renderer.name}' gives nothing for a board with rows. Return its text.")
    return f"{sizes[0]:,} characters"


def same_bytes(renderer: RendererSpec) -> None:
    """The same board gives the same bytes, and is not changed by it."""
    shown = board()
    kept = copy.deepcopy(shown)
    first, second = rendered(renderer, shown), rendered(renderer, board())
    if first != second:
        place = next((n for n, pair in enumerate(zip(first, second, strict=False)) if pair[0] != pair[1]), len(first))
        raise PluginError(
            f"The renderer '{renderer.name}' gives other text for the same board, from character {place} on: "
            f"{first[place : place + 30]!r}, then {second[place : place + 30]!r}. Take date, time, random ids and the "
            "order of sets out of it: `ra-bench leaderboard check` compares bytes."
        )
    if shown != kept and repr(shown) != repr(kept):
        raise PluginError(f"The renderer '{renderer.name}' changes the board that it is given. Build a text, no more.")


def hostile_text(renderer: RendererSpec) -> None:
    """Names and remarks of guests are written as they are read, and do nothing."""
    given = rendered(renderer, board(HOSTILE))
    if renderer.suffix == ".json":
        try:
            json.loads(given)
        except ValueError as error:
            raise PluginError(
                f"The renderer '{renderer.name}' writes what is no JSON once a name holds quotation marks and line "
                f"breaks ({error}). Write it with json.dumps."
            ) from error
    elif renderer.suffix in _OF_BROWSERS and "<script>alert" in given:
        raise PluginError(
            f"The renderer '{renderer.name}' copies a name of a guest with its markup: "
            f"{given[max(0, given.index('<script>alert') - 20) :][:60]!r}. A page would run it. Escape what comes from "
            "the board: html.escape, or jinja2 with autoescape=True; in markdown write &lt; for <."
        )


RENDERER: tuple[Promise, ...] = (spec, text, same_bytes, hostile_text)


def rendered(renderer: RendererSpec, shown: Board) -> str:
    """What it makes of a board that has no records."""
    text: str = renderer.render(shown, BoardFiles()) if renderer.takes_files else renderer.render(shown)
    return text


def board(word: str = "net") -> Board:
    """A model, a baseline, a reader and a failure; `word` stands wherever a guest may write."""
    column = Column(metric="rmse", label=f"RMSE {word}", unit="SvH units", best="low", digits=1)
    value = MetricValue(value=17.46, low=16.0, high=19.25, method="bca")
    return Board(
        name="tiny-smoke",
        title=f"tiny {word}, simulated cohort",
        columns=(column,),
        rows=(
            BoardRow(kind="model", name=word, rank=1, seeds=(0,), films=8, metrics={"rmse": value}, parameters=117),
            BoardRow(kind="baseline", name=f"mean {word}", films=8, metrics={"rmse": MetricValue(value=_NAN)}),
            BoardRow(kind="reader", name=f"reader {word}", films=8, metrics={"rmse": value}),
            BoardRow(kind="failed", name=f"torn {word}", seeds=(0,), remark=f"It said: {word}"),
        ),
        facts=(("Cohort", f"tiny {word}"),),
        remarks=(f"A remark on {word}.",),
        simulated=True,
    )


def empty_board() -> Board:
    """Nothing was measured yet."""
    return Board(name="tiny-smoke", title="tiny", columns=(), rows=())


def failed_board() -> Board:
    """All models failed."""
    row = BoardRow(kind="failed", name="net", seeds=(0,), remark="The loss became nan.")
    return Board(name="tiny-smoke", title="tiny", columns=board().columns, rows=(row,))
