"""Predictions and the films of a cohort: matched by id, and refused where they do not match."""

from __future__ import annotations

import pytest

from ra_bench.cohorts.description import Description, write_description
from ra_bench.errors import CohortError
from ra_bench.reports.front import Wishes, scored
from ra_bench.reports.known_films import films_described, matched
from ra_bench.reports.tables import read_model_predictions
from ra_bench.values import SVH_HANDS

TABLE = "film,patient,A,B\nscans/f1.png,p1,10,12\nscans/f2.png,p1,0,\nscans/f3.png,p2,40,50\nscans/f4.png,p3,,\n"


@pytest.fixture
def cohort(tmp_path):
    """A cohort.toml whose films are not even there."""
    (tmp_path / "scores.csv").write_text(TABLE, encoding="utf-8")
    description = Description(
        name="clinic", table="scores.csv", image="film", readers=("A", "B"), patient="patient", scale=SVH_HANDS
    )
    write_description(description, tmp_path / "cohort.toml")
    return tmp_path / "cohort.toml"


@pytest.fixture
def given(written):
    return lambda text: read_model_predictions(written(text), needs_reference=False)


def test_readings_and_patients_come_from_the_cohort_without_opening_a_film(cohort, given):
    found = matched(given("id,predicted\nf3,44\nscans/f1.PNG,11\n"), films_described(cohort))
    assert found.predictions.ids == ("scans/f3", "scans/f1")
    assert found.predictions.patients == ("p2", "p1")
    assert found.predictions.readings == {"A": (40, 10), "B": (50, 12)}
    assert found.guesses[-1] == (
        "Readings and patients: those of the cohort 'clinic'. It has 1 more films; these have no row here and do not "
        "count."
    )


def test_the_scale_is_that_of_the_cohort(cohort, given):
    found = scored(given("id,predicted\nf1,9\nf2,0\nf3,44\n"), films_described(cohort), Wishes())
    assert found.settings.scale == SVH_HANDS


def test_films_that_are_not_in_the_cohort_are_listed_with_row_and_column(cohort, given):
    model = given("id,predicted\nf3,44\nf9,1\nf4,3\n")
    with pytest.raises(CohortError) as caught:
        matched(model, films_described(cohort))
    assert str(caught.value) == (
        "p.csv, row 3, column 'id': 2 of 3 films are not in the cohort 'clinic': 'f9', 'f4'. It calls its films "
        "'scans/f1', 'scans/f2', 'scans/f3'. Correct the ids, or delete those rows."
    )


def test_many_films_that_do_not_match_are_counted(cohort, given):
    model = given("\n".join(["id,predicted", *(f"x{row:02d},1" for row in range(30))]))
    with pytest.raises(
        CohortError, match=r"30 of 30 films are not in the cohort 'clinic': 'x00', .* 'x09' and 20 more"
    ):
        matched(model, films_described(cohort))


def test_two_names_of_one_film_are_refused(cohort, given):
    with pytest.raises(
        CohortError, match=r"p.csv: film 'scans/f1' of the cohort 'clinic' is named twice. Keep one row"
    ):
        matched(given("id,predicted\nf1,9\nscans/f1,9\n"), films_described(cohort))


def test_a_cohort_without_readings_is_refused(cohort):
    table = cohort.parent / "scores.csv"
    table.write_text("film,patient,A,B\nf1,p1,,\n", encoding="utf-8")
    with pytest.raises(CohortError, match=r"scores.csv: no row has a reading, so nothing can be measured against it."):
        films_described(cohort)
