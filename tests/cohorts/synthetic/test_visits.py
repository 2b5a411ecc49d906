"""The simulated cohort with two visits: damage never heals, readers err, and no patient is on two sides."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from ra_bench.cohorts.load import load_cohort
from ra_bench.cohorts.splits import limit_split, split_cohort
from ra_bench.cohorts.synthetic.cohort import load_synthetic_hands, simulate_hands, write_synthetic_hands
from ra_bench.cohorts.synthetic.layout import build_scene
from ra_bench.cohorts.synthetic.readers import SITES, simulate_readings
from ra_bench.cohorts.synthetic.visits.cohort import load_synthetic_hands_visits, simulate_visits
from ra_bench.cohorts.synthetic.visits.film import later_scene
from ra_bench.cohorts.synthetic.visits.progression import MOST, PROGRESSION_MEAN, progress, simulate_two_visits
from ra_bench.cohorts.visits import visit_numbers
from ra_bench.errors import CohortError
from ra_bench.metrics import change_error, smallest_detectable_change
from ra_bench.values import SVH_HANDS, SplitRule

MAXIMA = np.array([site.maximum for site in SITES])


@pytest.fixture(scope="module")
def many():
    return simulate_two_visits(3000, seed=1)


@pytest.fixture(scope="module")
def changes(many):
    """Changes of the total, shape (patients, readers)."""
    return many.totals[:, 1] - many.totals[:, 0]


def test_the_cohort_of_one_visit_is_the_one_that_its_board_was_measured_on(request, tmp_path):
    """Its version stands on the committed board: a file that it hashes was changed, or one was added beside it."""
    board = (request.config.rootpath / "leaderboards/synthetic-hands/board.md").read_text(encoding="utf-8")
    assert f"version {load_synthetic_hands(tmp_path).version}, simulated" in board


def test_the_named_cohort_has_two_visits_a_patient_and_says_that_it_is_simulated(tmp_path):
    cohort = load_synthetic_hands_visits(tmp_path)
    assert cohort.simulated
    assert cohort.scale == SVH_HANDS
    assert any("Simulated films and simulated readers" in remark for remark in cohort.remarks)
    assert len(cohort.samples) == 3000
    assert len({sample.patient_id for sample in cohort.samples}) == 1500
    assert set(visit_numbers(cohort.samples).values()) == {1, 2}


def test_films_patients_and_visits_are_named():
    first, second = simulate_visits(1, 64, seed=1).samples
    assert (first.sample_id, first.patient_id, first.visit) == ("synthetic-0001-00", "patient-0001", "month 0")
    assert (second.sample_id, second.patient_id, second.visit) == ("synthetic-0001-12", "patient-0001", "month 12")


def test_the_same_parameters_give_the_same_cohort():
    one, other = simulate_visits(3, 64, seed=1), simulate_visits(3, 64, seed=1)
    assert one.version == other.version
    assert [sample.readings for sample in one.samples] == [sample.readings for sample in other.samples]
    assert np.array_equal(one.samples[1].film(), other.samples[1].film())


@pytest.mark.parametrize("other", [(4, 64, 1), (3, 96, 1), (3, 64, 2)])
def test_number_width_and_seed_are_part_of_the_version(other):
    assert simulate_visits(3, 64, 1).version != simulate_visits(*other).version


def test_no_site_of_any_patient_heals(many):
    assert (many.damage[:, 1] >= many.damage[:, 0]).all()
    assert (many.damage[:, 1] <= MAXIMA).all()


def test_a_total_rises_by_the_change_that_was_drawn():
    damage = simulate_readings(200, seed=3).damage
    wanted = np.linspace(0, 40, 200)
    later = progress(damage, wanted, np.random.default_rng(0))
    assert (later - damage).sum(axis=(1, 2)) == pytest.approx(wanted, abs=1e-6)


def test_nobody_loses_more_than_most_of_what_is_left():
    damage = np.broadcast_to(0.5 * MAXIMA, (5, 2, 31)).copy()
    later = progress(damage, np.full(5, 1e6), np.random.default_rng(0))
    assert (later - damage).sum(axis=(1, 2)) == pytest.approx(np.full(5, MOST * 140))


def test_most_change_little_and_a_few_much(many):
    true = (many.damage[:, 1] - many.damage[:, 0]).sum(axis=(1, 2))
    assert true.mean() == pytest.approx(PROGRESSION_MEAN, rel=0.1)
    assert (true == 0).mean() == pytest.approx(0.4, abs=0.03)
    assert (true > 5).mean() == pytest.approx(0.18, abs=0.03)
    assert true.max() > 25


def test_change_does_not_depend_on_the_damage_that_there_is(many):
    first = many.damage[:, 0].sum(axis=(1, 2))
    true = many.damage[:, 1].sum(axis=(1, 2)) - first
    assert abs(np.corrcoef(first, true)[0, 1]) < 0.05


def test_the_readings_of_a_year_look_like_those_of_a_trial(changes):
    """TEMPO, methotrexate: 57 % of patients with a change of 0.5 or less, mean 2.8. SDC of 15 trials: 2.3 to 4.3."""
    reference = changes.mean(axis=1)
    assert (reference <= 0.5).mean() == pytest.approx(0.57, abs=0.03)
    assert reference.mean() == pytest.approx(2.6, abs=0.3)
    sdc = smallest_detectable_change(change_error(list(changes.T)), readings=2)
    assert 2.3 < sdc < 4.3


def test_readers_see_improvement_where_there_is_none(changes):
    assert 0.15 < (changes.mean(axis=1) < 0).mean() < 0.3


@pytest.mark.parametrize("visit", [0, 1])
def test_each_visit_is_read_as_the_films_of_one_visit_are(many, visit):
    alone = np.concatenate([simulate_readings(3000, seed).totals for seed in (1, 2)])
    totals = many.totals[:, visit]
    grown = visit * PROGRESSION_MEAN
    assert totals.mean(axis=0) == pytest.approx(alone.mean(axis=0) + grown, abs=1.0)
    assert np.abs(totals[:, 0] - totals[:, 1]).mean() == pytest.approx(
        np.abs(alone[:, 0] - alone[:, 1]).mean(), rel=0.1
    )


def test_the_film_of_a_first_visit_is_that_of_the_cohort_with_one():
    two, one = simulate_visits(2, 96, seed=4), simulate_hands(2, 96, seed=4)
    assert np.array_equal(two.samples[2].film(), one.samples[1].film())


def test_a_second_film_is_another_film_of_the_same_hands():
    damage = simulate_readings(1, seed=2).damage[0]
    first, later = build_scene(damage, 11, 0.2), later_scene(damage, seed=11, visit_seed=12)
    assert later.film != first.film
    assert np.array_equal(later.person.lengths, first.person.lengths)
    for hand, again in zip(first.hands, later.hands, strict=True):
        assert not np.allclose(hand.joints, again.joints, atol=1.0)
        assert [tube.length for tube in again.tubes] == pytest.approx([tube.length for tube in hand.tubes], rel=0.12)


def test_other_damage_changes_nothing_but_bone_on_a_second_film():
    damage = simulate_readings(1, seed=2).damage[0]
    worse = np.minimum(damage + 0.1, MAXIMA)
    one, other = (later_scene(given, seed=11, visit_seed=12) for given in (damage, worse))
    assert one.film == other.film
    assert one.flesh == other.flesh


def test_a_second_film_shows_its_damage_where_it_says():
    sample = simulate_visits(2, 64, 3).samples[1]
    assert sample.drawn is not None
    shown = pickle.loads(pickle.dumps(sample.drawn))()
    assert len(shown.sites) == 62
    assert shown.hands.shape == sample.film().shape
    assert all(0 < site.x < 64 and 0 < site.y < 48 for site in shown.sites)


@pytest.mark.parametrize("most", [None, 60])
def test_both_visits_of_a_patient_are_on_one_side(most):
    cohort = simulate_visits(200, 64, seed=5)
    split = split_cohort(cohort, SplitRule(train=60, validation=20, test=20))
    split = limit_split(split, cohort, most, seed=0)
    patients = {sample.sample_id: sample.patient_id for sample in cohort.samples}
    sides = [[patients[film] for film in getattr(split, side)] for side in ("train", "validation", "test")]
    assert not set(sides[0]) & set(sides[1]) | set(sides[0]) & set(sides[2]) | set(sides[1]) & set(sides[2])
    assert all(side.count(patient) == 2 for side in sides for patient in side)


def test_a_written_cohort_of_two_visits_loads_as_any_other(tmp_path):
    file = write_synthetic_hands(tmp_path / "made", 4, 96, seed=4, visits=2)
    cohort, drawn = load_cohort(file, tmp_path / "data"), simulate_visits(2, 96, seed=4)
    for field in ("sample_id", "patient_id", "visit", "readings"):
        assert [getattr(sample, field) for sample in cohort.samples] == [getattr(s, field) for s in drawn.samples]
    assert np.array_equal(cohort.samples[1].film(), drawn.samples[1].film())


@pytest.mark.parametrize(("films", "visits"), [(3, 2), (4, 3), (4, 0)])
def test_films_that_do_not_fit_visits_are_refused(tmp_path, films, visits):
    with pytest.raises(CohortError, match="Choose an even number of films for two visits"):
        write_synthetic_hands(tmp_path / "made", films, 64, seed=0, visits=visits)
    assert not (tmp_path / "made").exists()
