"""What must hold for any scores at all, and agreement with definitions written the slow way."""

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from statsmodels.stats.inter_rater import fleiss_kappa

from ra_bench.metrics import (
    bias,
    bias_from_sums,
    calibration,
    ccc,
    ccc_from_sums,
    equivalence_margin,
    given_indices,
    icc_a_1_from_sums,
    icc_table,
    interval,
    kendall_tau_b,
    krippendorff_alpha,
    limits_of_agreement,
    mae,
    max_ae,
    mean_squares,
    median_ae,
    paired_t,
    pearson,
    pearson_from_sums,
    power_sums,
    proportional_bias,
    qwk,
    rank_models,
    resample_metric,
    resample_sums,
    rmse,
    rmse_from_sums,
    rmse_identity,
    spearman,
    tost,
)

# Scores in half points, as means of two readers are: no two differ by rounding only.
SCORES = st.integers(0, 560).map(lambda steps: steps / 2)


@st.composite
def pairs(draw: st.DrawFn, least: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Reference and prediction on the scale of two hands."""
    size = draw(st.integers(least, 12))
    y, p = (draw(arrays(np.float64, size, elements=SCORES)) for _ in range(2))
    return y, p


@st.composite
def varied_pairs(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    y, p = draw(pairs())
    assume(np.ptp(y) > 0 and np.ptp(p) > 0)
    return y, p


quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])


@quick
@given(pairs())
def test_errors_grow_from_bias_to_mae_to_rmse_to_the_largest(films: tuple[np.ndarray, np.ndarray]) -> None:
    slack = 1e-9

    assert abs(bias(*films)) <= mae(*films) + slack
    assert mae(*films) <= rmse(*films) + slack
    assert rmse(*films) <= max_ae(*films) + slack
    assert median_ae(*films) <= max_ae(*films)


@quick
@given(pairs())
def test_errors_do_not_care_who_is_the_reference_but_bias_turns_its_sign(
    films: tuple[np.ndarray, np.ndarray],
) -> None:
    y, p = films

    assert (mae(y, p), rmse(y, p)) == (mae(p, y), rmse(p, y))
    assert bias(y, p) == -bias(p, y)


@quick
@given(varied_pairs())
def test_agreement_does_not_care_who_is_the_reference(films: tuple[np.ndarray, np.ndarray]) -> None:
    y, p = films
    for metric in (ccc, pearson, spearman, kendall_tau_b):
        assert metric(y, p) == pytest.approx(metric(p, y), abs=1e-12)


@quick
@given(varied_pairs(), st.integers(-50, 50), st.sampled_from([0.5, 2.0, 4.0]))
def test_correlations_ignore_a_shift_and_a_stretch_of_one_side(
    films: tuple[np.ndarray, np.ndarray], shift: int, scale: float
) -> None:
    y, p = films
    for metric in (pearson, spearman, kendall_tau_b):
        assert metric(y, scale * p + shift) == pytest.approx(metric(y, p), abs=1e-9)


@quick
@given(varied_pairs(), st.integers(-50, 50), st.sampled_from([0.5, 2.0, 4.0]))
def test_concordance_ignores_a_shift_and_a_stretch_of_both_sides(
    films: tuple[np.ndarray, np.ndarray], shift: int, scale: float
) -> None:
    y, p = films

    assert ccc(scale * y + shift, scale * p + shift) == pytest.approx(ccc(y, p), abs=1e-9)
    assert rmse(scale * y + shift, scale * p + shift) == pytest.approx(scale * rmse(y, p))


@quick
@given(varied_pairs())
def test_concordance_is_no_further_from_0_than_correlation(films: tuple[np.ndarray, np.ndarray]) -> None:
    assert abs(ccc(*films)) <= abs(pearson(*films)) + 1e-12


@quick
@given(varied_pairs())
def test_correlations_stay_within_1(films: tuple[np.ndarray, np.ndarray]) -> None:
    for metric in (pearson, spearman, kendall_tau_b, ccc):
        assert -1 - 1e-12 <= metric(*films) <= 1 + 1e-12


@quick
@given(varied_pairs())
def test_the_rmse_identity_holds_for_every_set_of_pairs(films: tuple[np.ndarray, np.ndarray]) -> None:
    y, p = films

    assert rmse_identity(bias(y, p), y.std(), p.std(), pearson(y, p)) == pytest.approx(rmse(y, p), abs=1e-5)


@quick
@given(varied_pairs())
def test_icc_never_passes_1_for_one_rater(films: tuple[np.ndarray, np.ndarray]) -> None:
    values = icc_table(np.column_stack(films)).values
    for name in ("icc_1_1", "icc_c_1"):
        assert values[name] <= 1 + 1e-12


@quick
@given(varied_pairs())
def test_mean_squares_add_up_to_the_whole_sum_of_squares(films: tuple[np.ndarray, np.ndarray]) -> None:
    table = np.column_stack(films)
    ms = mean_squares(table)
    parts = ms.between_films * (ms.films - 1) + ms.between_raters + ms.residual * (ms.films - 1)

    assert parts == pytest.approx(np.square(table - table.mean()).sum())


@quick
@given(varied_pairs())
def test_residuals_of_the_calibration_line_have_no_bias(films: tuple[np.ndarray, np.ndarray]) -> None:
    y, p = films
    line = calibration(y, p)

    assert bias(y, line.intercept + line.slope * p) == pytest.approx(0, abs=1e-7)


@quick
@given(varied_pairs())
def test_proportional_bias_has_the_sign_of_the_difference_of_spreads(films: tuple[np.ndarray, np.ndarray]) -> None:
    y, p = films
    slope = proportional_bias(y, p).slope
    assume(not np.isnan(slope))

    assert slope * (p.var() - y.var()) >= -1e-7


@quick
@given(pairs(), st.sampled_from([3.0, 5.0, 20.0]))
def test_tost_passes_exactly_when_the_margin_reached_is_smaller(
    films: tuple[np.ndarray, np.ndarray], margin: float
) -> None:
    reached = equivalence_margin(*films)
    assume(not np.isnan(reached) and abs(reached - margin) > 1e-6)

    assert (tost(*films, margin=margin).p < 0.05) == (reached < margin)


@quick
@given(pairs())
def test_p_values_are_shares_or_undefined(films: tuple[np.ndarray, np.ndarray]) -> None:
    p = paired_t(*films).p

    assert np.isnan(p) or 0 <= p <= 1


@quick
@given(pairs())
def test_limits_of_agreement_lie_around_the_bias(films: tuple[np.ndarray, np.ndarray]) -> None:
    limits = limits_of_agreement(*films)

    assert limits.low <= limits.bias <= limits.high
    assert limits.low_interval[0] <= limits.low <= limits.low_interval[1]


@quick
@given(varied_pairs())
def test_sums_give_the_definitions(films: tuple[np.ndarray, np.ndarray]) -> None:
    sums = power_sums(*films).sum(axis=0)

    assert float(bias_from_sums(sums)) == pytest.approx(bias(*films), abs=1e-9)
    assert float(rmse_from_sums(sums)) == pytest.approx(rmse(*films), abs=1e-9)
    assert float(pearson_from_sums(sums)) == pytest.approx(pearson(*films), abs=1e-9)
    assert float(ccc_from_sums(sums)) == pytest.approx(ccc(*films), abs=1e-9)
    assert float(icc_a_1_from_sums(sums)) == pytest.approx(
        icc_table(np.column_stack(films)).values["icc_a_1"], abs=1e-9
    )


@quick
@given(pairs(), st.data())
def test_a_resample_by_counts_is_the_metric_of_the_drawn_rows(
    films: tuple[np.ndarray, np.ndarray], data: st.DataObject
) -> None:
    y, p = films
    rows = data.draw(arrays(np.intp, y.size, elements=st.integers(0, y.size - 1)))
    (sums,) = resample_sums(given_indices(rows[None, :]), y, [p])
    drawn = y[rows], p[rows]

    assert resample_metric(rmse_from_sums, sums).replicates[0] == pytest.approx(rmse(*drawn), abs=1e-9)
    assert resample_metric(pearson_from_sums, sums).replicates[0] == pytest.approx(
        pearson(*drawn), abs=1e-6, nan_ok=True
    )


@quick
@given(pairs(), st.sampled_from(["bca", "percentile"]), st.data())
def test_intervals_of_rmse_lie_within_what_was_resampled(
    films: tuple[np.ndarray, np.ndarray], method: Any, data: st.DataObject
) -> None:
    y, p = films
    rows = data.draw(arrays(np.intp, (20, y.size), elements=st.integers(0, y.size - 1)))
    found = resample_metric(rmse_from_sums, resample_sums(given_indices(rows), y, [p])[0])
    low, high = interval(found, method).ends

    assert np.isnan(low) or found.replicates.min() <= low <= high <= found.replicates.max()


@quick
@given(arrays(np.float64, (4, 30), elements=SCORES))
def test_probabilities_of_being_best_add_up_to_1_and_ranks_lie_in_their_range(replicates: np.ndarray) -> None:
    ranking = rank_models(replicates.mean(axis=1), replicates)

    assert ranking.p_best.sum() == pytest.approx(1)
    assert (ranking.low <= ranking.high).all()
    assert ranking.rank.min() == 1
    assert ranking.rank.max() <= 4


@quick
@given(pairs())
def test_kappa_of_bands_is_symmetric_and_at_most_1(films: tuple[np.ndarray, np.ndarray]) -> None:
    y, p = films
    value = qwk(y, p, [1, 10, 25, 50, 100])

    assert value == pytest.approx(qwk(p, y, [1, 10, 25, 50, 100]), nan_ok=True)
    assert np.isnan(value) or value <= 1


@quick
@given(arrays(np.float64, (3, 8), elements=st.integers(0, 3).map(float)))
def test_nominal_alpha_without_gaps_is_fleiss_kappa_corrected_for_sample_size(ratings: np.ndarray) -> None:
    assume(np.ptp(ratings) > 0)
    table = np.stack([(ratings == value).sum(axis=0) for value in range(4)], axis=1)
    agreement_by_chance = np.square(table.sum(axis=0) / table.sum()).sum()
    n = table.sum()
    kappa = fleiss_kappa(table)
    expected = 1 - (1 - kappa) * (1 - agreement_by_chance) / ((1 - agreement_by_chance) * n / (n - 1))

    assert krippendorff_alpha(ratings, "nominal") == pytest.approx(expected)
