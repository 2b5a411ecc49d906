"""The report on a model against printed numbers, and against numpy, scipy and statsmodels."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from ra_bench import builtin
from ra_bench.boards.evaluate import draw, evaluate
from ra_bench.boards.held_out import HeldOut
from ra_bench.errors import TableError
from ra_bench.metrics import Resampling, given_indices
from ra_bench.reports.measure import measure_pair

WRIGHT = [494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427]
MINI = [512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451]


@pytest.fixture(scope="module")
def report(model_report, hands):
    first, second, predicted = hands
    return model_report(predicted, A=first, B=second)


@pytest.fixture(scope="module")
def pairs(hands):
    """Reference and prediction."""
    return (hands[0] + hands[1]) / 2, hands[2]


def test_limits_of_agreement_match_bland_and_altman_1986(model_report):
    found = model_report(WRIGHT, mini=MINI).overall
    assert found.mean_difference.bias.value == pytest.approx(-2.1, abs=0.05)
    assert found.limits.sd == pytest.approx(38.8, abs=0.05)
    assert [found.limits.low.value, found.limits.high.value] == pytest.approx([-79.7, 75.5], abs=2)  # they took 2 SD
    assert (found.limits.low.low, found.limits.low.high) == pytest.approx((-114.3, -45.1), abs=2)
    assert (found.mean_difference.bias.low, found.mean_difference.bias.high) == pytest.approx((-22.0, 17.8), abs=0.1)


def test_a_report_and_a_board_say_the_same(report, pairs, hands):
    films = HeldOut(
        ids=tuple(f"film{row:04d}" for row in range(40)),
        patients=np.arange(40),
        readings={"A": hands[0], "B": hands[1]},
        reference=pairs[0],
        predicted={"net": hands[2][None]},
        seeds={"net": (0,)},
    )
    row = evaluate(films, builtin.register_metrics(), draw(films))["net"].values
    assert {name: row[name] for name in ("rho", "mae", "rmse", "ccc")} == {
        name: report.overall.values[name] for name in ("rho", "mae", "rmse", "ccc")
    }
    assert report.overall.mean_difference.p == pytest.approx(row["p_mean_difference"].value)


def test_errors_and_correlations_are_those_of_numpy_and_scipy(report, pairs):
    y, p = pairs
    values = {name: value.value for name, value in report.overall.values.items()}
    assert values["mae"] == pytest.approx(np.abs(p - y).mean())
    assert values["rmse"] == pytest.approx(np.sqrt(((p - y) ** 2).mean()))
    assert values["rho"] == pytest.approx(stats.pearsonr(y, p).statistic)
    assert values["spearman"] == pytest.approx(stats.spearmanr(y, p).statistic)
    assert values["ccc"] == pytest.approx(2 * np.cov(y, p, ddof=0)[0, 1] / (y.var() + p.var() + (p - y).mean() ** 2))
    assert values["within_10"] == np.mean(np.abs(p - y) <= 10)


def test_t_test_and_tost_are_those_of_scipy_and_statsmodels(report, pairs):
    from statsmodels.stats.weightstats import ttost_paired

    y, p = pairs
    found = report.overall.mean_difference
    expected = stats.ttest_rel(p, y)
    assert (found.t, found.p, found.df) == pytest.approx((expected.statistic, expected.pvalue, 39))
    assert (found.bias.low, found.bias.high) == pytest.approx(expected.confidence_interval(0.95))
    assert (found.bias_90.low, found.bias_90.high) == pytest.approx(expected.confidence_interval(0.90))
    assert [test.p for test in report.equivalence] == pytest.approx(
        [ttost_paired(p, y, -margin, margin)[0] for margin in (5, 3)]
    )


def test_calibration_and_proportional_bias_are_those_of_linregress(report, pairs):
    y, p = pairs
    line, slope = stats.linregress(p, y), stats.linregress((y + p) / 2, p - y)
    assert report.calibration.slope.value == pytest.approx(line.slope)
    assert report.calibration.intercept.value == pytest.approx(line.intercept)
    assert report.overall.limits.proportional_slope == pytest.approx(slope.slope)
    assert report.overall.limits.proportional_p == pytest.approx(slope.pvalue)


def test_intervals_are_quantiles_over_drawn_patients(hands):
    y, p = hands[0], hands[2]
    indices = np.random.default_rng(5).integers(0, y.size, (300, y.size))
    found = measure_pair("net", "A", p, y, given_indices(indices)).values
    for name, function in (("rho", stats.pearsonr), ("spearman", stats.spearmanr)):
        resampled = [function(y[rows], p[rows]).statistic for rows in indices]
        assert (found[name].low, found[name].high) == pytest.approx(tuple(np.quantile(resampled, [0.025, 0.975])))


def test_bca_is_that_of_scipy(hands):
    y, p = hands[0], hands[2]
    found = measure_pair("net", "A", p, y, given_indices(_scipys_indices(y.size, 999))).values["rmse"]
    expected = stats.bootstrap(
        (y, p),
        lambda y, p, axis=-1: np.sqrt(((p - y) ** 2).mean(axis=axis)),
        paired=True,
        vectorized=True,
        n_resamples=999,
        rng=np.random.default_rng(0),
    ).confidence_interval
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), rel=1e-6)


def _scipys_indices(films: int, resamples: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, films, (resamples, films))


def test_limits_of_films_of_one_patient_have_intervals_from_drawn_patients(hands):
    y, p = hands[0], hands[2]
    drawn = np.random.default_rng(5).integers(0, 20, (300, 20))
    counts = np.stack([np.bincount(rows, minlength=20) for rows in drawn])
    patient = np.repeat(np.arange(20), 2)
    found = measure_pair("net", "A", p, y, Resampling(patient=patient, counts=counts.astype(np.uint8), seed=None))
    films = [np.concatenate([np.flatnonzero(patient == one) for one in rows]) for rows in drawn]
    highs = [(p - y)[rows].mean() + stats.norm.ppf(0.975) * (p - y)[rows].std(ddof=1) for rows in films]
    assert (found.limits.high.low, found.limits.high.high) == pytest.approx(tuple(np.quantile(highs, [0.025, 0.975])))


def test_severity_bands_hold_their_own_films(report, pairs):
    y, p = pairs
    assert sum(found.films for found in report.strata) == 40
    severe = next(found for found in report.strata if found.low == 50)
    inside = (y >= 50) & (y < 100)
    assert severe.films == inside.sum()
    assert (severe.bias, severe.mae.value) == pytest.approx(((p - y)[inside].mean(), np.abs(p - y)[inside].mean()))
    assert report.balanced_mae.value == pytest.approx(np.mean([f.mae.value for f in report.strata if f.films]))


def test_iei_of_two_readers_is_the_formula_of_mean_squares(report, pairs, hands):
    y, p = pairs
    square = ((p - y) ** 2).mean() - 0.75 * ((hands[0] - hands[1]) ** 2).mean()
    assert report.against_readers.iei.value == pytest.approx(square)
    assert report.against_readers.iei.low < square < report.against_readers.iei.high


def test_a_model_is_held_against_a_further_reader(report, pairs, hands):
    benchmark = math.sqrt(0.75 * ((hands[0] - hands[1]) ** 2).mean())
    assert report.against_readers.benchmark == pytest.approx(benchmark)
    assert report.against_readers.ratio.value == pytest.approx(report.overall.values["rmse"].value / benchmark)


def test_the_smallest_detectable_difference_follows_from_the_standard_error(report):
    found = report.detectable
    assert found.unrelated_errors == pytest.approx(math.sqrt(2) * found.related_errors)


def test_spread_and_range_are_audited(model_report, hands):
    found = model_report(hands[2] - 20, A=hands[0]).range_use
    assert found.below == np.mean(hands[2] - 20 < 0)
    assert found.sd_ratio == pytest.approx(hands[2].std(ddof=1) / hands[0].std(ddof=1))


def test_the_order_of_the_films_changes_nothing(model_report, hands, written):
    from ra_bench.reports.front import Wishes, scored
    from ra_bench.reports.tables import read_model_predictions

    rows = [f"f{row:02d},{y:g},{p:g}" for row, (y, p) in enumerate(zip(hands[0], hands[2], strict=True))]
    reports = [
        scored(read_model_predictions(written("\n".join(["id,reference,predicted", *some]))), None, Wishes())
        for some in (rows, rows[::-1])
    ]
    assert reports[0] == reports[1]


def test_films_of_one_patient_are_no_independent_evidence(model_report, hands):
    first, second, predicted = (np.repeat(column, 2) for column in hands)
    patients = np.repeat([f"p{number}" for number in range(40)], 2)
    once, twice = model_report(hands[2], A=hands[0], B=hands[1]), model_report(predicted, patients, A=first, B=second)
    assert twice.overall.mean_difference == once.overall.mean_difference
    assert [test.p for test in twice.equivalence] == [test.p for test in once.equivalence]
    assert twice.overall.values["rmse"].high == pytest.approx(once.overall.values["rmse"].high, rel=0.02)
    assert twice.remarks[0].startswith(
        "The 80 films are of 40 patients. Resampled intervals and t-tests count patients"
    )


def test_films_that_lack_something_do_not_count_and_are_told(model_report):
    found = model_report([1, math.nan, 3, 4, 9], A=[1, 2, math.nan, 5, 7], B=[2, 2, math.nan, math.nan, 8])
    assert (found.source.films, found.missing_predictions, found.missing_references) == (3, 1, 1)
    assert found.remarks[0].startswith("1 film without a prediction do not count. A model that leaves hard films out")
    assert "1 film with a prediction have no reading and do not count." in found.remarks
    assert any("'B' lacks 1 of 3): the reference is the mean of those present" in remark for remark in found.remarks)


def test_nothing_in_common_is_refused(model_report):
    with pytest.raises(
        TableError, match=r"p.csv: no film has both a prediction and a reading, so nothing can be measured"
    ):
        model_report([1, math.nan], A=[math.nan, 2])


def test_margins_that_are_asked_for_are_recorded(hands):
    from ra_bench.reports.model import report_model
    from ra_bench.reports.tables import ModelPredictions
    from ra_bench.values import Predictions

    ids = tuple(f"f{row:02d}" for row in range(40))
    given = Predictions(ids=ids, patients=ids, readings={"A": tuple(hands[0])}, predicted=tuple(hands[2]))
    model = ModelPredictions(name="net", source="p.csv", predictions=given, patients_known=True)
    found = report_model(model, scale=None, margins=(8, 5))
    assert [(test.margin, test.role) for test in found.equivalence] == [(5, "primary"), (3, "strict"), (8, "asked for")]
    assert found.settings.asked_margins == (8, 5)
    assert any("margins of equivalence asked for: ±5, ±8" in item.says for item in found.checklist)
