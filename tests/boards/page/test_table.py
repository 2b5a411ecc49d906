"""The table of the page: sorted, filtered and cut to columns, by mouse and by keyboard."""

from __future__ import annotations

import pytest

#: Of one column what is shown in the rows of the models; empty where the column is hidden.
COLUMN = """(label) => {
  const place = [...document.querySelectorAll("#board thead th")]
    .findIndex((head) => !head.hidden && head.innerText.startsWith(label));
  return place < 0 ? [] : [...document.querySelectorAll("#board .model tr:not(.group)")]
    .map((row) => row.cells[place].innerText);
}"""


@pytest.fixture
def page(opened, written):
    return opened(written.file)


def heading(page, label):
    return page.locator("#board thead button", has_text=label).first


def column(page, label):
    return page.evaluate(COLUMN, label)


def numbers(texts):
    return [float(text.split()[0]) for text in texts]


def names(page, group):
    return page.locator(f"#board .{group} tr:not(.group):visible th bdi").all_text_contents()


def test_sorting_puts_the_better_end_first_and_what_is_undefined_last_both_ways(page):
    heading(page, "rho").click()
    first = column(page, "rho")
    heading(page, "rho").click()
    second = column(page, "rho")
    assert numbers(first[:-1]) == sorted(numbers(first[:-1]), reverse=True)
    assert numbers(second[:-1]) == sorted(numbers(second[:-1]))
    assert first[-1] == second[-1] == "n/a"
    assert len(set(first)) == 4


def test_low_is_better_starts_with_the_lowest_number_not_the_first_in_the_alphabet(page):
    heading(page, "MAE").click()
    found = numbers(column(page, "MAE"))
    assert found == sorted(found)
    assert found[0] < 10 <= found[-1]


def test_the_sorted_column_says_so_and_no_other(page):
    heading(page, "rho").click()
    heading(page, "RMSE").click()
    marked = page.locator("#board th[aria-sort]")
    assert marked.count() == 1
    assert marked.get_attribute("aria-sort") == "ascending"
    assert marked.inner_text().startswith("RMSE")


def test_published_rows_are_sorted_among_themselves_and_marked(page):
    before = names(page, "published")
    heading(page, "RMSE").click()
    after = names(page, "published")
    assert after[0] == "radiologist 2 against radiologist 1"
    assert sorted(after) == sorted(before)
    assert after != before
    groups = page.locator("#board tbody").evaluate_all("bodies => bodies.map((body) => body.className)")
    assert groups == ["model", "reader", "baseline", "published"]
    assert page.locator("#board .published .mark").all_text_contents() == ["published"] * 8


def test_published_rows_have_no_rank(page):
    ranks = page.locator("#board .published tr:not(.group)").evaluate_all(
        "rows => rows.map((r) => r.cells[1].innerText)"
    )
    assert ranks == [""] * 8
    assert "1 (1–1)" in column(page, "Rank")


def test_the_order_of_the_board_comes_back(page):
    before = names(page, "model")
    heading(page, "Name").click()
    heading(page, "Name").click()
    assert names(page, "model") == sorted(before, reverse=True) != before
    page.get_by_role("button", name="Order of the board").click()
    assert names(page, "model") == before
    assert page.locator("#board th[aria-sort]").count() == 0


def test_the_table_is_sorted_by_keyboard(page):
    heading(page, "RMSE").focus()
    page.keyboard.press("Enter")
    first = names(page, "model")
    page.keyboard.press("Space")
    assert first[0] == "best"
    assert names(page, "model") == first[::-1]
    assert page.evaluate("document.activeElement.innerText").startswith("RMSE")


def test_filtering_counts_the_rows_and_hides_empty_groups(page):
    count = page.locator("#count")
    assert count.inner_text() == "15 of 15 rows"
    page.get_by_label("Filter rows").fill("CLOSE")
    assert count.inner_text() == "2 of 15 rows"
    assert sorted(names(page, "model")) == ["close-a", "close-b"]
    assert page.locator("#board tr.group:visible").count() == 1


def test_all_words_of_a_filter_must_be_in_a_row_or_name_its_group(page):
    page.get_by_label("Filter rows").fill("published mobilenetv2 chexpert")
    assert names(page, "published") == ["MobileNetV2, transfer"]
    assert page.locator("#count").inner_text() == "1 of 15 rows"


def test_escape_empties_the_filter(page):
    page.get_by_label("Filter rows").fill("no such row")
    assert page.locator("#board tbody tr:visible").count() == 0
    page.keyboard.press("Escape")
    assert page.locator("#count").inner_text() == "15 of 15 rows"


def test_sorting_keeps_the_filter(page):
    page.get_by_label("Filter rows").fill("close")
    heading(page, "RMSE").click()
    assert sorted(names(page, "model")) == ["close-a", "close-b"]


def test_the_columns_at_first_are_those_of_the_markdown_board(page, written):
    lines = (written.folder / "board.md").read_text().split("## Models\n\n")[1].splitlines()
    expected = [cell.strip().rstrip("↑↓ ") for cell in lines[0].strip("|").split("|")]
    heads = page.locator("#board thead th:visible button").evaluate_all(
        "buttons => buttons.map((button) => button.firstChild.textContent.trim())"
    )
    assert heads == ["Name", *(head for head in expected if head != "Model")]


def test_a_column_is_shown_and_hidden_with_all_its_cells(page):
    assert column(page, "Parameters (M)") == []
    page.get_by_text("Columns", exact=True).click()
    box = page.get_by_role("checkbox", name="Parameters (M)")
    box.check()
    assert column(page, "Parameters (M)") == ["23.5"] * 4
    assert page.locator("#board .published td:visible", has_text="3.7").count() == 1
    box.uncheck()
    assert page.locator("#board td:visible", has_text="23.5").count() == 0


def test_a_column_is_chosen_by_keyboard(page):
    page.locator("#chooser summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert column(page, "Rank") == []
    assert len(column(page, "rho")) == 4
