"""The figures that the page draws itself: read with the pointer, moved, zoomed, printed, and safe with any name."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from ra_bench.boards.board import build_board
from ra_bench.boards.leaderboard import save_board
from ra_bench.boards.render.html import render
from ra_bench.specs import RendererSpec
from ra_bench.values import Predictions

pytestmark = pytest.mark.slow  # each draws a board's figures in a browser

HTML = RendererSpec(name="html", suffix=".html", render=render, stem="index", takes_files=True)
HARM = "<img src=x onerror=alert(1)><script>alert(2)</script>"
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def page_file(made, tmp_path_factory):
    """A board with figures, on which every film has a name that would do harm."""
    folder = tmp_path_factory.mktemp("figures")
    records = [
        replace(
            record,
            predictions=replace(record.predictions, ids=tuple(f"{HARM}{name}" for name in record.predictions.ids)),
        )
        for record in made.board_records()
    ]
    write(made, records, folder)
    return folder / "index.html"


def write(made, records, folder):
    board = build_board("made-up", records=records, metrics=made.metrics, baselines=("mean", "statistics"))
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("RA_BENCH_FIGURES", raising=False)
        save_board(board, records, folder, (HTML,))


@pytest.mark.parametrize("films", [1, 2, 12])
def test_figures_of_very_few_films_are_drawn_without_a_complaint(made, opened, tmp_path, films):
    def cut(record):
        given = record.predictions
        readings = {reader: scores[:films] for reader, scores in given.readings.items()}
        first = {"ids": given.ids[:films], "patients": given.patients[:films], "predicted": given.predicted[:films]}
        return replace(record, predictions=Predictions(readings=readings, **first))

    write(made, [cut(record) for record in made.board_records()], tmp_path)
    page = drawn(opened(tmp_path / "index.html"))
    assert page.locator(".chart svg").count() > 5


@pytest.fixture
def page(opened, page_file):
    found = drawn(opened(page_file))
    found.locator("#chart-prediction").scroll_into_view_if_needed()
    return found


def drawn(page):
    from playwright.sync_api import expect

    expect(page.locator(".chart svg")).to_have_count(page.locator(".chart").count(), timeout=20_000)
    return page


def frame(page):
    """Where the first scatter plot lies in the window: its middle."""
    box = page.locator("#chart-prediction .mark-symbol.role-mark").first.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def labels(page):
    """The scores on the horizontal axis of the first scatter plot."""
    return page.locator("#chart-prediction .role-axis-label").first


def test_every_figure_of_the_board_is_drawn_and_linked(page, page_file):
    names = [file.stem for file in sorted((page_file.parent / "figures").iterdir())]
    assert len(names) == 9
    assert sorted(page.locator(".chart").evaluate_all("all => all.map((one) => one.id)")) == [
        f"chart-{n}" for n in names
    ]
    assert page.locator("#chart-ranks").get_by_text("Ranks by RMSE").is_visible()
    assert page.locator("figcaption a").count() == len(names)


def test_the_page_draws_what_the_files_show(page, page_file):
    """The same points at the same places, drawn once here and once by another program."""
    places = re.compile(r'<path[^>]* transform="translate\(([-\d.,]+)\)" d="M[^"]*A')  # with an arc: circles
    svg = (page_file.parent / "figures" / "calibration.svg").read_text(encoding="utf-8")
    assert len(places.findall(svg)) > 5
    assert places.findall(page.locator("#chart-calibration svg").evaluate("node => node.outerHTML")) == places.findall(
        svg
    )


def test_a_mark_tells_its_film_and_scores_and_a_name_does_nothing(page):
    page.locator("#chart-prediction .mark-symbol path").first.hover(force=True)
    tip = page.locator("#vg-tooltip-element.visible")
    tip.wait_for()
    lines = tip.inner_text().splitlines()
    assert [line.split("\t")[0] for line in lines] == ["film", "reference", "predicted"]
    assert HARM in lines[0]
    assert page.locator("img").count() == 0


def test_a_scatter_plot_is_moved_by_dragging_and_put_back_by_two_clicks(page):
    from playwright.sync_api import expect

    x, y = frame(page)
    before = labels(page).text_content()
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 90, y - 60, steps=4)
    page.mouse.up()
    expect(labels(page)).not_to_have_text(before)
    page.mouse.dblclick(x, y)
    expect(labels(page)).to_have_text(before)


def test_the_wheel_zooms_with_shift_and_scrolls_the_page_without(page):
    from playwright.sync_api import expect

    before, top = labels(page).text_content(), page.evaluate("scrollY")
    page.mouse.move(*frame(page))
    page.mouse.wheel(0, 120)
    page.wait_for_timeout(300)
    assert page.evaluate("scrollY") > top
    expect(labels(page)).to_have_text(before)
    page.keyboard.down("Shift")
    page.mouse.wheel(0, -400)
    expect(labels(page)).not_to_have_text(before)


def test_the_policy_of_the_page_lets_only_its_own_scripts_run(page):
    policy = page.locator("meta[http-equiv]").get_attribute("content")
    assert "unsafe" not in policy
    assert len(re.findall("'sha256-", policy)) == 3  # styles, the page's script, Vega


@pytest.mark.parametrize("width", [320, 1280])
def test_figures_do_not_widen_the_page(opened, page_file, width):
    assert drawn(opened(page_file, viewport={"width": width, "height": 800})).evaluate(WIDER) <= 0


def test_figures_are_on_paper_too(page):
    page.emulate_media(media="print")
    assert page.locator(".chart > svg:visible").count() == page.locator(".chart").count()
    assert page.locator("#how-to-read:visible").count() == 0
    assert page.evaluate(WIDER) <= 0
    heights = page.locator(".chart svg").evaluate_all("all => all.map((one) => one.getBoundingClientRect().height)")
    assert max(heights) < 186 / 25.4 * 96  # A4 across, within its margins


def test_without_scripts_the_files_are_linked(opened, page_file):
    page = opened(page_file, java_script_enabled=False)
    assert page.locator(".chart:visible, #how-to-read:visible").count() == 0
    assert page.locator("figcaption a:visible").count() == 9
