from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ra_bench.boards.evaluate import draw, evaluate
from ra_bench.boards.held_out import held_out
from ra_bench.boards.rank import compared, places_of


def measured(made, **models):
    films = held_out([made.record(name, given) for name, given in models.items()])
    return evaluate(films, made.metrics, draw(films))


def test_the_least_rmse_ranks_first(made):
    places = places_of(measured(made, a=made.predictions(40, 1), b=made.predictions(8, 2)))
    assert [(name, place.rank) for name, place in places.items()] == [("b", 1), ("a", 2)]


def test_models_that_the_films_do_not_separate_share_a_rank(made):
    models = measured(made, a=made.predictions(20, 1), b=made.predictions(20, 2), c=made.predictions(60, 3))
    assert sorted(place.rank for place in places_of(models).values()) == [1, 1, 3]


def test_equal_models_share_rank_and_chance(made):
    places = places_of(measured(made, a=made.predictions(20, 1), b=made.predictions(20, 1)))
    assert [(place.rank, place.best) for place in places.values()] == [(1, 0.5), (1, 0.5)]


def test_the_rank_interval_holds_the_rank(made):
    models = measured(made, a=made.predictions(20, 1), b=made.predictions(20, 2))
    assert all(place.interval.low <= place.rank <= place.interval.high for place in places_of(models).values())


def test_the_chances_of_being_best_add_up_to_one(made):
    models = measured(made, a=made.predictions(20, 1), b=made.predictions(20, 2), c=made.predictions(21, 3))
    assert sum(place.best for place in places_of(models).values()) == pytest.approx(1)


def test_a_model_without_rmse_has_no_place(made):
    given = made.predictions(20, 2)
    models = measured(made, a=made.predictions(20, 1), b=made.constant(float("nan"), given))
    assert list(places_of(models)) == ["a"]


def test_no_models_have_no_places():
    assert places_of({}) == {}


def test_a_difference_that_excludes_zero_is_told_by_its_side(made):
    models = measured(made, good=made.predictions(8, 1), bad=made.predictions(40, 2))
    assert compared(models["good"].rmse, models["bad"].rmse) == -1
    assert compared(models["bad"].rmse, models["good"].rmse) == 1


def test_a_model_is_not_separated_from_itself(made):
    models = measured(made, a=made.predictions(8, 1))
    assert compared(models["a"].rmse, models["a"].rmse) == 0


def test_the_shared_draw_makes_differences_narrower_than_two_draws_would(made):
    models = measured(made, a=made.predictions(20, 1), b=made.predictions(21, 1))
    paired = np.std(models["a"].rmse.replicates - models["b"].rmse.replicates)
    assert paired < np.std(models["a"].rmse.replicates)


@pytest.mark.parametrize(("films", "ranks"), [(2, [1, 1]), (5, [1, 1]), (6, [1, 2])])
def test_a_handful_of_patients_separates_no_models(made, films, ranks):
    near, far = made.predictions(0.1, 1, films), made.predictions(0.1, 1, films)
    far = replace(far, predicted=tuple(value + 100 for value in far.predicted))
    models = measured(made, near=near, far=far)
    assert [place.rank for place in places_of(models).values()] == ranks
    assert compared(models["near"].rmse, models["far"].rmse) == (-1 if films > 5 else 0)
