"""Ensembles: what they predict, what they cost, what they refuse, and when they no longer stand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ra_bench.boards.board import build_board
from ra_bench.boards.ensembles import ensembles_of, predictions_digest, stale_ensembles, unlike_their_members
from ra_bench.boards.publishable import publishable
from ra_bench.errors import RecordError
from ra_bench.runs.records import record_json
from ra_bench.values import Fold, Uncertainty

FACTS = (("command", "ra-bench run --models all --protocol smoke"),)


@pytest.fixture
def runs(made):
    """Two models with two seeds each, one of them with a third."""
    seeds = {"a": (0, 1), "b": (0, 1, 2)}
    return [
        made.record(model, made.predictions(15, 10 * number + seed), seed)
        for number, (model, own) in enumerate(seeds.items())
        for seed in own
    ]


def vector(record):
    return np.array(record.predictions.predicted)


def test_several_models_make_an_ensemble_a_seed(runs):
    first, second = ensembles_of(runs, ["b", "a"], name="both")
    assert [(record.job.model, record.job.seed) for record in (first, second)] == [("both", 0), ("both", 1)]
    np.testing.assert_array_equal(vector(first), (vector(runs[0]) + vector(runs[2])) / 2)
    np.testing.assert_array_equal(vector(second), (vector(runs[1]) + vector(runs[3])) / 2)


def test_one_model_makes_one_ensemble_of_all_its_seeds(runs):
    (found,) = ensembles_of(runs, ["b"], name="bs", how="median")
    np.testing.assert_array_equal(vector(found), np.median([vector(run) for run in runs[2:]], axis=0))
    assert [member.seed for member in found.ensemble.members] == [0, 1, 2]


def test_together_takes_all_common_seeds_of_all_models(runs):
    (found,) = ensembles_of(runs, ["a", "b"], name="all", together=True)
    np.testing.assert_allclose(vector(found), np.mean([vector(run) for run in runs[:4]], axis=0))


def test_the_order_of_the_names_does_not_matter(runs):
    there, back = (ensembles_of(runs, names, name="both") for names in (["a", "b"], ["b", "a", "b"]))
    assert list(map(record_json, there)) == list(map(record_json, back))


def test_films_are_matched_by_their_ids(runs, made):
    turned = replace(
        runs[0].predictions,
        **{name: getattr(runs[0].predictions, name)[::-1] for name in ("ids", "patients", "predicted")},
        readings={reader: scores[::-1] for reader, scores in runs[0].predictions.readings.items()},
    )
    other = [replace(runs[0], predictions=turned), *runs[1:]]
    assert [record.predictions for record in ensembles_of(other, ["a", "b"], name="both")] == [
        record.predictions for record in ensembles_of(runs, ["a", "b"], name="both")
    ]


def test_its_costs_are_those_of_all_members(runs):
    (found,) = ensembles_of(runs, ["b"], name="bs")
    assert (found.parameters, found.madds) == (3 * 23_502_401, 3 * 85_400_000_000)
    assert (found.seconds, found.seconds_per_epoch) == (360.0, 36.75)
    assert found.peak_memory == 3 * 2**30  # one is trained at a time


def test_a_cost_that_one_member_does_not_know_is_not_known(runs):
    runs[2] = replace(runs[2], parameters=None)
    (found,) = ensembles_of(runs, ["b"], name="bs")
    assert found.parameters is None


def test_its_sd_is_that_among_its_members(runs):
    (found,) = ensembles_of(runs, ["b"], name="bs")
    expected = np.std([vector(run) for run in runs[2:]], axis=0, ddof=1)
    np.testing.assert_allclose(found.predictions.uncertainty.sd, expected)


def test_its_sd_is_that_of_the_mixture_where_members_give_one(runs):
    sds = np.random.default_rng(0).uniform(5, 10, (3, 60))
    own = [
        replace(run, predictions=replace(run.predictions, uncertainty=Uncertainty(sd=tuple(sd))))
        for run, sd in zip(runs[2:], sds, strict=True)
    ]
    (found,) = ensembles_of(own, ["b"], name="bs")
    draws = np.random.default_rng(1).normal([vector(run)[0] for run in own], sds[:, 0], (200_000, 3))
    assert found.predictions.uncertainty.sd[0] == pytest.approx(draws.std(), rel=0.01)


def test_validation_films_are_put_together_too(runs, made):
    films = made.predictions(15, 99, 20)
    own = [replace(run, validation=replace(films, predicted=(float(run.job.seed),) * 20)) for run in runs[2:]]
    (found,) = ensembles_of(own, ["b"], name="bs")
    assert found.validation.predicted == (1.0,) * 20


def test_folds_are_put_together_fold_by_fold(made):
    films = {1: made.predictions(10, 1), 2: replace(made.predictions(10, 2), ids=tuple(f"g{n:03d}" for n in range(60)))}
    runs = [
        replace(
            made.record(model, given),
            job=replace(made.job(model), key=f"{model}{number}", fold=Fold(number=number, of=2)),
        )
        for model in ("a", "b")
        for number, given in films.items()
    ]
    found = ensembles_of(runs, ["a", "b"], name="both")
    assert [record.job.fold.number for record in found] == [1, 2]
    with pytest.raises(RecordError, match="'b', seed 0, has no finished run of fold 2"):
        ensembles_of(runs[:3], ["a", "b"], name="both")


def test_the_board_ranks_it_and_says_what_it_is(runs, made):
    made_of = ensembles_of(runs, ["a", "b"], name="both")
    board = build_board("made-up", records=[*runs, *made_of], metrics=made.metrics)
    row = next(row for row in board.rows if row.name == "both")
    assert row.rank == 1
    assert row.seeds == (0, 1)
    assert row.remark == ("Ensemble, the mean of 2 runs: a and b, seed by seed. Its costs are those of all 2 together.")


@pytest.mark.parametrize(
    ("models", "seeds", "said"),
    [
        (["c"], (), r"no finished run of 'c'. It has a, b. Train what is missing: ra-bench run --models c --protocol"),
        (["a", "b"], (2,), r"'a' has no finished run of seed 2 on this board; it has seeds 0, 1. .* --seeds 2 --pro"),
        (["a"], (1,), r"there is one: 'a', seed 1. .* ra-bench run --models a --seeds 1,2 --protocol smoke"),
    ],
)
def test_members_that_are_not_there_are_named_with_the_command(runs, models, seeds, said):
    with pytest.raises(RecordError, match=said):
        ensembles_of(runs, models, name="x", seeds=seeds, facts=FACTS)


def test_models_without_a_common_seed_are_refused(runs):
    with pytest.raises(RecordError, match="No seed is common to a and b: a has seed 0; b has seed 2"):
        ensembles_of([runs[0], runs[4]], ["a", "b"], name="x")


def test_members_of_other_films_are_refused(runs, made):
    runs[2] = made.record("b", made.predictions(15, 3, films_a_patient=2))
    with pytest.raises(RecordError, match="a, seed 0 and b, seed 0 are of different films, patients or readings"):
        ensembles_of(runs, ["a", "b"], name="x")


def test_an_ensemble_of_ensembles_is_refused(runs):
    made_of = ensembles_of(runs, ["a", "b"], name="both")
    with pytest.raises(RecordError, match=r"'both' is an ensemble already\. Name its members instead: a,b"):
        ensembles_of([*runs, *made_of], ["both", "a"], name="x")


def test_an_ensemble_stands_as_long_as_its_members_do(runs):
    assert stale_ensembles([*runs, *ensembles_of(runs, ["a", "b"], name="both")]) == []


def test_it_stands_on_what_is_published_too(runs):
    given = publishable([*runs, *ensembles_of(runs, ["a", "b"], name="both")], keep_ids=False)
    assert stale_ensembles(given) == []
    assert predictions_digest(given[0].predictions) == predictions_digest(runs[0].predictions)


@pytest.mark.parametrize("change", ["predictions", "key", "gone"])
def test_it_is_stale_when_a_member_is_made_anew(runs, made, change):
    made_of = ensembles_of(runs, ["a", "b"], name="both", how="median")
    changed = {
        "predictions": [replace(runs[0], predictions=made.predictions(15, 77))],
        "key": [replace(runs[0], job=replace(runs[0].job, key="other"))],
        "gone": [],
    }[change]
    first, second = stale_ensembles([*changed, *runs[1:], *made_of])
    assert (first.job.seed, second.job.seed) == (0, 1)  # seeds of one row stand or fall together
    assert first.reason == "Its member a, seed 0, was made anew since, or is no longer on the board."
    assert first.advice.endswith("ra-bench ensemble made-up --models a,b --seeds 0,1 --how median --name both")


def test_the_command_says_what_was_together(runs):
    (found,) = ensembles_of(runs, ["a", "b"], name="all", together=True)
    assert "--models a,b --seeds 0,1 --together --name all" in stale_ensembles([found])[0].advice


def test_an_ensemble_is_what_its_members_give(runs):
    made_of = ensembles_of(runs, ["a", "b"], name="both", how="median")
    given = publishable([*runs, *made_of], keep_ids=False)
    assert unlike_their_members(given) == []


def test_an_ensemble_that_was_made_better_by_hand_is_told(runs, made):
    first, second = ensembles_of(runs, ["a", "b"], name="both")
    better = replace(first, predictions=replace(first.predictions, predicted=made.predictions(1, 1).predicted))
    assert unlike_their_members([*runs, better, second]) == [
        "both, seed 0: its predictions are not the mean of its members'."
    ]


def test_an_ensemble_of_members_that_are_not_there_is_told(runs):
    made_of = ensembles_of(runs, ["a", "b"], name="both")
    said = unlike_their_members([*runs[1:], *made_of])
    assert said[0] == "both, seed 0: Its member a, seed 0, was made anew since, or is no longer on the board."
