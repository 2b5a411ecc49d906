"""Folds of patients, and sites left out one after the other."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as for_any
from hypothesis import strategies as some

from ra_bench.cohorts.folds import plan_splits
from ra_bench.cohorts.splits import limit_split, plan_hash, reference, split_cohort, split_hash
from ra_bench.errors import CohortError, LeakError
from ra_bench.training.protocol import protocol_hash, read_protocol
from ra_bench.values import Split, SplitRule

RULE = SplitRule(train=7, validation=1, test=2)
BOARD = Path(__file__).parent.parent.parent / "leaderboards/synthetic-hands/records/mean-seed0/record.json"


def patients_of(cohort, ids):
    owner = {sample.sample_id: sample.patient_id for sample in cohort.samples}
    return {owner[i] for i in ids}


def at_sites(cohort, *sites):
    """The same cohort, its patients dealt to the sites in turn."""
    order = sorted({sample.patient_id for sample in cohort.samples})
    home = {patient: sites[place % len(sites)] for place, patient in enumerate(order)}
    return replace(cohort, samples=tuple(replace(s, site=home[s.patient_id]) for s in cohort.samples))


@for_any(
    films_each=some.lists(some.integers(1, 4), min_size=6, max_size=40),
    folds=some.integers(2, 6),
    seed=some.integers(0, 99),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_film_is_tested_once_by_a_model_that_saw_nothing_of_its_patient(make_cohort, films_each, folds, seed):
    cohort = make_cohort(len(films_each), films_each)
    plan = plan_splits(cohort, replace(RULE, seed=seed), folds=folds)
    assert sorted(film for split in plan.splits for film in split.test) == [s.sample_id for s in cohort.samples]
    for split in plan.splits:
        sides = [patients_of(cohort, ids) for ids in (split.train, split.validation, split.test)]
        assert all(sides)
        assert sum(map(len, sides)) == len(set.union(*sides)) == len(films_each)


def test_folds_have_as_many_patients_each_to_within_one_and_like_scores(make_cohort):
    cohort = make_cohort(203)
    plan = plan_splits(cohort, RULE, folds=5)
    score = {sample.sample_id: reference(sample) for sample in cohort.samples}
    assert {len(split.test) for split in plan.splits} == {40, 41}
    means = [np.mean([score[film] for film in split.test]) for split in plan.splits]
    assert max(means) - min(means) < 12  # of a range of 203; five random fifths differ by about 25


def test_five_folds_of_seven_to_one_are_as_large_as_the_single_split_of_70_10_20(make_cohort):
    plan = plan_splits(make_cohort(100), RULE, folds=5)
    assert {(len(split.train), len(split.validation), len(split.test)) for split in plan.splits} == {(70, 10, 20)}


def test_the_same_seed_gives_the_same_folds_in_any_order_of_the_table(make_cohort):
    cohort = make_cohort(30)
    turned = replace(cohort, samples=cohort.samples[::-1])
    assert plan_hash(plan_splits(cohort, RULE, folds=5)) == plan_hash(plan_splits(turned, RULE, folds=5))


def test_another_seed_or_another_number_of_folds_is_another_plan(make_cohort):
    cohort = make_cohort(30)
    plans = [(RULE, 5), (replace(RULE, seed=1), 5), (RULE, 6), (replace(RULE, validation=2), 5), (RULE, None)]
    assert len({plan_hash(plan_splits(cohort, rule, folds=folds)) for rule, folds in plans}) == len(plans)


def test_each_site_is_tested_by_a_model_that_saw_no_film_of_it(make_cohort):
    cohort = at_sites(make_cohort(30, 2), "Oslo", "Leiden", "Graz")
    site = {sample.sample_id: sample.site for sample in cohort.samples}
    plan = plan_splits(cohort, RULE, folds="sites")
    assert plan.sites == ("Graz", "Leiden", "Oslo")
    for name, split in zip(plan.sites, plan.splits, strict=True):
        assert {site[film] for film in split.test} == {name}
        assert name not in {site[film] for film in (*split.train, *split.validation)}
    assert sorted(film for split in plan.splits for film in split.test) == [s.sample_id for s in cohort.samples]


def test_a_site_of_another_name_is_another_plan(make_cohort):
    one, other = (plan_splits(at_sites(make_cohort(20), *names), RULE, folds="sites") for names in ("ab", "ac"))
    assert plan_hash(one) != plan_hash(other)


@pytest.mark.parametrize(("folds", "sites"), [(4, "a"), ("sites", "abc")])
def test_fewer_films_are_drawn_before_folds_are_made(make_cohort, folds, sites):
    plan = plan_splits(at_sites(make_cohort(60), *sites), RULE, folds=folds, max_films=30)
    assert len({film for split in plan.splits for film in split.test}) == 30
    assert plan.origin.endswith("; 30 of 60 films, patients drawn by seed 0")


# --- without folds nothing is new ---


def test_one_split_has_the_hash_that_it_always_had(make_cohort):
    cohort = make_cohort(50)
    split = limit_split(split_cohort(cohort, RULE), cohort, 20, RULE.seed)
    assert plan_splits(cohort, RULE, max_films=20).splits == (split,)
    assert plan_hash(plan_splits(cohort, RULE, max_films=20)) == split_hash(split)


def test_split_and_protocol_of_the_committed_board_are_what_they_were():
    from ra_bench.builtin import register_datasets, register_protocols

    job = json.loads(BOARD.read_text())["job"]
    spec = next(spec for spec in register_datasets() if spec.name == job["dataset"])
    protocol = next(spec.file for spec in register_protocols() if spec.name == job["protocol"])
    cohort = spec.load(Path("nowhere"))
    assert cohort.version == job["cohort"]
    assert protocol_hash(read_protocol(protocol)) == job["protocol_hash"]
    assert plan_hash(plan_splits(cohort, read_protocol(protocol).split)) == job["split"]


def test_the_papers_proportions_give_its_sizes_for_as_many_patients(make_cohort):
    from ra_bench.builtin import register_protocols

    protocol = next(spec.file for spec in register_protocols() if spec.name == "wang2022")
    (split,) = plan_splits(make_cohort(3618), read_protocol(protocol).split).splits
    assert [len(split.train), len(split.validation), len(split.test)] == [2700, 760, 158]


# --- what is refused ---


@pytest.mark.parametrize("folds", [0, 1])
def test_one_fold_is_none(make_cohort, folds):
    with pytest.raises(
        CohortError, match=rf"^{folds} fold\(s\) would leave nothing to train on\. Give 2 folds or more"
    ):
        plan_splits(make_cohort(), RULE, folds=folds)


def test_more_folds_than_patients_are_refused(make_cohort):
    with pytest.raises(CohortError, match=r"'made' has 4 patient\(s\): too few for 5 folds"):
        plan_splits(make_cohort(4, 3), RULE, folds=5)


def test_folds_that_leave_one_patient_to_train_and_validate_are_refused(make_cohort):
    with pytest.raises(
        CohortError, match=r"'made without fold 1' has 1 patient\(s\) to split into train and validation"
    ):
        plan_splits(make_cohort(2, 3), RULE, folds=2)


@pytest.mark.parametrize("folds", [5, "sites"])
def test_folds_do_not_replace_a_split_that_the_cohort_brings(make_cohort, folds):
    own = Split(train=("film000",), validation=("film001",), test=("film002",), origin="given, column 'set'")
    with pytest.raises(
        CohortError, match=r"brings its own split \(given, column 'set'\).*delete \[split\] in cohort.toml"
    ):
        plan_splits(make_cohort(given_split=own), RULE, folds=folds)


def test_a_cohort_without_sites_is_told_which_key_names_them(make_cohort):
    with pytest.raises(CohortError, match=r"names no site\. Give 'site'.* in cohort\.toml, or .* --folds 5"):
        plan_splits(make_cohort(), RULE, folds="sites")


def test_a_film_without_site_is_named(make_cohort):
    cohort = at_sites(make_cohort(6), "a", "b")
    samples = (*cohort.samples[:4], replace(cohort.samples[4], site=""), cohort.samples[5])
    with pytest.raises(CohortError, match="1 of 6 films of cohort 'made' have no site, such as 'film004'"):
        plan_splits(replace(cohort, samples=samples), RULE, folds="sites")


def test_one_site_cannot_be_left_out(make_cohort):
    with pytest.raises(
        CohortError, match="All films of cohort 'made' are of one site, 'a', so that none can be left out"
    ):
        plan_splits(at_sites(make_cohort(6), "a"), RULE, folds="sites")


def test_a_patient_of_two_sites_would_be_learnt_and_tested(make_cohort):
    cohort = at_sites(make_cohort(6, 2), "a", "b")
    samples = (replace(cohort.samples[0], site="b"), *cohort.samples[1:])
    with pytest.raises(LeakError, match="Patient 'p000' of cohort 'made' has films of two sites, 'b' and 'a'"):
        plan_splits(replace(cohort, samples=samples), RULE, folds="sites")


def test_a_limit_that_leaves_a_site_without_films_is_refused(make_cohort):
    with pytest.raises(
        CohortError, match="max_films = 2 leaves a site of cohort 'made' without a film: it has 3 sites"
    ):
        plan_splits(at_sites(make_cohort(9), *"abc"), RULE, folds="sites", max_films=2)
