"""Models are compared on the same films, readings and patients, or not at all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ra_bench.errors import RecordError
from ra_bench.reports.common import films_in_common


def test_films_are_matched_by_name_and_not_by_their_order(made_up):
    given = made_up.predictions(5)
    backwards = replace(
        given,
        ids=tuple(f"{film}.png" for film in reversed(given.ids)),
        patients=given.patients[::-1],
        readings={"mean": given.readings["mean"][::-1]},
        predicted=given.predicted[::-1],
    )
    films = films_in_common([made_up.contender("a", given), made_up.contender("b", backwards)])
    assert np.array_equal(films.predicted["a"], films.predicted["b"])
    assert films.ids == given.ids


def without(given, *rows):
    keep = [row for row in range(len(given.ids)) if row not in rows]
    return replace(
        given,
        ids=tuple(given.ids[row] for row in keep),
        patients=tuple(given.patients[row] for row in keep),
        readings={"mean": tuple(given.readings["mean"][row] for row in keep)},
        predicted=tuple(given.predicted[row] for row in keep),
    )


def test_different_films_are_refused_and_named(made_up):
    given = made_up.predictions(5)
    pair = [made_up.contender("a", without(given, 0)), made_up.contender("b", without(given, 1, 2, 3, 4))]
    with pytest.raises(RecordError) as said:
        films_in_common(pair)
    assert str(said.value) == (
        "a and b were not measured on the same films: 4 only of a ('film001', 'film002', 'film003' ...), "
        "1 only of b ('film000').\nAdd --common to compare all on the 75 films that every one of them has."
    )


def test_the_common_films_are_compared_when_asked_for(made_up):
    given = made_up.predictions(5)
    pair = [made_up.contender("a", without(given, 0)), made_up.contender("b", without(given, 1))]
    assert len(films_in_common(pair, common=True).ids) == 78


def test_a_film_without_a_prediction_is_a_film_that_is_not_there(made_up):
    given = made_up.predictions(5)
    holed = replace(given, predicted=(float("nan"), *given.predicted[1:]))
    with pytest.raises(RecordError, match=r"1 only of a \('film000'\)"):
        films_in_common([made_up.contender("a", given), made_up.contender("b", holed)])


def test_no_film_in_common_is_told_with_names_of_both(made_up):
    given = made_up.predictions(5, films=2)
    other = replace(given, ids=("x1", "x2"))
    with pytest.raises(RecordError, match=r"a has 2 \('film000', 'film001'\), b has 2 \('x1', 'x2'\)"):
        films_in_common([made_up.contender("a", given), made_up.contender("b", other)], common=True)


def test_different_references_are_refused_even_with_common(made_up):
    given = made_up.predictions(5)
    scores = given.readings["mean"]
    other = replace(given, readings={"mean": (scores[0] + 1, *scores[1:])})
    with pytest.raises(
        RecordError, match=r"have different references: on 1 of 80 films \('film000'\); film 'film000' has"
    ):
        films_in_common([made_up.contender("a", given), made_up.contender("b", other)], common=True)


def test_a_reference_that_was_rounded_when_written_is_the_same(made_up):
    given = made_up.predictions(5)
    other = replace(given, readings={"mean": tuple(score + 0.004 for score in given.readings["mean"])})
    assert len(films_in_common([made_up.contender("a", given), made_up.contender("b", other)]).ids) == 80


def test_a_reference_is_the_mean_of_the_readers_of_another_file(made_up):
    given = made_up.predictions(5)
    scores = given.readings["mean"]
    two = replace(given, readings={"A": tuple(s - 1 for s in scores), "B": tuple(s + 1 for s in scores)})
    assert len(films_in_common([made_up.contender("a", given), made_up.contender("b", two)]).ids) == 80


def test_different_patients_are_refused(made_up):
    pair = [
        made_up.contender("a", made_up.predictions(5)),
        made_up.contender("b", made_up.predictions(5, films_a_patient=2)),
    ]
    with pytest.raises(RecordError, match="say differently which films are of one patient, such as film 'film001'"):
        films_in_common(pair)


def test_the_patients_of_the_one_that_knows_them_count_for_all(made_up):
    pair = [
        made_up.contender("a", made_up.predictions(5), patients_known=False),
        made_up.contender("b", made_up.predictions(5, films_a_patient=2)),
    ]
    assert films_in_common(pair).patient_count == 40


def test_two_predictions_of_a_film_are_refused(made_up):
    given = made_up.predictions(5, films=2)
    twice = replace(given, ids=("film000", "film000.png"))
    with pytest.raises(RecordError, match="b has two predictions of film 'film000'"):
        films_in_common([made_up.contender("a", given), made_up.contender("b", twice)])


def test_a_contender_without_readings_takes_those_of_another(made_up):
    given = made_up.predictions(5)
    bare = made_up.contender("bare", replace(made_up.predictions(6, 1), readings={}), patients_known=False)
    films = films_in_common([bare, made_up.contender("a", given)])
    assert films.reference.tolist() == list(given.readings["mean"])


def test_without_any_reference_it_is_said_what_to_add(made_up):
    bare = [made_up.contender(name, replace(made_up.predictions(5), readings={})) for name in ("a", "b")]
    with pytest.raises(RecordError, match=r"No reference in a.csv, b.csv. Add a column 'reference'"):
        films_in_common(bare)
