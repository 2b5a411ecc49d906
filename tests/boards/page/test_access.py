"""Who can use the page, and where: contrast, roles, a telephone, paper, an old machine."""

from __future__ import annotations

import pytest

from ra_bench.boards.render.html import render
from ra_bench.values import Board, BoardFiles, BoardRow, Column, MetricValue

#: WCAG 2.2, AA: text (1.4.3), and what must be seen to use a control or read a picture (1.4.11).
TEXT, GRAPHICS = 4.5, 3.0
#: What is shown below its contrast, as [what, ratio]; and how many were looked at.
CONTRASTS = """([text, graphics]) => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const linear = (part) => (part /= 255) <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  const light = ([red, green, blue]) => 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
  const ratio = (one, two) => {
    const [low, high] = [light(rgba(one)), light(rgba(two))].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const behind = (node) => {
    for (; node; node = node.parentElement) {
      const own = getComputedStyle(node).backgroundColor;
      if (rgba(own)[3] === 255) return own;
    }
    return "white";
  };
  const has = (node) => [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
  const found = [];
  for (const node of document.querySelectorAll("body *")) {
    if (!node.checkVisibility() || !node.getClientRects().length || !has(node) || node.matches("option")) continue;
    const style = getComputedStyle(node), ink = node.ownerSVGElement ? style.fill : style.color;
    found.push([node.textContent.trim().slice(0, 30), ratio(ink, behind(node)), text]);
  }
  for (const node of document.querySelectorAll(".dots, .chosen, .identity, .tick")) {
    const style = getComputedStyle(node), share = style.strokeOpacity * style.opacity * 100, ground = behind(node);
    const ink = `color-mix(in srgb, ${style.stroke} ${share}%, ${ground})`;
    found.push([node.getAttribute("class"), ratio(ink, ground), graphics]);
  }
  for (const node of document.querySelectorAll("input[type=search], select, .controls > button")) {
    const edge = getComputedStyle(node).borderTopColor;
    found.push([node.outerHTML.slice(0, 30), ratio(edge, behind(node.parentElement)), graphics]);
  }
  return [found.filter(([, is, least]) => is < least), found.length];
}"""
#: What can be used, or looked at, but has no name for a screen reader.
NAMELESS = """() => [...document.querySelectorAll("button, input, select, a, [role=region], [role=img]")]
  .filter((node) => !(node.getAttribute("aria-label") || node.getAttribute("aria-labelledby")
    || node.labels?.length || node.innerText?.trim()))
  .map((node) => node.outerHTML.slice(0, 80))"""
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("media", ["screen", "print"])
def test_all_that_is_shown_has_enough_contrast(opened, written, scheme, media):
    page = opened(written.file, color_scheme=scheme)
    page.locator("#chooser summary").click()
    page.get_by_role("slider").press("End")
    page.emulate_media(media=media, color_scheme=scheme)
    too_faint, looked_at = page.evaluate(CONTRASTS, [TEXT, GRAPHICS])
    assert too_faint == []
    assert looked_at > 200


def test_the_page_is_dark_where_the_reader_s_system_is(opened, written):
    colour = "getComputedStyle(document.body).backgroundColor"
    assert opened(written.file, color_scheme="light").evaluate(colour) == "rgb(255, 255, 255)"
    assert opened(written.file, color_scheme="dark").evaluate(colour) == "rgb(20, 23, 26)"


def test_all_that_can_be_used_has_a_name(opened, written):
    assert opened(written.file).evaluate(NAMELESS) == []


def test_a_screen_reader_is_told_of_table_headings_rows_and_controls(opened, written):
    page = opened(written.file)
    page.locator("#chooser summary").click()
    table = page.get_by_role("table", name="Table")
    assert table.get_by_role("columnheader", name="rho ↑, higher is better").count() == 0
    assert table.get_by_role("columnheader", name="rho , higher is better").count() == 1
    assert table.get_by_role("rowheader", name="best").count() == 1
    assert page.get_by_role("searchbox", name="Filter rows").count() == 1
    assert page.get_by_role("status").count() == 1
    assert page.get_by_role("group", name="Show these columns").get_by_role("checkbox").count() > 10
    assert page.get_by_role("img", name="A dot a film").count() == 1
    assert page.get_by_role("main").count() == 1
    assert page.get_by_role("heading", level=1).count() == 1


def test_the_tab_key_reaches_every_control_but_not_each_single_number(opened, written):
    page = opened(written.file)
    on = "(document.activeElement.closest('[id]')?.id ?? '') + ' ' + document.activeElement.tagName"
    reached = [(page.keyboard.press("Tab"), page.evaluate(on))[1] for _ in range(45)]
    assert {
        "filter INPUT",
        "as-made BUTTON",
        "chooser SUMMARY",
        "board BUTTON",
        "board A",
        "model SELECT",
        "film INPUT",
    } <= set(reached)
    assert reached.count("board A") == 14


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_tables_scroll_within_the_page_and_do_not_widen_it(opened, written, width):
    page = opened(written.file, viewport={"width": width, "height": 800})
    assert page.evaluate(WIDER) <= 0


def test_on_paper_there_are_no_controls_and_no_column_is_cut_off(opened, written):
    page = opened(written.file, viewport={"width": 1032, "height": 700})
    page.emulate_media(media="print")
    assert page.locator("input:visible, summary:visible, #as-made:visible").count() == 0
    assert page.evaluate(WIDER) <= 0
    assert page.evaluate("document.getElementById('board').getBoundingClientRect().right <= innerWidth")


def test_what_a_name_holds_does_nothing(opened, written):
    page = opened(written.file)
    assert page.locator("h1").inner_text() == "<img src=x onerror=alert(1)><script>alert(2)</script>"
    assert page.locator("img").count() == 0
    assert page.title() == "<img src=x onerror=alert(1)><script>alert(2)</script>"


def test_the_page_s_own_policy_refuses_what_would_be_fetched(browser, written):
    page = browser.new_page()
    page.goto(written.file.as_uri())
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.evaluate("fetch('http://127.0.0.1:9/').catch(() => null)")
    page.close()
    assert "violates the following Content Security Policy" in said[0]


def test_thousands_of_films_open_in_under_two_seconds(made, opened, tmp_path):
    rows = tuple(
        BoardRow(kind="model", name=f"m{place}", metrics={"rmse": MetricValue(value=10)}) for place in range(12)
    )
    columns = (Column(metric="rmse", label="RMSE", unit="", best="low", digits=1),)
    records = tuple(made.record(row.name, made.predictions(10, place, 7_000)) for place, row in enumerate(rows))
    board = Board(name="big", title="big", columns=columns, rows=rows)
    (tmp_path / "index.html").write_text(render(board, BoardFiles(records=records)), encoding="utf-8")
    page = opened(tmp_path / "index.html")
    assert page.evaluate("performance.getEntriesByType('navigation')[0].domComplete") < 2_000
    page.get_by_role("slider").press("End")
    assert page.locator("#said dd").first.inner_text().startswith("film")
