from __future__ import annotations

import re

import pytest

from ra_bench.boards.board import build_board
from ra_bench.boards.render.escape import code, escaped
from ra_bench.boards.render.markdown import render
from ra_bench.boards.render.numbers import as_text, fixed
from ra_bench.values import Board, BoardRow, Column, MetricValue


@pytest.fixture
def page(made):
    return render(
        build_board(
            "made-up",
            records=made.board_records(),
            metrics=made.metrics,
            baselines=("mean", "statistics"),
            failures=[made.failure("resnet50", "The loss became nan in epoch 3.")],
            simulated=True,
        )
    )


def line_of(page, name):
    return next(line for line in page.splitlines() if f"| {name} " in line)


def test_intervals_stand_in_brackets():
    assert as_text(MetricValue(value=0.711, low=0.648, high=0.7601), 2) == "0.71 (0.65–0.76)"


def test_an_interval_below_zero_is_written_with_to():
    assert as_text(MetricValue(value=0.01, low=-0.1, high=0.12), 2) == "0.01 (-0.10 to 0.12)"


def test_what_is_undefined_is_not_available():
    assert as_text(MetricValue(value=float("nan")), 2) == "n/a"
    assert fixed(float("inf"), 2) == "n/a"


def test_a_metric_that_a_row_lacks_is_an_empty_cell():
    assert as_text(None, 2) == ""


def test_a_constant_model_shows_no_rho(page):
    assert "| n/a |" in re.sub(" +", " ", line_of(page, "collapsed"))


def test_a_failed_model_is_listed_with_its_reason(page):
    assert re.search(r"\| resnet50 +\| +0 \| failed \| The loss became nan in epoch 3\. +\|", page)


def test_the_title_and_the_first_line_say_simulated(page):
    assert page.startswith("# made-up, simulated cohort\n\n**Simulated films, simulated readers.**")


def test_sections_stand_in_order(page):
    headings = [line.removeprefix("## ") for line in page.splitlines() if line.startswith("## ")]
    assert headings == [
        "Models",
        "Readers: the same measures, reader against reader",
        "Baselines: what every model must beat",
        "Not finished",
        "Cost",
        "Remarks",
        "About this board",
    ]


def test_lines_of_a_table_are_equally_long(page):
    tables = re.findall(r"(?:^\|.*\n)+", page, flags=re.MULTILINE)
    assert len(tables) == 5
    assert all(len({len(line) for line in table.splitlines()}) == 1 for table in tables)


def test_shared_ranks_and_their_intervals_are_shown(page):
    assert "2 (2–3)" in line_of(page, "close-a")
    assert "2 (2–3)" in line_of(page, "close-b")


def test_nothing_is_bold_or_starred_in_a_table(page):
    assert not [line for line in page.splitlines() if line.startswith("|") and "*" in line]


def test_units_and_methods_are_said_once(page):
    assert page.count("95 % intervals (rho, CCC: percentile bootstrap; MAE, RMSE: BCa bootstrap)") == 1
    assert "MAE, RMSE, bias within ± in SvH units." in page


def test_films_and_patients_are_counted_below_the_models(page):
    assert "Measured on 60 films of 60 patients." in page.split("## Readers")[0]


def test_the_scale_is_said_below_the_models(made):
    facts = (("scale", "SvH, both hands, 0 to 280 SvH units"),)
    board = build_board("made-up", records=made.board_records(), metrics=made.metrics, facts=facts)
    assert "Scores: SvH, both hands, 0 to 280 SvH units." in render(board).split("##")[1]


def test_what_a_paper_prints_is_not_rounded_again():
    rows = tuple(
        BoardRow(kind="published", name=name, metrics={"rmse": MetricValue(value=value)})
        for name, value in (("a", 18.75), ("b", 15.7))
    )
    column = Column(metric="rmse", label="RMSE", unit="", best="low", digits=1)
    page = render(Board(name="b", title="b", columns=(column,), rows=rows))
    assert "18.75" in page
    assert "15.70" in page


def test_the_same_board_gives_the_same_bytes(made):
    first, second = (
        render(build_board("made-up", records=made.board_records(), metrics=made.metrics)) for _ in range(2)
    )
    assert first == second


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a|b", r"a\|b"),
        ("<script>", "&lt;script>"),
        ("a\nb\r\n\tc", "a b c"),
        ("`rm`", r"\`rm\`"),
        ("[x](http://y)", r"\[x\](http://y)"),
        ("*bold* _it_", r"\*bold\* \_it\_"),
        ("&lt;b&gt;", "&amp;lt;b&amp;gt;"),
        ("p > 0.05 & more", "p > 0.05 & more"),
        ("# heading", r"\# heading"),
        ("1. list", r"1\. list"),
        ("- list", r"\- list"),
        ("-3.5", "-3.5"),
        ("0.71", "0.71"),
        ("> quotation", r"\> quotation"),
        ("abc\u202edef", "abc(U+202E)def"),
        ("zero\u200bwidth", "zero(U+200B)width"),
        ("bell\x07", "bell(U+0007)"),
        ("back\\slash", r"back\\slash"),
    ],
)
def test_hostile_text_is_shown_as_text(text, expected):
    assert escaped(text) == expected


def test_a_code_span_cannot_be_left():
    assert code("a `` b") == "``` a `` b ```"


def test_hostile_names_stay_in_their_cells():
    name = "evil | <img src=x> `code`\n| new row \u202e"
    row = BoardRow(kind="model", name=name, rank=1, remark=name)
    page = render(Board(name="b", title=name, columns=(), rows=(row,), facts=((name, name),), remarks=(name,)))
    assert "<img" not in page
    assert "\u202e" not in page
    assert not [line for line in page.splitlines() if line.startswith("| new row")]
    table = [line for line in page.splitlines() if line.startswith("|")]
    assert [len(re.findall(r"(?<!\\)\|", line)) for line in table] == [3, 3, 3]


def test_an_empty_board_says_how_to_fill_it():
    page = render(Board(name="b", title="b", columns=(), rows=(), facts=(("command", "ra-bench run --models all"),)))
    assert "Nothing is measured yet. This command measures: `ra-bench run --models all`" in page


def test_a_board_of_baselines_alone_does_not_say_that_nothing_is_measured():
    row = BoardRow(kind="baseline", name="mean", films=9, metrics={"mae": MetricValue(value=29.0)})
    column = Column(metric="mae", label="MAE", unit="", best="low", digits=1)
    page = render(Board(name="b", title="b", columns=(column,), rows=(row,)))
    assert "No model is measured yet." in page
    assert "Nothing is measured" not in page
    assert "lower is better" in page


HOSTILE = [
    "a|b",
    "<script>alert(1)</script>",
    "<b>bold</b> &lt; &amp; &#60;",
    "`code` ``more``",
    "[link](http://example.org) ![picture](x)",
    "*bold* **bold** _it_ __it__ snake_case ~~gone~~",
    "\\| \\\\ \\`",
    "# heading",
    "1. list",
    "- list",
    "+ list",
    "* list",
    "> quotation",
    "---",
    "===",
    "```",
    "<http://example.org> <a@b.org>",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_markdown_reader_sees_hostile_text_as_it_was_written(text):
    from markdown_it import MarkdownIt

    page = f"{escaped(text)}\n\n- {escaped(text)}\n\n| a |\n| - |\n| {escaped(text)} |\n"
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(page)
    inline = [token for token in tokens if token.type == "inline"]
    seen = ["".join(child.content for child in token.children or ()) for token in inline]
    assert seen == [text, text, "a", text]
    kinds = {child.type for token in inline for child in token.children or ()}
    assert kinds <= {"text", "text_special"}
