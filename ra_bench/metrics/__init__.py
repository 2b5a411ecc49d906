"""Metrics of agreement between a reference and predictions: pure functions of arrays.

No torch, no files, no types of the rest of the suite. What cannot be computed is nan; bad input is a ValueError.
Start with `error`, then `correlation`, `agreement` and `equivalence`; `resampling` puts intervals on all of them.
"""

from ra_bench.metrics._arrays import complete_pairs
from ra_bench.metrics.agreement import Limits, limits_of_agreement, sdc, sem
from ra_bench.metrics.band_resampling import resample_qwk
from ra_bench.metrics.categories import Level, Weights, band_table, krippendorff_alpha, qwk, weighted_kappa
from ra_bench.metrics.change import (
    Progressors,
    change_error,
    own_change_error,
    progressors,
    smallest_detectable_change,
    standardised_response_mean,
    wilson_interval,
)
from ra_bench.metrics.comparison import (
    Friedman,
    adjust_bh,
    adjust_holm,
    corrected_t,
    friedman,
    nemenyi_difference,
    williams_t,
)
from ra_bench.metrics.concordance import CccInterval, Shifts, ccc, ccc_interval, ccc_shifts, ccc_unbiased
from ra_bench.metrics.conformal import conformal_margin
from ra_bench.metrics.correlation import (
    kendall_tau_b,
    pearson,
    pearson_interval,
    pearson_p,
    r_squared,
    spearman,
)
from ra_bench.metrics.doubt_resampling import resample_aurc
from ra_bench.metrics.draw import Resampling, draw_patients, given_indices
from ra_bench.metrics.equivalence import (
    Tost,
    TTest,
    bias_interval,
    equivalence_margin,
    paired_t,
    tost,
    tost_from_summary,
)
from ra_bench.metrics.equivalence_power import films_for_equivalence, tost_power
from ra_bench.metrics.error import balanced_mae, bias, mae, max_ae, median_ae, rmse, rmse_identity, within
from ra_bench.metrics.granularity import Grim, grim
from ra_bench.metrics.icc import IccTable, MeanSquares, icc_table, mean_squares, noise_ceiling
from ra_bench.metrics.interchangeability import Interchangeability, iei, reader_benchmark
from ra_bench.metrics.intervals import (
    INTERVAL_METHODS,
    Interval,
    Method,
    bca_corrections,
    detectable_difference,
    detectable_differences,
    interval,
)
from ra_bench.metrics.lines import Line, calibration, proportional_bias
from ra_bench.metrics.needed_spread import needed_predicted_sd
from ra_bench.metrics.power import Needed, films_to_separate, patients_to_separate
from ra_bench.metrics.printed_rows import PrintedRow, failed_checks
from ra_bench.metrics.published import (
    Box,
    implied_p,
    implied_predicted_sd,
    implied_rho,
    implied_rmse,
    max_bias,
    rmse_floor,
    rounding_box,
)
from ra_bench.metrics.rank_resampling import resample_spearman
from ra_bench.metrics.ranking import Ranking, RankStability, rank_models, rank_stability
from ra_bench.metrics.replication import (
    Repeatability,
    RmseSpread,
    VarianceComponents,
    repeatability,
    rmse_spread,
    variance_components,
)
from ra_bench.metrics.resampling import (
    Resampled,
    ResampledSums,
    difference,
    resample_metric,
    resample_slowly,
    resample_sums,
)
from ra_bench.metrics.separation import bootstrap_p, can_separate
from ra_bench.metrics.spread import RangeAudit, range_audit
from ra_bench.metrics.sums import (
    bias_from_sums,
    ccc_from_sums,
    icc_a_1_from_sums,
    mae_from_sums,
    pearson_from_sums,
    power_sums,
    rmse_from_sums,
)
from ra_bench.metrics.uncertainty import (
    RiskCoverage,
    crps_normal,
    inside,
    interval_score,
    normal_interval,
    risk_coverage,
)
from ra_bench.metrics.verdict import Finding, Verdict, equivalence_verdict, verdict_of

__all__ = [
    "INTERVAL_METHODS",
    "Box",
    "CccInterval",
    "Finding",
    "Friedman",
    "Grim",
    "IccTable",
    "Interchangeability",
    "Interval",
    "Level",
    "Limits",
    "Line",
    "MeanSquares",
    "Method",
    "Needed",
    "PrintedRow",
    "Progressors",
    "RangeAudit",
    "RankStability",
    "Ranking",
    "Repeatability",
    "Resampled",
    "ResampledSums",
    "Resampling",
    "RiskCoverage",
    "RmseSpread",
    "Shifts",
    "TTest",
    "Tost",
    "VarianceComponents",
    "Verdict",
    "Weights",
    "adjust_bh",
    "adjust_holm",
    "balanced_mae",
    "band_table",
    "bca_corrections",
    "bias",
    "bias_from_sums",
    "bias_interval",
    "bootstrap_p",
    "calibration",
    "can_separate",
    "ccc",
    "ccc_from_sums",
    "ccc_interval",
    "ccc_shifts",
    "ccc_unbiased",
    "change_error",
    "complete_pairs",
    "conformal_margin",
    "corrected_t",
    "crps_normal",
    "detectable_difference",
    "detectable_differences",
    "difference",
    "draw_patients",
    "equivalence_margin",
    "equivalence_verdict",
    "failed_checks",
    "films_for_equivalence",
    "films_to_separate",
    "friedman",
    "given_indices",
    "grim",
    "icc_a_1_from_sums",
    "icc_table",
    "iei",
    "implied_p",
    "implied_predicted_sd",
    "implied_rho",
    "implied_rmse",
    "inside",
    "interval",
    "interval_score",
    "kendall_tau_b",
    "krippendorff_alpha",
    "limits_of_agreement",
    "mae",
    "mae_from_sums",
    "max_ae",
    "max_bias",
    "mean_squares",
    "median_ae",
    "needed_predicted_sd",
    "nemenyi_difference",
    "noise_ceiling",
    "normal_interval",
    "own_change_error",
    "paired_t",
    "patients_to_separate",
    "pearson",
    "pearson_from_sums",
    "pearson_interval",
    "pearson_p",
    "power_sums",
    "progressors",
    "proportional_bias",
    "qwk",
    "r_squared",
    "range_audit",
    "rank_models",
    "rank_stability",
    "reader_benchmark",
    "repeatability",
    "resample_aurc",
    "resample_metric",
    "resample_qwk",
    "resample_slowly",
    "resample_spearman",
    "resample_sums",
    "risk_coverage",
    "rmse",
    "rmse_floor",
    "rmse_from_sums",
    "rmse_identity",
    "rmse_spread",
    "rounding_box",
    "sdc",
    "sem",
    "smallest_detectable_change",
    "spearman",
    "standardised_response_mean",
    "tost",
    "tost_from_summary",
    "tost_power",
    "variance_components",
    "verdict_of",
    "weighted_kappa",
    "williams_t",
    "wilson_interval",
    "within",
]
