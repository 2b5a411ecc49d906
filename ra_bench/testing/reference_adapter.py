"""Worked cases in, values of `ra_bench.metrics` out: `run(kind, inputs)`.

A case is JSON: `kind` names a calculation, `inputs` its data. The answer holds None where a quantity is undefined.
"""

from __future__ import annotations

import ast
import math
import statistics
from typing import TYPE_CHECKING, Any

import numpy as np

from ra_bench import metrics

if TYPE_CHECKING:
    from collections.abc import Callable

    from ra_bench.metrics._arrays import Floats

Values = dict[str, Any]

_BAND_EDGES = (1, 10, 25, 50, 100)
_BOOTSTRAPPED: dict[str, Callable[[Floats], Floats]] = {
    "rho": metrics.pearson_from_sums,
    "mae": metrics.mae_from_sums,
    "rmse": metrics.rmse_from_sums,
    "ccc": metrics.ccc_from_sums,
    "icc_a_1": metrics.icc_a_1_from_sums,
}


def run(kind: str, inputs: Values) -> Values:
    """Answer one worked case.

    Parameters
    ----------
    kind : str
        Name of the calculation.
    inputs : dict
        Its data, as read from JSON.

    Returns
    -------
    dict
        Values by name; None where undefined.

    Raises
    ------
    ValueError
        If the kind is not known.

    Examples
    --------
    >>> run("multiplicity", {"p": [0.01, 0.04], "alpha": 0.05})["holm"]
    [0.02, 0.04]
    """
    if kind not in _KINDS:
        raise ValueError(f"No kind of case named {kind!r}. Known: {', '.join(sorted(_KINDS))}.")
    answer: Values = _plain(_KINDS[kind](inputs))
    return answer


def _plain(value: Any) -> Any:
    """Turn arrays and numpy numbers into plain ones, what is not finite into None."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        items = [_plain(item) for item in value]
        # An interval of which one end is undefined is no interval.
        return None if isinstance(value, tuple) and None in items else items
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _array(values: Any) -> Floats:
    return np.array([math.nan if value is None else value for value in values], dtype=np.float64)


def _panel(inputs: Values) -> Values:
    y, p = _array(inputs["truth"]), _array(inputs["pred"])
    return {
        "n": y.size,
        "mean_truth": y.mean(),
        "mean_pred": p.mean(),
        **_errors(y, p),
        **_correlations(y, p),
        **_concordance(y, p),
        **_differences(y, p),
        **_iccs(metrics.icc_table(np.column_stack([y, p]))),
        "qwk_bands": metrics.qwk(y, p, _BAND_EDGES),
    }


def _errors(y: Floats, p: Floats) -> Values:
    return {
        "bias": metrics.bias(y, p),
        "mae": metrics.mae(y, p),
        "rmse": metrics.rmse(y, p),
        "median_ae": metrics.median_ae(y, p),
        "max_ae": metrics.max_ae(y, p),
        **{f"within_{units}": metrics.within(y, p, units) for units in (5, 10, 15)},
    }


def _correlations(y: Floats, p: Floats) -> Values:
    line, trend = metrics.calibration(y, p), metrics.proportional_bias(y, p)
    return {
        "rho": metrics.pearson(y, p),
        "rho_p": metrics.pearson_p(y, p),
        "rho_ci95": metrics.pearson_interval(y, p),
        "spearman": metrics.spearman(y, p),
        "kendall_tau_b": metrics.kendall_tau_b(y, p),
        "r2": metrics.r_squared(y, p),
        "cal_slope": line.slope,
        "cal_intercept": line.intercept,
        "prop_bias_slope": trend.slope,
        "prop_bias_p": trend.p,
    }


def _concordance(y: Floats, p: Floats) -> Values:
    shifts, lin = metrics.ccc_shifts(y, p), metrics.ccc_interval(y, p)
    return {
        "ccc": metrics.ccc(y, p),
        "ccc_unbiased": metrics.ccc_unbiased(y, p),
        "c_b": shifts.bias_correction,
        "scale_shift": shifts.scale,
        "location_shift": shifts.location,
        "ccc_se": lin.standard_error,
        "ccc_ci": (lin.low, lin.high),
    }


def _differences(y: Floats, p: Floats) -> Values:
    test, limits = metrics.paired_t(y, p), metrics.limits_of_agreement(y, p)
    return {
        "sd_truth": _sd(y),
        "sd_pred": _sd(p),
        "sd_diff": metrics.sem(y, p) * math.sqrt(2),
        "sem": metrics.sem(y, p),
        "sdc_1": metrics.sdc(y, p),
        "sdc_2": metrics.sdc(y, p, readings=2),
        "t": test.t,
        "df": test.df,
        "p": test.p,
        "bias_ci95": metrics.bias_interval(y, p),
        "bias_ci90": metrics.bias_interval(y, p, confidence=0.90),
        "tost_p_3": metrics.tost(y, p, margin=3).p,
        "tost_p_5": metrics.tost(y, p, margin=5).p,
        "equiv_margin_reached": metrics.equivalence_margin(y, p),
        "loa": (limits.low, limits.high),
        "loa_low_ci95": limits.low_interval,
        "loa_high_ci95": limits.high_interval,
    }


def _sd(values: Floats) -> float:
    return float(values.std(ddof=1)) if values.size > 1 else math.nan


def _iccs(table: metrics.IccTable) -> Values:
    return {**table.values, **{f"{name}_ci": ends for name, ends in table.intervals.items()}}


def _panel_list(inputs: Values) -> Values:
    return {"sets": [_panel(one) for one in inputs["sets"]]}


def _panel_missing(inputs: Values) -> Values:
    y, p = _array(inputs["truth"]), _array(inputs["pred"])
    kept_y, kept_p = metrics.complete_pairs(y, p)
    return {
        "n_input": y.size,
        "n_missing_truth": int(np.isnan(y).sum()),
        "n_missing_pred": int(np.isnan(p).sum()),
        "n_used": kept_y.size,
        "complete_pairs": _panel({"truth": kept_y, "pred": kept_p}),
    }


def _icc_table(inputs: Values) -> Values:
    from scipy.special import fdtrc

    table = metrics.icc_table(inputs["ratings"])
    ms = table.mean_squares
    n, k = ms.films, ms.raters
    one_way = ms.between_films / ms.within_films if ms.within_films else math.nan
    two_way = ms.between_films / ms.residual if ms.residual else math.nan
    return {
        **_mean_squares(ms),
        **_iccs(table),
        "F1": one_way,
        "p1": fdtrc(n - 1, n * (k - 1), one_way),
        "F3": two_way,
        "p3": fdtrc(n - 1, (n - 1) * (k - 1), two_way),
    }


def _mean_squares(ms: metrics.MeanSquares) -> Values:
    return {"msr": ms.between_films, "msc": ms.between_raters, "mse": ms.residual, "msw": ms.within_films}


def _replicates(inputs: Values) -> Values:
    return {method: _replicate(np.array(series, dtype=np.float64).T) for method, series in inputs.items()}


def _replicate(series: Floats) -> Values:
    found, table = metrics.repeatability(series), metrics.icc_table(series)
    return {
        "within_subject_sd": found.within_film_sd,
        "repeatability_coef_1_96": found.coefficient,
        "sd_of_replicate_diffs": metrics.sem(series[:, 0], series[:, 1]) * math.sqrt(2),
        **_mean_squares(table.mean_squares),
        **_iccs(table),
    }


def _bootstrap_indices(inputs: Values) -> Values:
    return _bootstrap(inputs, metrics.given_indices(inputs["idx"]))


def _bootstrap_mc(inputs: Values) -> Values:
    return _bootstrap(inputs, metrics.draw_patients(np.arange(len(inputs["truth"])), resamples=9999))


def _bootstrap(inputs: Values, resampling: metrics.Resampling) -> Values:
    (sums,) = metrics.resample_sums(resampling, inputs["truth"], [inputs["pred"]])
    answer: Values = {}
    for name, from_sums in _BOOTSTRAPPED.items():
        found = metrics.resample_metric(from_sums, sums)
        finite = found.replicates[np.isfinite(found.replicates)]
        z0, acceleration = metrics.bca_corrections(found)
        answer[name] = {
            "estimate": found.estimate,
            "undefined": found.replicates.size - finite.size,
            "boot_mean": finite.mean() if finite.size else math.nan,
            "boot_se": _sd(finite),
            "z0": z0,
            "acceleration": acceleration,
            "percentile_95": metrics.interval(found, "percentile").ends,
            "bca_95": metrics.interval(found, "bca").ends,
        }
    return answer


def _rank_stability(inputs: Values) -> Values:
    models = metrics.resample_sums(metrics.given_indices(inputs["idx"]), inputs["truth"], inputs["preds"])
    errors = [metrics.resample_metric(metrics.rmse_from_sums, sums) for sums in models]
    estimates = np.array([error.estimate for error in errors])
    stability = metrics.rank_stability(estimates, [error.replicates for error in errors])
    gap = metrics.difference(errors[0], errors[1])
    return {
        "rmse": estimates,
        "rank": [1 + int((estimates < value).sum()) for value in estimates],
        "rank_freq": stability.frequency,
        "mean_kendall_tau": stability.mean_kendall_tau,
        "diff_rmse_0_1_percentile_95": metrics.interval(gap, "percentile").ends,
    }


def _interchangeability(inputs: Values) -> Values:
    first, second, p = (_array(inputs[name]) for name in ("reader1", "reader2", "pred"))
    readings = np.column_stack([first, second])
    found, icc = metrics.iei(readings, p), metrics.icc_table(readings).values
    model_mean = metrics.rmse(readings.mean(axis=1), p)
    return {
        "mse_model_reader1": found.model_readers[0],
        "mse_model_reader2": found.model_readers[1],
        "mse_model_reader": found.model_reader,
        "mse_reader_reader": found.reader_reader,
        "iei": found.iei,
        "rmse_model_mean": model_mean,
        "iei_identity": model_mean**2 - metrics.reader_benchmark(first, second) ** 2,
        "agreement_ratio": found.reader_reader / found.model_reader if found.model_reader else math.nan,
        "rho_readers": metrics.pearson(first, second),
        "icc_a_1": icc["icc_a_1"],
        "icc_a_k": icc["icc_a_k"],
        "rmse_benchmark_third_reader": metrics.reader_benchmark(first, second),
    }


def _tost_summary(inputs: Values) -> Values:
    first, second = inputs["sd1"], inputs["sd2"]
    sd = math.sqrt(first**2 + second**2 - 2 * inputs["r12"] * first * second)
    bound = inputs["dz"] * sd
    found = metrics.tost_from_summary(inputs["m1"] - inputs["m2"], sd, inputs["n"], bound)
    return {
        "sd_diff": sd,
        "se": found.standard_error,
        "t1": found.t_lower,
        "t2": found.t_upper,
        "p1": found.p_lower,
        "p2": found.p_upper,
        "df": found.df,
        "raw_bound": bound,
    }


def _tost_paired(inputs: Values) -> Values:
    found = metrics.tost(inputs["y"], inputs["x"], inputs["margin"])
    return {
        "estimate": found.estimate,
        "se": found.standard_error,
        "df": found.df,
        "t_lower": found.t_lower,
        "p_lower": found.p_lower,
        "t_upper": found.t_upper,
        "p_upper": found.p_upper,
        "p_tost": found.p,
    }


def _corrected_t(inputs: Values) -> Values:
    d = _array(inputs["diffs"])
    corrected = metrics.corrected_t(d, inputs["n_train"], inputs["n_test"])
    plain = metrics.paired_t(np.zeros_like(d), d)
    return {
        "t": corrected.t,
        "df": corrected.df,
        "p": corrected.p,
        "t_uncorrected": plain.t,
        "p_uncorrected": plain.p,
    }


def _krippendorff(inputs: Values) -> Values:
    levels: tuple[metrics.Level, ...] = ("nominal", "ordinal", "interval", "ratio")
    return {level: metrics.krippendorff_alpha(inputs["ratings"], level) for level in levels}


def _kappa_table(inputs: Values) -> Values:
    weights: tuple[metrics.Weights, ...] = ("none", "linear", "quadratic")
    return {name: metrics.weighted_kappa(inputs["table"], name) for name in weights}


def _multiplicity(inputs: Values) -> Values:
    p, alpha = _array(inputs["p"]), inputs["alpha"]
    controlled = metrics.adjust_bh(p)
    return {
        "holm": metrics.adjust_holm(p),
        "bh": controlled,
        "n_reject_bonferroni": int((p * np.isfinite(p).sum() <= alpha).sum()),
        "n_reject_bh": int((controlled <= alpha).sum()),
    }


def _wilcoxon(inputs: Values) -> Values:
    from scipy.stats import wilcoxon

    d = _array(inputs["x"]) - _array(inputs["y"])
    greater = wilcoxon(d, alternative="greater")
    return {
        "V": greater.statistic,
        "p_one_sided_greater": greater.pvalue,
        "p_two_sided": wilcoxon(d).pvalue,
    }


def _dependent_correlations(inputs: Values) -> Values:
    found = metrics.williams_t(inputs["n"], inputs["r12"], inputs["r13"], inputs["r23"])
    return {"t": found.t, "df": found.df, "p": found.p}


def _ranking(inputs: Values) -> Values:
    table = np.array(inputs["auc"], dtype=np.float64)
    found = metrics.friedman(table)
    cohorts, methods = table.shape
    return {
        "average_ranks": list(found.mean_ranks),
        "friedman_chi2_no_tie_correction": found.chi_squared,
        "iman_davenport_F": found.iman_davenport,
        "nemenyi_cd_05": metrics.nemenyi_difference(methods, cohorts),
        "nemenyi_cd_10": metrics.nemenyi_difference(methods, cohorts, alpha=0.10),
    }


def _grim(inputs: Values) -> Values:
    found = [metrics.grim(row["mean"], row["n"], row["granularity"]) for row in inputs["rows"]]
    return {"consistent": [one.consistent for one in found], "informative": [one.informative for one in found]}


def _published_row(inputs: Values) -> Values:
    if "rows" in inputs:
        return {"rows": [_published_model(row, inputs) for row in inputs["rows"]]}
    first, second = metrics.rounding_box(inputs["mean1"]), metrics.rounding_box(inputs["mean2"])
    shift = (second[0] - first[1], second[1] - first[0])
    sds = metrics.rounding_box(inputs["sd1"]), metrics.rounding_box(inputs["sd2"])
    rho, rmse = metrics.rounding_box(inputs["rho"]), metrics.rounding_box(inputs["rmse"])
    forced = metrics.implied_rho(shift, *sds, rmse)
    centre, error = float(inputs["mean2"]) - float(inputs["mean1"]), float(inputs["rmse"])
    sizes = (158, 3818) if inputs.get("n") is None else (inputs["n"],)
    p_values = {n: metrics.implied_p(centre, error, n) for n in sizes}
    alpha = float(inputs["p"].lstrip("<>= "))
    return {
        "implied_rho_interval": forced,
        "implied_rmse_interval": metrics.implied_rmse(shift, *sds, rho),
        "ok_mae_le_rmse": metrics.rounding_box(inputs["mae"])[0] <= rmse[1],
        "ok_rho": forced[0] <= rho[1] and rho[0] <= forced[1],
        "ok_p": all((p > alpha) == inputs["p"].startswith(">") for p in p_values.values()),
        **{f"p_if_n{n}": p for n, p in p_values.items()},
        **{f"max_bias_if_n{n}": metrics.max_bias(error, n, alpha) for n in sizes},
    }


def _published_model(row: Values, inputs: Values) -> Values:
    error, rho, sd = float(row["rmse"]), float(row["rho"]), float(inputs["truth_sd"])
    reader = float(inputs["reader_rmse"])
    return {
        "name": row["name"],
        "max_bias": metrics.max_bias(error, inputs["n"], float(inputs["alpha"])),
        "rmse_floor_given_rho_sd38_736": metrics.rmse_floor(sd, metrics.rounding_box(row["rho"])),
        "pred_sd_at_centre_zero_bias": metrics.implied_predicted_sd(0.0, sd, rho, error),
        "iei": error**2 - 0.75 * reader**2,
        "rmse_vs_one_reader": math.sqrt(error**2 + reader**2 / 4),
    }


def _univariate(inputs: Values) -> Values:
    values = [float(value) for value in _list_expression(inputs["generator"])]
    # The module works in exact fractions.
    return {"mean": statistics.mean(values), "sd": statistics.stdev(values)}


def _list_expression(text: str) -> list[float]:
    """Evaluate sums and multiples of lists of numbers, and nothing else."""

    def value(node: ast.AST) -> Any:
        match node:
            case ast.Expression(body=body):
                return value(body)
            case ast.Constant(value=int() | float() as number):
                return number
            case ast.List(elts=items):
                return [value(item) for item in items]
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -value(operand)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return value(left) + value(right)
            case ast.BinOp(left=left, op=ast.Mult(), right=right):
                return value(left) * value(right)
        raise ValueError(f"{text!r} is not made of lists, + and * only.")

    found: list[float] = value(ast.parse(text, mode="eval"))
    return found


_KINDS: dict[str, Callable[[Values], Values]] = {
    "bootstrap_indices": _bootstrap_indices,
    "bootstrap_mc": _bootstrap_mc,
    "corrected_t": _corrected_t,
    "dependent_correlations": _dependent_correlations,
    "grim": _grim,
    "icc_table": _icc_table,
    "interchangeability": _interchangeability,
    "kappa_table": _kappa_table,
    "krippendorff": _krippendorff,
    "multiplicity": _multiplicity,
    "panel": _panel,
    "panel_list": _panel_list,
    "panel_missing": _panel_missing,
    "published_row": _published_row,
    "rank_stability": _rank_stability,
    "ranking": _ranking,
    "replicates": _replicates,
    "tost_paired": _tost_paired,
    "tost_summary": _tost_summary,
    "univariate": _univariate,
    "wilcoxon": _wilcoxon,
}
