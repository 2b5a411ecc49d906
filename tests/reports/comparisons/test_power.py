"""What a study needs, in tables: from figures and from predictions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ra_bench.metrics import films_for_equivalence, films_to_separate
from ra_bench.reports.common import films_in_common
from ra_bench.reports.pages import page_markdown, page_text
from ra_bench.reports.power import needed_for_equivalence, needed_to_separate
from ra_bench.reports.power_page import equivalence_page, needed_page, separation_page


def films_of(*contenders):
    return films_in_common(contenders)


@pytest.fixture
def two(made_up):
    return films_of(
        made_up.contender("good", made_up.predictions(8, 1)), made_up.contender("poor", made_up.predictions(12, 2))
    )


def test_all_that_is_not_given_is_shown_as_a_table():
    text = page_markdown(separation_page(20.0, 22.0, correlation=None, kurtosis=None, power=0.8))
    normal, heavy = (films_to_separate(20.0, 22.0, correlation=0.5, kurtosis=k).films for k in (3, 8))
    assert f"|                       0.5 |           {normal} |                             {heavy:,} |" in text


def test_what_is_given_is_one_figure():
    text = page_markdown(
        separation_page(20.0, 22.0, correlation=0.5, kurtosis=3.0, power=0.8, films_a_patient=2, within_patient=0.5)
    )
    assert "| 978 of 489 patients |" in text
    assert "80 % power" in text


def test_equivalence_says_the_films_and_that_it_is_about_the_mean():
    text = page_text(equivalence_page(19.0, 5.0, true_difference=0.0, power=0.8))
    assert text.startswith("Films needed to show that the mean difference lies within ±5: 126\n")
    assert "It is about the mean" in text


def test_predictions_tell_what_their_difference_needs(two):
    (pair,) = needed_to_separate(two, wanted=None, power=0.8)
    assert (pair.first, pair.second) == ("good", "poor")
    assert pair.patients == pytest.approx(80 * (pair.detectable / pair.seen) ** 2, abs=1)


def test_a_wanted_difference_replaces_the_one_seen(two):
    (pair,) = needed_to_separate(two, wanted=1.0, power=0.8)
    assert pair.patients == pytest.approx(80 * pair.detectable**2, abs=1)
    assert pair.wanted == 1.0


def test_independent_normal_errors_need_what_the_formula_says(made_up):
    films = films_of(
        *(made_up.contender(name, made_up.predictions(size, size, films=3000)) for name, size in (("a", 8), ("b", 12)))
    )
    (pair,) = needed_to_separate(films, wanted=4.0, power=0.8)
    assert pair.patients == pytest.approx(films_to_separate(8.0, 12.0, correlation=0.0).films, rel=0.1)


def test_equivalence_is_estimated_from_the_sd_of_the_differences(two, made_up):
    found = {one.name: one for one in needed_for_equivalence(two, margin=3.0, power=0.8)}["good"]
    d = np.array(made_up.predictions(8, 1).predicted) - made_up.reference()
    assert found.sd == pytest.approx(d.std(ddof=1), rel=1e-6)
    assert found.patients_if_none == films_for_equivalence(d.std(ddof=1), 3.0)


def test_a_bias_beyond_the_margin_can_never_be_shown_small(made_up):
    films = films_of(made_up.contender("shifted", made_up.predictions(8, 1, shift=20.0)))
    (found,) = needed_for_equivalence(films, margin=5.0, power=0.8)
    assert found.patients == 0
    assert found.patients_if_none > 0


def test_equal_models_need_what_cannot_be_told(made_up):
    given = made_up.predictions(8)
    films = films_of(made_up.contender("a", given), made_up.contender("b", given))
    (pair,) = needed_to_separate(films, wanted=None, power=0.8)
    assert pair.patients == 0
    assert needed_to_separate(films, wanted=1.0, power=0.8)[0].patients == 0


@pytest.mark.parametrize("films", [1, 2])
def test_one_or_two_films_are_answered(made_up, films):
    found = films_of(*(made_up.contender(n, made_up.predictions(8, s, films=films)) for n, s in (("a", 1), ("b", 2))))
    pairs = needed_to_separate(found, wanted=None, power=0.8)
    models = needed_for_equivalence(found, margin=5.0, power=0.8)
    assert "Patients needed" in page_text(needed_page(found, pairs, models, margin=5.0, power=0.8, given=False))


def test_perfect_predictions_need_what_cannot_be_told(made_up):
    given = made_up.predictions(8)
    films = films_of(made_up.contender("perfect", replace(given, predicted=given.readings["mean"])))
    (found,) = needed_for_equivalence(films, margin=5.0, power=0.8)
    assert (found.patients, found.patients_if_none) == (0, 0)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"wanted": 0.0, "power": 0.8}, "difference is 0: give a number above 0"),
        ({"wanted": None, "power": 80.0}, "power is 80: give a share between 0 and 1"),
    ],
)
def test_numbers_out_of_range_are_refused(two, options, said):
    with pytest.raises(ValueError, match=said):
        needed_to_separate(two, **options)


def test_a_margin_out_of_range_is_refused(two):
    with pytest.raises(ValueError, match="margin is -1: give a number above 0"):
        needed_for_equivalence(two, margin=-1.0, power=0.8)
