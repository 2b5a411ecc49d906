"""Who trains, who validates, who tests."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as for_any
from hypothesis import strategies as some

from ra_bench.cohorts.audit.finding import PATIENT_ON_TWO_SIDES
from ra_bench.cohorts.splits import limit_split, reference, split_cohort, split_hash
from ra_bench.errors import CohortError, LeakError
from ra_bench.values import Sample, Split, SplitRule

RULE = SplitRule(train=8, validation=1, test=1)


def patients_of(cohort, ids):
    owner = {sample.sample_id: sample.patient_id for sample in cohort.samples}
    return {owner[i] for i in ids}


def test_the_reference_is_the_mean_of_the_readings_that_are_present():
    sample = Sample(sample_id="1", patient_id="1", visit="", film=lambda: None, readings={"A": 3.0, "C": 8.0})
    assert reference(sample) == 5.5


def test_every_film_stands_on_exactly_one_side(make_cohort):
    cohort = make_cohort(57, 2)
    split = split_cohort(cohort, RULE)
    assert sorted(split.train + split.validation + split.test) == [sample.sample_id for sample in cohort.samples]


def test_no_patient_stands_on_two_sides(make_cohort):
    cohort = make_cohort(40, [1 + i % 5 for i in range(40)])
    split = split_cohort(cohort, RULE)
    sides = [patients_of(cohort, ids) for ids in (split.train, split.validation, split.test)]
    assert sum(map(len, sides)) == 40
    assert len(set.union(*sides)) == 40


@for_any(
    films_each=some.lists(some.integers(1, 6), min_size=3, max_size=40),
    parts=some.tuples(*[some.floats(0.05, 20)] * 3),
    seed=some.integers(0, 99),
    limit=some.integers(3, 60),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_the_cohort_no_patient_is_shared_and_no_side_is_empty(make_cohort, films_each, parts, seed, limit):
    cohort = make_cohort(len(films_each), films_each)
    split = split_cohort(cohort, SplitRule(train=parts[0], validation=parts[1], test=parts[2], seed=seed))
    limited = limit_split(split, cohort, limit, seed)
    sides = [patients_of(cohort, ids) for ids in (limited.train, limited.validation, limited.test)]
    assert all(sides)
    assert sum(map(len, sides)) == len(set.union(*sides))
    assert len(limited.train + limited.validation + limited.test) <= limit


@pytest.mark.parametrize("patients", [3, 10, 37, 100])
def test_parts_are_right_to_within_one_patient_and_never_empty(make_cohort, patients):
    split = split_cohort(make_cohort(patients), SplitRule(train=7, validation=1.5, test=1.5, seed=4))
    for ids, part in ((split.train, 0.7), (split.validation, 0.15), (split.test, 0.15)):
        assert abs(len(ids) - part * patients) < 1 or len(ids) == 1
        assert ids


def test_sides_have_like_scores(make_cohort):
    cohort = make_cohort(200)
    split = split_cohort(cohort, SplitRule(train=6, validation=2, test=2, seed=11))
    score = {sample.sample_id: reference(sample) for sample in cohort.samples}
    means = [np.mean([score[i] for i in ids]) for ids in (split.train, split.validation, split.test)]
    assert max(means) - min(means) < 12  # of a range of 200; three random sides differ by 25 and more


def test_the_same_seed_gives_the_same_split_in_any_order_of_the_table(make_cohort):
    cohort = make_cohort(30)
    turned = replace(cohort, samples=cohort.samples[::-1])
    assert split_hash(split_cohort(cohort, RULE)) == split_hash(split_cohort(turned, RULE))


def test_another_seed_gives_another_split(make_cohort):
    cohort = make_cohort(30)
    other = SplitRule(train=8, validation=1, test=1, seed=1)
    assert split_hash(split_cohort(cohort, RULE)) != split_hash(split_cohort(cohort, other))


def test_over_many_seeds_every_patient_is_tested(make_cohort):
    cohort = make_cohort(25)
    rules = [SplitRule(train=8, validation=1, test=1, seed=seed) for seed in range(80)]
    tested = {i for rule in rules for i in split_cohort(cohort, rule).test}
    assert len(tested) == 25


def test_a_split_says_who_made_it(make_cohort):
    origin = split_cohort(make_cohort(), RULE).origin
    assert origin == "by patient, stratified by score, 8:1:1 of the patients, seed 0"


def test_too_few_patients_are_refused(make_cohort):
    with pytest.raises(
        CohortError, match=r"'made' has 2 patient\(s\) to split into train and validation and test: at le"
    ):
        split_cohort(make_cohort(2, 10), RULE)


# --- a split that the cohort brings ---


def given(train, validation, test):
    return Split(train=tuple(train), validation=tuple(validation), test=tuple(test), origin="given by the cohort")


def test_the_cohorts_own_split_wins(make_cohort):
    own = given(["film000", "film001"], ["film002"], ["film003"])
    assert split_cohort(make_cohort(6, given_split=own), RULE) == own


def test_a_patient_on_two_sides_is_named_with_both(make_cohort):
    own = given(["film000"], ["film001"], ["film002", "film003"])
    said = (
        r"Patient 'p000' stands on two sides of its split: train \(film 'film000'\) and validation \(film 'film001'\)"
    )
    with pytest.raises(LeakError, match=said):
        split_cohort(make_cohort(2, 2, given_split=own), RULE)


def test_a_patient_on_two_sides_may_be_allowed_and_then_the_split_is_as_given(make_cohort):
    own = given(["film000"], ["film001"], ["film002", "film003"])
    cohort = replace(make_cohort(2, 2, given_split=own), allow=(PATIENT_ON_TWO_SIDES,))
    assert split_cohort(cohort, RULE) == own


def test_validation_taken_from_train_leaves_the_test_films_of_an_allowed_patient_where_they_are(make_cohort):
    own = given([f"film{i:03d}" for i in range(0, 18, 2)], [], ["film001", "film018", "film019"])
    cohort = replace(make_cohort(10, 2, given_split=own), allow=(PATIENT_ON_TWO_SIDES,))
    split = split_cohort(cohort, RULE)
    assert sorted(split.train + split.validation) == sorted(own.train)
    assert split.validation
    assert split.test == own.test


def test_a_given_split_without_test_films_is_refused(make_cohort):
    own = given(["film000"], ["film001"], [])
    with pytest.raises(CohortError, match=r"has no test films\. Check the split column"):
        split_cohort(make_cohort(2, given_split=own), RULE)


def test_a_given_split_without_train_films_is_refused(make_cohort):
    own = given([], ["film001"], ["film000"])
    with pytest.raises(CohortError, match="has no train films"):
        split_cohort(make_cohort(2, given_split=own), RULE)


def test_a_given_split_that_names_an_unknown_film_is_refused(make_cohort):
    own = given(["film000"], ["film001"], ["elsewhere"])
    with pytest.raises(CohortError, match="names film 'elsewhere', which the cohort does not have"):
        split_cohort(make_cohort(2, given_split=own), RULE)


def test_validation_is_taken_from_train_when_the_cohort_gives_none(make_cohort):
    ids = [f"film{i:03d}" for i in range(60)]
    cohort = make_cohort(30, 2, given_split=given(ids[:40], [], ids[44:]))
    split = split_cohort(cohort, SplitRule(train=3, validation=1, test=1))
    assert split.test == tuple(ids[44:])
    assert sorted(split.train + split.validation) == ids[:40]
    assert len(patients_of(cohort, split.validation)) == 5
    assert not patients_of(cohort, split.validation) & patients_of(cohort, split.train)
    assert split.origin.startswith("given by the cohort; validation taken from train, 3:1 of the patients")


# --- fewer films ---


def test_a_limit_keeps_the_proportions(make_cohort):
    cohort = make_cohort(100)
    limited = limit_split(split_cohort(cohort, RULE), cohort, 50, seed=1)
    assert [len(limited.train), len(limited.validation), len(limited.test)] == [40, 5, 5]


def test_a_limit_takes_patients_whole(make_cohort):
    cohort = make_cohort(50, 3)
    split = split_cohort(cohort, RULE)
    limited = limit_split(split, cohort, 60, seed=1)
    owner = {sample.sample_id: sample.patient_id for sample in cohort.samples}
    drawn = [owner[i] for i in limited.train]
    assert len(drawn) == 48
    assert all(drawn.count(patient) == 3 for patient in drawn)


def test_a_limit_is_never_passed_even_by_patients_with_many_films(make_cohort):
    cohort = make_cohort(6, 10)
    limited = limit_split(split_cohort(cohort, RULE), cohort, 9, seed=1)
    assert len(limited.train + limited.validation + limited.test) <= 9
    assert limited.train
    assert limited.validation
    assert limited.test


def test_a_larger_limit_keeps_what_a_smaller_one_drew(make_cohort):
    cohort = make_cohort(100)
    split = split_cohort(cohort, RULE)
    few, more = (limit_split(split, cohort, count, seed=3) for count in (30, 60))
    assert set(few.train) < set(more.train)


def test_a_limit_says_what_it_left(make_cohort):
    cohort = make_cohort(100)
    origin = limit_split(split_cohort(cohort, RULE), cohort, 50, seed=7).origin
    assert origin.endswith("; 50 of 100 films, patients drawn by seed 7")


@pytest.mark.parametrize("limit", [None, 20, 500])
def test_a_limit_that_is_not_reached_changes_nothing(make_cohort, limit):
    cohort = make_cohort(20)
    split = split_cohort(cohort, RULE)
    assert limit_split(split, cohort, limit, seed=0) is split


def test_a_limit_below_three_films_is_refused(make_cohort):
    cohort = make_cohort(20)
    with pytest.raises(CohortError, match="max_films = 2 leaves a side of the split of cohort 'made' empty"):
        limit_split(split_cohort(cohort, RULE), cohort, 2, seed=0)


def test_the_hash_tells_sides_apart_but_not_orders():
    one = given(["1", "2"], ["3"], ["4"])
    assert split_hash(one) == split_hash(given(["2", "1"], ["3"], ["4"]))
    assert split_hash(one) != split_hash(given(["1", "2"], ["4"], ["3"]))
