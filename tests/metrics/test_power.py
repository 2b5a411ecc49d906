"""How many films: held against PowerTOST, closed forms, the Pitman-Morgan test and simulations."""

from __future__ import annotations

from math import atanh, log, sqrt
from typing import Any

import numpy as np
import pytest
from scipy.special import ndtri
from statsmodels.stats.power import TTestPower

from ra_bench.metrics import (
    detectable_difference,
    difference,
    draw_patients,
    films_for_equivalence,
    films_to_separate,
    patients_to_separate,
    resample_metric,
    resample_sums,
    rmse_from_sums,
    tost_power,
)
from ra_bench.metrics.resampling import Resampled


def test_power_of_tost_is_that_of_powertost() -> None:
    # sampleN.TOST(CV = 0.3), a 2x2 crossover on the log scale with true ratio 0.95: n = 40, power 0.815845
    error = sqrt(log(1 + 0.3**2)) * sqrt(2 / 40)
    assert tost_power(log(0.95), error, 38, log(1.25)) == pytest.approx(0.815845, abs=5e-7)


def test_films_for_equivalence_are_near_the_closed_form_for_many_films() -> None:
    # Julious 2004: (z_0.95 + z_0.90)^2 (SD / margin)^2 for no true difference
    expected = (ndtri(0.95) + ndtri(0.90)) ** 2 * (19 / 1.0) ** 2
    assert films_for_equivalence(19.0, 1.0) == pytest.approx(expected, rel=0.001)


def test_with_a_true_difference_near_the_margin_one_side_decides() -> None:
    # a one-sided t-test of the distance to the margin
    expected = TTestPower().solve_power(effect_size=1.0 / 10, alpha=0.05, power=0.80, alternative="larger")
    assert films_for_equivalence(10.0, 5.0, true_difference=4.0) == pytest.approx(expected, abs=1)


def test_equivalence_passes_as_often_as_said_in_a_simulation() -> None:
    from ra_bench.metrics import tost_from_summary

    films, generator = films_for_equivalence(19.0, 5.0, true_difference=1.0), np.random.default_rng(7)
    d = generator.normal(1.0, 19.0, (4000, films))
    passed = [
        tost_from_summary(float(mean), float(sd), films, 5.0).p < 0.05
        for mean, sd in zip(d.mean(axis=1), d.std(axis=1, ddof=1), strict=True)
    ]
    assert np.mean(passed) == pytest.approx(0.80, abs=0.02)  # three standard errors


def test_one_film_fewer_does_not_reach_the_power() -> None:
    films = films_for_equivalence(19.0, 5.0)
    assert tost_power(0.0, 19 / sqrt(films), films - 1, 5.0) >= 0.80
    assert tost_power(0.0, 19 / sqrt(films - 1), films - 2, 5.0) < 0.80


@pytest.mark.parametrize("df", [1e5, 1e6, 1e7])
def test_a_well_known_error_gives_the_normal_answer(df: float) -> None:
    assert tost_power(0.0, 1.0, df, 3.0) == pytest.approx(2 * _normal(3.0 - ndtri(0.95)) - 1, abs=1e-4)


def _normal(z: float) -> float:
    from scipy.special import ndtr

    return float(ndtr(z))


def test_a_hopeless_test_has_no_power() -> None:
    assert tost_power(0.0, 10.0, 50, 1.0) < 1e-6
    assert tost_power(0.0, 1e6, 5000, 1.0) == 0.0


@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.9])
def test_films_to_separate_normal_errors_are_near_those_of_the_pitman_morgan_test(correlation: float) -> None:
    # sums and differences of the errors correlate by this; Fisher's z gives the films
    first, second = 20.0, 21.0
    both = first**2 + second**2
    r = (second**2 - first**2) / sqrt(both**2 - (2 * correlation * first * second) ** 2)
    expected = ((ndtri(0.975) + ndtri(0.80)) / atanh(r)) ** 2 + 3
    found = films_to_separate(first, second, correlation=correlation).films
    assert found == pytest.approx(expected, rel=0.02)


def separated(errors: np.ndarray) -> float:
    """Share of cohorts whose jackknife interval of the RMSE difference excludes 0; (cohorts, films, 2)."""
    squares = np.square(errors)
    films = squares.shape[1]
    gap = np.sqrt(squares.mean(axis=1))
    left = np.sqrt((squares.sum(axis=1, keepdims=True) - squares) / (films - 1))
    left = left[..., 0] - left[..., 1]
    error = np.sqrt((films - 1) ** 2 / films * left.var(axis=1))
    return float(np.mean(np.abs(gap[:, 0] - gap[:, 1]) > ndtri(0.975) * error))


def normal_errors(generator: np.random.Generator, cohorts: int, films: int, correlation: float) -> np.ndarray:
    first, own = generator.normal(0, 1, (2, cohorts, films))
    second = correlation * first + sqrt(1 - correlation**2) * own
    return np.stack([20 * first, 23 * second], axis=-1)


def test_normal_errors_are_separated_as_often_as_said_in_a_simulation() -> None:
    films = films_to_separate(20.0, 23.0, correlation=0.6).films
    found = separated(normal_errors(np.random.default_rng(1), 4000, films, 0.6))
    assert found == pytest.approx(0.80, abs=0.03)


def test_heavy_tails_are_separated_as_often_as_said_in_a_simulation() -> None:
    # a fifth of the films has six times the error variance: mean 2, mean square 8, kurtosis 3 * 8 / 2^2
    films = films_to_separate(20.0, 23.0, correlation=0.6, kurtosis=6.0).films
    generator = np.random.default_rng(2)
    spread = np.where(generator.random((2000, films)) < 0.2, 6.0, 1.0) / 2
    errors = normal_errors(generator, 2000, films, 0.6) * np.sqrt(spread)[..., None]
    assert separated(errors) == pytest.approx(0.80, abs=0.035)


def test_films_of_one_patient_cost_films() -> None:
    one = films_to_separate(20.0, 22.0, correlation=0.5)
    two = films_to_separate(20.0, 22.0, correlation=0.5, films_a_patient=2, within_patient=0.5)
    assert two.films == pytest.approx(1.5 * one.films, abs=2)
    assert two.films == 2 * two.patients


def test_two_films_that_say_the_same_are_one_film() -> None:
    one = films_to_separate(20.0, 22.0, correlation=0.5)
    same = films_to_separate(20.0, 22.0, correlation=0.5, films_a_patient=2, within_patient=1.0)
    assert same.patients == one.patients


def test_models_that_err_alike_are_separated_on_fewer_films() -> None:
    needed = [films_to_separate(20.0, 22.0, correlation=r).films for r in (0.0, 0.5, 0.9)]
    assert needed == sorted(needed, reverse=True)


def test_the_order_of_the_two_rmses_does_not_matter() -> None:
    assert films_to_separate(20.0, 22.0, correlation=0.5) == films_to_separate(22.0, 20.0, correlation=0.5)


def gap_of_two(films: int = 150) -> Resampled:
    generator = np.random.default_rng(4)
    y = np.zeros(films)
    sums = resample_sums(draw_patients(np.arange(films)), y, [generator.normal(0, size, films) for size in (20, 26)])
    return difference(*(resample_metric(rmse_from_sums, one) for one in sums))


def test_patients_to_separate_undo_the_detectable_difference() -> None:
    gap = gap_of_two()
    assert patients_to_separate(gap, detectable_difference(gap)) == 150
    assert patients_to_separate(gap, -detectable_difference(gap) / 2) == pytest.approx(600, abs=1)


def test_patients_to_separate_agree_with_the_formula_for_normal_errors() -> None:
    found = patients_to_separate(gap_of_two(4000), 6.0)
    assert found == pytest.approx(films_to_separate(20.0, 26.0, correlation=0.0).films, rel=0.08)


def test_a_difference_that_does_not_vary_says_nothing() -> None:
    flat = Resampled(estimate=1.0, replicates=np.ones(99), jackknife=np.ones(5))
    assert patients_to_separate(flat, 1.0) == 0


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: films_to_separate(20, 20, correlation=0.5), "no number of films separates equal ones"),
        (lambda: films_to_separate(-1, 20, correlation=0.5), "give two numbers above 0"),
        (lambda: films_to_separate(20, float("nan"), correlation=0.5), "give two numbers above 0"),
        (lambda: films_to_separate(20, 22, correlation=1.5), "correlation is 1.5"),
        (lambda: films_to_separate(20, 22, correlation=0.5, kurtosis=1.0), "kurtosis is 1.0: give 1.5 or more"),
        (lambda: films_to_separate(20, 22, correlation=0.5, power=1.0), "power is 1.0: give a share"),
        (lambda: films_to_separate(20, 22, correlation=0.5, confidence=95), "confidence is 95"),
        (lambda: films_to_separate(20, 22, correlation=0.5, films_a_patient=0), "films_a_patient is 0"),
        (lambda: films_to_separate(20, 22, correlation=0.5, within_patient=2), "within_patient 2"),
        (lambda: films_to_separate(20, 20.0001, correlation=0.0), "more than 100,000,000 films"),
        (lambda: films_for_equivalence(0, 5), "give an SD and a margin above 0"),
        (lambda: films_for_equivalence(19, 5, true_difference=5), "A larger one cannot be shown to be small"),
        (lambda: films_for_equivalence(19, 5, power=0), "power is 0"),
        (lambda: films_for_equivalence(19, 0.0001), "more than 100,000,000 films"),
        (lambda: tost_power(0, 0, 10, 5), "standard_error is 0"),
        (lambda: tost_power(0, 1, 10, 5, alpha=1), "alpha is 1"),
        (lambda: patients_to_separate(gap_of_two(), 0), "true_difference is 0"),
    ],
)
def test_what_has_no_answer_is_refused(call: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call()
