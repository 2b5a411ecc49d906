"""Paired differences, Holm, separation, ranks and their stability."""

from __future__ import annotations

from dataclasses import replace
from math import isnan

import numpy as np
import pytest
from scipy import stats

from ra_bench.errors import RecordError
from ra_bench.metrics import mae, pearson, rmse
from ra_bench.reports.common import films_in_common
from ra_bench.reports.compare import compare
from ra_bench.reports.compare_page import comparison_page
from ra_bench.reports.pages import page_markdown, page_text


def comparison_text(found):
    return page_text(comparison_page(found), width=200).replace("\n  ", " ")


def compared(*contenders):
    return compare(contenders, films_in_common(contenders))


@pytest.fixture
def three(made_up):
    return compared(
        made_up.contender("poor", made_up.predictions(30, 1)),
        made_up.contender("good", made_up.predictions(8, 2)),
        made_up.contender("near", made_up.predictions(8.2, 3)),
    )


def test_models_stand_by_rmse_with_the_numbers_of_the_metrics(three, made_up):
    assert [model.name for model in three.models][2] == "poor"
    given = made_up.predictions(30, 1)
    expected = {
        "rmse": rmse(made_up.reference(), given.predicted),
        "mae": mae(made_up.reference(), given.predicted),
        "rho": pearson(made_up.reference(), given.predicted),
    }
    found = {name: value.value for name, value in three.models[2].metrics.items()}
    assert found == pytest.approx(expected, rel=1e-6)


def test_clear_pairs_separate_and_close_ones_do_not(three):
    assert [(pair.separated, "poor" in (pair.first, pair.second)) for pair in three.pairs] == [
        (False, False),
        (True, True),
        (True, True),
    ]


def test_a_difference_is_the_first_less_the_second(three):
    pair = three.pairs[1]
    values = {model.name: model.metrics["rmse"].value for model in three.models}
    assert pair.gaps["rmse"].value == pytest.approx(values[pair.first] - values[pair.second], rel=1e-5)
    assert pair.gaps["rmse"].low < pair.gaps["rmse"].value < pair.gaps["rmse"].high < 0


def test_holm_is_taken_over_all_pairs_of_a_measure(three):
    from statsmodels.stats.multitest import multipletests

    p_values = [pair.gaps["rmse"].p for pair in three.pairs]
    assert [pair.gaps["rmse"].p_holm for pair in three.pairs] == pytest.approx(
        multipletests(p_values, method="holm")[1], rel=1e-6
    )


def test_the_interval_of_a_difference_is_that_of_scipys_paired_bootstrap(three, made_up):
    y = made_up.reference()
    first, second = (np.array(made_up.predictions(error, seed).predicted) for error, seed in ((8, 2), (30, 1)))

    def gap(rows, axis=-1):
        rows = rows.astype(int)
        errors = [np.sqrt(np.square(p[rows] - y[rows]).mean(axis=axis)) for p in (first, second)]
        return errors[0] - errors[1]

    expected = stats.bootstrap((np.arange(y.size),), gap, method="percentile", n_resamples=9999, rng=1)
    pair = next(pair for pair in three.pairs if {pair.first, pair.second} == {"good", "poor"})
    found = pair.gaps["rmse"]
    assert (found.low, found.high) == pytest.approx(tuple(expected.confidence_interval), abs=0.25)


def test_places_add_up_and_the_poor_model_is_last(three):
    assert np.array([model.places for model in three.models]).sum(axis=1) == pytest.approx([1, 1, 1])
    assert three.models[2].places[2] == pytest.approx(1.0)
    assert sum(model.p_best for model in three.models) == pytest.approx(1.0)


def test_several_seeds_count_by_the_mean_of_their_metrics(made_up):
    seeds = [made_up.predictions(10, 1), made_up.predictions(20, 2)]
    found = compared(made_up.contender("net", *seeds), made_up.contender("other", made_up.predictions(5, 3)))
    expected = np.mean([rmse(made_up.reference(), seed.predicted) for seed in seeds])
    assert found.models[1].metrics["rmse"].value == pytest.approx(expected, rel=1e-6)
    assert found.models[1].seeds == (0, 1)


def test_equal_predictions_are_undefined_and_never_certain(made_up):
    given = made_up.predictions(5)
    (pair,) = compared(made_up.contender("a", given), made_up.contender("b", given)).pairs
    assert pair.gaps["rmse"].value == 0.0
    assert isnan(pair.gaps["rmse"].p)
    assert not pair.separated
    assert isnan(pair.detectable)


@pytest.mark.parametrize("films", [1, 2])
def test_one_or_two_films_separate_nothing(made_up, films):
    contenders = [
        made_up.contender("a", made_up.predictions(1, 1, films=films)),
        made_up.contender("b", made_up.predictions(30, 2, films=films)),
    ]
    found = compared(*contenders)
    assert not found.pairs[0].separated
    assert f"Only {films} patients" in comparison_text(found)


def test_constant_predictions_and_references_are_compared(made_up):
    given = made_up.predictions(5)
    flat = replace(given, predicted=(40.0,) * made_up.FILMS)
    found = compared(made_up.contender("flat", flat), made_up.contender("net", given))
    assert isnan(found.pairs[0].gaps["rho"].value)
    assert "n/a" in comparison_text(found)


def test_perfect_and_anticorrelated_predictions_are_compared(made_up):
    given = made_up.predictions(5)
    perfect = replace(given, predicted=given.readings["mean"])
    against = replace(given, predicted=tuple(-score for score in given.readings["mean"]))
    found = compared(made_up.contender("perfect", perfect), made_up.contender("against", against))
    assert (found.models[0].name, found.pairs[0].separated) == ("perfect", True)


def test_films_of_a_patient_move_together(made_up):
    paired = [
        made_up.contender(name, made_up.predictions(error, error, films_a_patient=80 // 2))
        for name, error in (("a", 5), ("b", 6))
    ]
    assert compared(*paired).patients == 2


def test_unknown_patients_are_told_of(made_up):
    contenders = [
        made_up.contender(name, made_up.predictions(5, seed), patients_known=False)
        for name, seed in (("a", 1), ("b", 2))
    ]
    assert "each film counts as a patient" in comparison_text(compared(*contenders))


def test_a_missing_patient_column_is_not_told_where_another_table_has_one(made_up):
    guess = "Patient: no column found, so every film counts as a patient of its own."
    contenders = [
        made_up.contender("a", made_up.predictions(5, 1)),
        made_up.contender("b", made_up.predictions(5, 2), patients_known=False, guesses=(guess, "Film: column 'id'.")),
    ]
    found = compared(*contenders)
    assert "b: Film: column 'id'." in found.remarks
    assert not [remark for remark in found.remarks if "Patient" in remark]


def test_what_is_not_compared_is_told(made_up):
    contenders = [
        made_up.contender("a", made_up.predictions(5, 1)),
        made_up.contender("b", made_up.predictions(5, 2, films=60)),
    ]
    scores = contenders[0].predictions[0].readings["mean"][:60]
    short = replace(contenders[1].predictions[0], readings={"mean": scores})
    contenders[1] = made_up.contender("b", short)
    found = compare(contenders, films_in_common(contenders, common=True))
    assert "a: 20 of its 80 films are not compared." in comparison_text(found)


def test_a_single_model_is_refused(made_up):
    one = [made_up.contender("a", made_up.predictions(5))]
    with pytest.raises(RecordError, match="Only 'a' is given: a comparison takes two models or more"):
        compare(one, films_in_common(one))


def test_absurd_predictions_are_refused(made_up):
    given = made_up.predictions(5)
    absurd = replace(given, predicted=(1e200, *given.predicted[1:]))
    with pytest.raises(RecordError, match="cannot be measured"):
        compared(made_up.contender("a", given), made_up.contender("b", absurd))


def test_the_text_says_who_separates_from_whom(three):
    text = comparison_text(three)
    first, second, _ = (model.name for model in three.models)
    assert f"- {first}: better than poor; not separated from {second}." in text
    assert f"- poor: worse than {first}, {second}." in text
    assert "after Holm over all 3 pairs of the same measure" in text
    assert "Not separated is not shown to be equal." in text


def test_names_are_escaped_in_markdown_and_plain_in_a_terminal(made_up):
    found = compared(
        made_up.contender("a|b", made_up.predictions(5, 1)), made_up.contender("c_d", made_up.predictions(6, 2))
    )
    assert "a\\|b" in page_markdown(comparison_page(found))
    assert "a|b against c_d" in comparison_text(found)


def test_a_narrow_terminal_gets_an_entry_a_pair(three):
    lines = page_text(comparison_page(three), width=60).splitlines()
    start = lines.index(f"{three.pairs[0].first} against {three.pairs[0].second}")
    assert lines[start + 1].split() == ["Separated", "no"]
    assert lines[start + 2].split()[:2] == ["RMSE", "difference"]


def test_with_too_many_pairs_it_is_said_that_none_can_separate(made_up):
    contenders = [made_up.contender(f"m{number:02d}", made_up.predictions(5, number)) for number in range(24)]
    assert "With 276 pairs no p from 9,999 draws can pass Holm. Name fewer models." in comparison_text(
        compared(*contenders)
    )
