"""The draw of patients and what is computed on it; scipy.stats.bootstrap is the oracle."""

import math
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats

from ra_bench.metrics import (
    bca_corrections,
    bias_from_sums,
    bias_interval,
    ccc,
    ccc_from_sums,
    difference,
    draw_patients,
    given_indices,
    icc_a_1_from_sums,
    icc_table,
    interval,
    mae,
    mae_from_sums,
    median_ae,
    pearson,
    pearson_from_sums,
    resample_metric,
    resample_slowly,
    resample_sums,
    rmse,
    rmse_from_sums,
)
from ra_bench.metrics.resampling import Resampled

PAIRS: list[tuple[Callable[..., Any], Callable[..., float]]] = [
    (pearson_from_sums, pearson),
    (mae_from_sums, mae),
    (rmse_from_sums, rmse),
    (ccc_from_sums, ccc),
    (icc_a_1_from_sums, lambda y, p: icc_table(np.column_stack([y, p])).values["icc_a_1"]),
]
NAMES = ["rho", "mae", "rmse", "ccc", "icc_a_1"]


@pytest.fixture
def films() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(7)
    reference = generator.gamma(1.2, 33, 25)
    return reference, reference + generator.normal(2, 12, 25)


def resampled(from_sums: Callable[..., Any], films: tuple[np.ndarray, np.ndarray], **draw: int) -> Resampled:
    resampling = draw_patients(np.arange(len(films[0])), **draw)
    (sums,) = resample_sums(resampling, films[0], [films[1]])
    return resample_metric(from_sums, sums)


@pytest.mark.parametrize(("from_sums", "compute"), PAIRS, ids=NAMES)
@pytest.mark.parametrize("method", ["percentile", "bca"])
def test_interval_equals_scipy_bootstrap_on_the_same_draw(
    films: tuple[np.ndarray, np.ndarray], from_sums: Callable[..., Any], compute: Callable[..., float], method: Any
) -> None:
    expected = stats.bootstrap(
        films, compute, paired=True, vectorized=False, n_resamples=199, method=method, rng=np.random.default_rng(3)
    )

    found = interval(resampled(from_sums, films, resamples=199, seed=3), method)

    assert found.ends == pytest.approx(tuple(expected.confidence_interval), rel=1e-10)


@pytest.mark.parametrize(("from_sums", "compute"), PAIRS, ids=NAMES)
def test_sums_give_what_the_definition_gives_on_every_resample(
    films: tuple[np.ndarray, np.ndarray], from_sums: Callable[..., Any], compute: Callable[..., float]
) -> None:
    patients = np.arange(25) // 3
    resampling = draw_patients(patients, resamples=49)
    (sums,) = resample_sums(resampling, films[0], [films[1]])
    fast, slow = resample_metric(from_sums, sums), resample_slowly(resampling, compute, *films)

    assert fast.estimate == pytest.approx(slow.estimate, rel=1e-12)
    np.testing.assert_allclose(fast.replicates, slow.replicates, rtol=1e-10)
    np.testing.assert_allclose(fast.jackknife, slow.jackknife, rtol=1e-10)


def test_t_interval_of_the_bias_is_students_with_one_film_a_patient(films: tuple[np.ndarray, np.ndarray]) -> None:
    found = interval(resampled(bias_from_sums, films, resamples=9), "t")

    assert found.ends == pytest.approx(bias_interval(*films))


def test_all_films_of_a_patient_move_together() -> None:
    resampling = draw_patients(["b", "a", "b", "b", "a"], resamples=50)
    (sums,) = resample_sums(resampling, np.zeros(5), [np.zeros(5)])

    assert resampling.patient.tolist() == [1, 0, 1, 1, 0]
    assert set(sums.replicates[:, 0]) == {4, 5, 6}


def test_doubling_every_film_does_not_narrow_the_interval(films: tuple[np.ndarray, np.ndarray]) -> None:
    patients = np.arange(25)
    single = resample_sums(draw_patients(patients), films[0], [films[1]])[0]
    twice = resample_sums(draw_patients(np.repeat(patients, 2)), np.repeat(films[0], 2), [np.repeat(films[1], 2)])[0]

    assert interval(resample_metric(rmse_from_sums, twice)).ends == pytest.approx(
        interval(resample_metric(rmse_from_sums, single)).ends
    )


def test_order_of_films_does_not_change_the_interval(films: tuple[np.ndarray, np.ndarray]) -> None:
    shuffled = np.random.default_rng(0).permutation(25)
    one, other = (
        interval(resample_metric(mae_from_sums, resample_sums(draw_patients(order), y, [p])[0])).ends
        for order, y, p in ((np.arange(25), *films), (shuffled, films[0][shuffled], films[1][shuffled]))
    )

    assert one == pytest.approx(other)


def test_same_seed_same_draw_and_another_seed_another() -> None:
    first, again, other = (draw_patients(np.arange(40), resamples=20, seed=seed).counts for seed in (1, 1, 2))

    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_large_draws_do_not_depend_on_how_they_are_split_up(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = draw_patients(np.arange(31), resamples=40).counts
    monkeypatch.setattr("ra_bench.metrics.draw.BLOCK", 100)

    assert np.array_equal(draw_patients(np.arange(31), resamples=40).counts, whole)


def test_every_resample_draws_as_many_patients_as_there_are() -> None:
    assert set(draw_patients(np.arange(30), resamples=40).counts.sum(axis=1)) == {30}


def test_counts_above_a_byte_are_kept() -> None:
    assert given_indices(np.zeros((2, 300), dtype=int)).counts[0, 0] == 300


def test_models_on_one_draw_are_paired(films: tuple[np.ndarray, np.ndarray]) -> None:
    reference, predicted = films
    shifted = predicted + 1
    one, other = (
        resample_metric(bias_from_sums, sums)
        for sums in resample_sums(draw_patients(np.arange(25), resamples=99), reference, [shifted, predicted])
    )

    np.testing.assert_allclose(difference(one, other).replicates, 1, rtol=1e-9)


def test_a_missing_prediction_leaves_the_other_models_untouched(films: tuple[np.ndarray, np.ndarray]) -> None:
    reference, predicted = films
    gappy = np.where(np.arange(25) < 2, np.nan, predicted)
    draw = draw_patients(np.arange(25), resamples=99)
    with_gap, whole = (resample_metric(mae_from_sums, s) for s in resample_sums(draw, reference, [gappy, predicted]))

    assert with_gap.estimate == pytest.approx(mae(reference[2:], predicted[2:]))
    assert whole.estimate == pytest.approx(mae(reference, predicted))
    np.testing.assert_allclose(with_gap.replicates, resample_slowly(draw, mae, reference, gappy).replicates)


def test_a_metric_without_sums_goes_the_slow_way(films: tuple[np.ndarray, np.ndarray]) -> None:
    expected = stats.bootstrap(
        films,
        median_ae,
        paired=True,
        vectorized=False,
        n_resamples=99,
        method="percentile",
        rng=np.random.default_rng(0),
    )

    found = interval(resample_slowly(draw_patients(np.arange(25), resamples=99), median_ae, *films), "percentile")

    assert found.ends == pytest.approx(tuple(expected.confidence_interval))


@pytest.mark.parametrize("method", ["bca", "percentile", "t"])
@pytest.mark.parametrize("from_sums", [pair[0] for pair in PAIRS], ids=NAMES)
def test_one_patient_gives_no_interval(from_sums: Callable[..., Any], method: Any) -> None:
    found = resampled(from_sums, (np.array([10.0]), np.array([13.0])), resamples=50)

    assert all(math.isnan(end) for end in interval(found, method).ends)


def test_a_constant_prediction_gives_no_interval_of_rho() -> None:
    found = resampled(pearson_from_sums, (np.array([0, 4.5, 12, 33, 80.5]), np.full(5, 26.1)), resamples=50)

    assert math.isnan(found.estimate)
    assert interval(found, "percentile").undefined == 50
    assert all(math.isnan(end) for end in interval(found, "percentile").ends)


def test_a_perfect_prediction_gives_no_interval_of_mae_rather_than_0_to_0() -> None:
    found = resampled(mae_from_sums, (np.arange(5.0), np.arange(5.0)), resamples=50)

    assert all(math.isnan(end) for end in interval(found, "bca").ends)


def test_two_patients_give_no_interval_of_rho_rather_than_1_to_1() -> None:
    found = resampled(pearson_from_sums, (np.array([3.0, 40.0]), np.array([5.0, 36.0])), resamples=50)

    assert found.estimate == 1
    assert all(math.isnan(end) for end in interval(found, "percentile").ends)


def test_a_resample_of_one_patient_only_has_no_correlation() -> None:
    (sums,) = resample_sums(given_indices([[1, 1, 1], [0, 1, 2]]), [0.1, 50.3, 70.7], [[1.3, 47.9, 60.1]])

    assert np.isnan(resample_metric(pearson_from_sums, sums).replicates).tolist() == [True, False]


def test_resamples_equal_to_the_estimate_count_half() -> None:
    corrections = bca_corrections(
        Resampled(estimate=1.0, replicates=np.array([1.0, 1.0, 1.0, 2.0]), jackknife=np.array([0.0, 1.0, 2.0]))
    )

    assert corrections[0] == pytest.approx(stats.norm.ppf(3 / 8))


def test_resamples_all_on_one_side_give_no_bca_interval() -> None:
    found = Resampled(estimate=0.0, replicates=np.array([1.0, 2.0, 3.0]), jackknife=np.array([0.0, 1.0, 5.0]))

    assert all(math.isnan(end) for end in interval(found, "bca").ends)


def test_ten_models_at_3818_patients_stay_below_100_mib() -> None:
    generator = np.random.default_rng(0)
    reference = generator.gamma(1.2, 33, 3818)
    predictions = [reference + generator.normal(0, 15, 3818) for _ in range(10)]
    tracemalloc.start()
    resample_sums(draw_patients(np.arange(3818)), reference, predictions)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 100 * 2**20


def test_an_unknown_method_is_refused(films: tuple[np.ndarray, np.ndarray]) -> None:
    with pytest.raises(ValueError, match=r"No interval method named 'wald'\. Choose from: bca, percentile, t"):
        interval(resampled(mae_from_sums, films, resamples=9), "wald")  # type: ignore[arg-type]  # that is the point


def test_films_that_were_not_drawn_from_are_refused() -> None:
    with pytest.raises(ValueError, match="2 films given, but 3 were drawn from"):
        resample_sums(draw_patients([1, 2, 3], resamples=5), [1, 2], [[1, 2]])


def test_the_slow_way_refuses_films_that_were_not_drawn_from() -> None:
    with pytest.raises(ValueError, match="2 films given, but 3 were drawn from"):
        resample_slowly(draw_patients([1, 2, 3], resamples=5), mae, [1, 2], [1, 2])


def test_two_draws_cannot_be_compared(films: tuple[np.ndarray, np.ndarray]) -> None:
    one, other = (resampled(mae_from_sums, films, resamples=count) for count in (9, 10))
    with pytest.raises(ValueError, match=r"resample both on one draw of draw_patients\(\)"):
        difference(one, other)


def test_no_patients_and_no_resamples_are_refused() -> None:
    with pytest.raises(ValueError, match="give one patient a film"):
        draw_patients([])
    with pytest.raises(ValueError, match="resamples is 0: give 1 or more"):
        draw_patients([1], resamples=0)


def test_indices_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="give rows from 0 to 1"):
        given_indices([[0, 2]])


def test_no_models_give_no_sums() -> None:
    assert resample_sums(draw_patients([1, 2], resamples=5), [1, 2], []) == ()
