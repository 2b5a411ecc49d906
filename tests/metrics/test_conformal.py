"""Split-conformal margins: their rank, and that they cover what they promise where its conditions hold."""

from __future__ import annotations

from math import ceil, inf

import numpy as np
import pytest

from ra_bench.metrics import conformal_margin

CONFIDENCE = 0.9


@pytest.mark.parametrize("films", [9, 10, 19, 37, 100])
@pytest.mark.parametrize("confidence", [0.5, 0.8, 0.9])
def test_margin_is_the_usual_order_statistic(films, confidence):
    errors = np.random.default_rng(films).exponential(size=films)
    rank = ceil(round((films + 1) * confidence, 9))
    assert conformal_margin(errors, confidence) == np.sort(errors)[rank - 1]


def test_margin_is_numpys_quantile_of_the_errors_and_one_that_is_infinite():
    errors = np.random.default_rng(5).exponential(size=40)
    expected = np.quantile([*errors, 1e9], CONFIDENCE, method="inverted_cdf")
    assert conformal_margin(errors, CONFIDENCE) == expected


def test_too_few_patients_bound_nothing():
    assert conformal_margin(np.arange(8.0), CONFIDENCE) == inf
    assert conformal_margin(np.arange(90.0), CONFIDENCE, np.arange(90) % 8) == inf


def test_films_of_one_patient_share_its_weight():
    # Weights 1/4 a patient and 1/4 for the new one: a reaches 1/12 a film
    errors, patients = [1, 2, 9, 4, 5], ["a", "a", "a", "b", "c"]
    found = [conformal_margin(errors, level, patients) for level in (0.1, 0.4, 0.6, 0.7, 0.75, 0.76)]
    assert found == [2, 4, 5, 9, 9, inf]


def test_a_patient_told_twice_changes_nothing():
    errors = np.random.default_rng(2).exponential(size=30)
    twice = conformal_margin(np.repeat(errors, 2), CONFIDENCE, np.repeat(np.arange(30), 2))
    assert twice == conformal_margin(errors, CONFIDENCE)


def covered(errors_of, rounds=4000):
    """Share of new films within the margin, over rounds of calibration, and its standard error."""
    generator = np.random.default_rng(11)
    hits = []
    for _ in range(rounds):
        errors, patients, new = errors_of(generator)
        hits.append(float(np.mean(new <= conformal_margin(errors, CONFIDENCE, patients))))
    return np.mean(hits), np.std(hits, ddof=1) / np.sqrt(rounds)


def test_exchangeable_films_are_covered_as_often_as_promised():
    def errors_of(generator):
        errors = generator.standard_t(3, 36) ** 2
        return errors[:-1], None, errors[-1]

    share, error = covered(errors_of)
    exact = ceil(36 * CONFIDENCE) / 36  # the rank of a new error among all is uniform
    assert share == pytest.approx(exact, abs=4 * error)
    assert exact >= CONFIDENCE


def of_patients(generator):
    """Errors that depend on the patient; most have one film, some ten. The last patient is the new one."""
    films = generator.choice([1, 10], 31, p=[0.7, 0.3])
    patients = np.repeat(np.arange(31), films)
    own = generator.lognormal(0, 1, 31) * np.where(films > 1, 0.3, 1.0)  # those of many films are easy
    errors = own[patients] * np.abs(generator.normal(size=patients.size))
    return errors[patients < 30], patients[patients < 30], errors[patients == 30]


def test_a_film_of_a_new_patient_is_covered_though_others_have_many():
    share, error = covered(of_patients)
    assert share >= CONFIDENCE - 3 * error


def test_counting_films_alone_would_cover_too_few_of_them():
    def as_single(generator):
        errors, _, new = of_patients(generator)
        return errors, None, new

    share, error = covered(as_single)
    assert share < CONFIDENCE - 6 * error


@pytest.mark.parametrize("epochs", [1, 30])
def test_films_that_chose_the_epoch_promise_too_much(epochs):
    # Epochs whose errors are unrelated: the worst case of choosing
    def errors_of(generator):
        errors = np.abs(generator.normal(size=(epochs, 21)))
        best = errors[np.argmin(np.square(errors[:, :20]).mean(axis=1))]
        return best[:20], None, best[20]

    share, error = covered(errors_of)
    assert share == pytest.approx({1: 19 / 21, 30: 0.77}[epochs], abs=4 * error)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (([1.0, -1.0], 0.9), "errors holds -1"),
        (([1.0], 90), "confidence is 90"),
        (([1.0, 2.0], 0.9, ["a"]), "patients has 1 values for 2 errors"),
        (([1.0, float("nan")], 0.9), "errors holds 1 missing"),
    ],
)
def test_bad_input_is_refused(arguments, said):
    with pytest.raises(ValueError, match=said):
        conformal_margin(*arguments)
