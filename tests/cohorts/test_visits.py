"""The order of visits comes from their names, or is not known."""

import pytest

from ra_bench.cohorts.visits import visit_numbers, with_visits
from ra_bench.values import Predictions, Sample


def numbers(*visits, patient="p"):
    return visit_numbers(
        Sample(sample_id=f"{n}", patient_id=patient, visit=visit, film=lambda: None, readings={})
        for n, visit in enumerate(visits)
    )


@pytest.mark.parametrize(
    "visits",
    [
        ("0", "2", "12"),
        ("month 0", "month 6", "month 12"),
        ("2021-01-31", "2021-02-01", "2022-01-01"),
        ("2021-01-31 09:30:00", "2021-01-31 10:00:00", "2022-01-01 08:00:00"),
        ("baseline", "week 4", "Week 16"),
        ("BL", "M6", "m12"),
        ("V01", "V2", "V10"),
        ("0.5", "1", "1.5"),
        ("2021.1.31", "2021.2.1", "2021.10.1"),
    ],
)
def test_visits_are_put_in_the_order_of_their_numbers(visits):
    assert list(numbers(*visits).values()) == [1, 2, 3]
    assert list(numbers(*reversed(visits)).values()) == [3, 2, 1]


@pytest.mark.parametrize(
    "visits",
    [
        ("31.01.2021", "01.02.2021"),
        ("1/31/2021", "2/1/2021"),
        ("31-01-21", "01-02-21"),
        ("screening", "month 12"),
        ("first", "second"),
        ("day 3", "week 1"),
        ("", ""),
    ],
)
def test_names_that_leave_a_doubt_give_no_order(visits):
    assert numbers(*visits) == {}


def test_films_of_one_visit_have_one_number():
    assert numbers("0", "0", "12") == {"0": 1, "1": 1, "2": 2}


def test_a_film_without_a_visit_has_no_number():
    assert numbers("0", "", "12") == {"0": 1, "2": 2}


def test_visits_are_numbered_for_each_patient():
    samples = [
        Sample(sample_id=film, patient_id=patient, visit=visit, film=lambda: None, readings={})
        for film, patient, visit in (("a", "p", "6"), ("b", "p", "12"), ("c", "q", "12"))
    ]
    assert visit_numbers(samples) == {"a": 1, "b": 2, "c": 1}


def test_predictions_get_the_numbers_of_their_films():
    given = Predictions(ids=("b", "a"), patients=("p", "p"), readings={}, predicted=(1.0, 2.0))
    assert with_visits(given, {"a": 1}).visits == (0, 1)
    assert with_visits(given, {}) == given
