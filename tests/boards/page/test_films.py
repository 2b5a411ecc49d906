"""Films on the page: what a dot is, by pointer and by keyboard; and what is there without a script."""

from __future__ import annotations

import numpy as np
import pytest

#: Where the dot of a film is on the screen.
PLACE = """(film) => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const dots = document.getElementById("dots"), plot = document.getElementById("plot").getBoundingClientRect();
  const [x, y] = dots.getAttribute("d").split("M")[data.ids.indexOf(film) + 1].split("h")[0].split(" ").map(Number);
  return [plot.left + x * plot.width / 480, plot.top + y * plot.height / 480];
}"""


@pytest.fixture
def page(opened, written):
    return opened(written.file)


def said(page):
    """What is said of the chosen film, by its name."""
    return dict(
        zip(page.locator("#said dt").all_text_contents(), page.locator("#said dd").all_text_contents(), strict=True)
    )


def expected(written, place, model):
    given, reference = written.records[0].predictions, written.reference[place]
    predicted = written.predicted(model)[place]
    return {
        "film": given.ids[place],
        "reference": f"{reference:.1f}",
        **{reader: f"{scores[place]:.1f}" for reader, scores in given.readings.items()},
        "predicted": f"{predicted:.1f}",
        "error": f"{predicted - reference:+.1f}",
    }


def lone(written, model):
    """A film whose dot lies far from all others, so that the pointer cannot mean another."""
    dots = np.stack([written.reference, written.predicted(model)])
    apart = np.linalg.norm(dots[:, :, None] - dots[:, None, :], axis=0) + np.eye(dots.shape[1]) * 1e9
    return int(apart.min(axis=0).argmax())


def point(page, film):
    page.locator("#plot").scroll_into_view_if_needed()
    x, y = page.evaluate(PLACE, film)
    page.mouse.move(x + 2, y - 2)


def test_pointing_at_a_dot_names_its_film_its_readings_and_the_mean_over_seeds(page, written):
    place = lone(written, "best")
    point(page, written.records[0].predictions.ids[place])
    assert said(page) == expected(written, place, "best")


def test_another_model_has_its_own_dots(page, written):
    page.get_by_label("Model:").select_option(label="close-a")
    place = lone(written, "close-a")
    point(page, written.records[0].predictions.ids[place])
    assert said(page) == expected(written, place, "close-a")


def test_the_chosen_film_stays_when_the_model_changes(page, written):
    place = lone(written, "best")
    point(page, written.records[0].predictions.ids[place])
    page.get_by_label("Model:").select_option(label="statistics")
    assert said(page) == expected(written, place, "statistics")


def test_films_are_looked_up_by_keyboard_from_the_lowest_reference(page, written):
    slider = page.get_by_role("slider")
    slider.focus()
    page.keyboard.press("End")
    highest = float(said(page)["reference"])
    page.keyboard.press("Home")
    lowest = float(said(page)["reference"])
    assert (lowest, highest) == pytest.approx((written.reference.min(), written.reference.max()), abs=0.05)
    assert slider.get_attribute("aria-valuetext").startswith("film film")


def test_the_choice_says_over_how_many_seeds(page):
    assert page.get_by_label("Model:").locator("option").all_text_contents()[0] == "best (mean of 2 seeds)"


def test_the_dots_drawn_without_a_script_are_those_drawn_with_it(opened, written):
    plain = opened(written.file, java_script_enabled=False).locator("#dots").get_attribute("d")
    page = opened(written.file)
    numbers = [
        np.array(text.replace("M", " ").replace("h0", " ").split(), dtype=float)
        for text in (plain, page.locator("#dots").get_attribute("d"))
    ]
    assert numbers[0].size == 120
    # The page holds scores to two decimals.
    assert numbers[0] == pytest.approx(numbers[1], abs=0.11)


def test_without_a_script_the_numbers_are_there_and_no_control_is(opened, written):
    page = opened(written.file, java_script_enabled=False)
    assert page.locator("#board tbody tr:visible").count() == 19
    assert page.locator("#plot").is_visible()
    assert page.locator("input:visible, button:visible, select:visible").count() == 0
