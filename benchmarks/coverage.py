"""How often nominal 95 % intervals hold the truth on small cohorts of SvH-like errors.

Run with ``OMP_NUM_THREADS=1 python benchmarks/coverage.py``: 1,000 cohorts of 158 films, 9,999 resamples each, half a
minute on one core. ``--cohorts``, ``--films``, ``--resamples`` and ``--seed`` change that.

Generating model: the two simulated readers of ``ra_bench.cohorts.synthetic.readers``. The total of reader 1 is the
reference, that of reader 2 the prediction. Totals are skewed (gamma-like, mean 40, SD 41 and 39), most films near 0 and
a few above 100; differences have mean 0, MAE 12.3, RMSE 18.8, kurtosis 8, and grow with the score. Each cohort is a
random part of one pool, one film a patient; the truth is the metric on the whole pool. The pool is drawn in parts of
15,800 patients by stratified quantiles, which for a cohort of 158 is as good as independent.

A share has its Monte-Carlo interval (Wilson, 95 %) beside it. The figures to be reproduced are shares of 1,000 cohorts
too: "within chance" means that the two shares do not differ by more than chance (two-sided test of two shares at 5 %).
"""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from statsmodels.stats.proportion import proportion_confint, test_proportions_2indep

from ra_bench.cohorts.synthetic.readers import simulate_readings
from ra_bench.metrics import (
    Method,
    bias_from_sums,
    ccc_from_sums,
    ccc_interval,
    draw_patients,
    icc_a_1_from_sums,
    icc_table,
    interval,
    mae_from_sums,
    pearson_from_sums,
    pearson_interval,
    power_sums,
    resample_metric,
    resample_sums,
    rmse_from_sums,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PART = 15_800
EXPECTED_COHORTS = 1_000
METRICS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "MAE": mae_from_sums,
    "RMSE": rmse_from_sums,
    "rho": pearson_from_sums,
    "CCC": ccc_from_sums,
    "ICC(A,1)": icc_a_1_from_sums,
    "bias": bias_from_sums,
}


@dataclass(frozen=True, kw_only=True)
class Kind:
    """An interval of a metric: how it is made, the coverage to reproduce in percent, whether the suite uses it."""

    metric: str
    method: str
    expected: float | None
    used: bool


KINDS = (
    Kind(metric="MAE", method="bca", expected=94.4, used=True),
    Kind(metric="RMSE", method="bca", expected=91.8, used=True),
    Kind(metric="RMSE", method="percentile", expected=88.7, used=False),
    Kind(metric="rho", method="percentile", expected=92.1, used=True),
    Kind(metric="rho", method="Fisher z", expected=77.2, used=False),
    Kind(metric="CCC", method="percentile", expected=93.1, used=True),
    Kind(metric="CCC", method="Lin z", expected=77.7, used=False),
    Kind(metric="ICC(A,1)", method="percentile", expected=93.1, used=True),
    Kind(metric="ICC(A,1)", method="F", expected=None, used=False),
    Kind(metric="bias", method="t", expected=95.9, used=True),
)
_BOOTSTRAP: dict[str, Method] = {"bca": "bca", "percentile": "percentile", "t": "t"}


def pool(films: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """So many films of so many patients, in random order: reference and prediction."""
    parts = -(-films // PART)
    totals = [simulate_readings(PART, seed * 10_000 + part).totals for part in range(parts)]
    table = np.random.default_rng(seed).permutation(np.concatenate(totals).astype(np.float64))[:films]
    return table[:, 0], table[:, 1]


def intervals(reference: np.ndarray, predicted: np.ndarray, resamples: int, seed: int) -> Iterator[tuple[float, float]]:
    """The ends of every kind of interval, in the order of `KINDS`."""
    (sums,) = resample_sums(
        draw_patients(np.arange(reference.size), resamples=resamples, seed=seed), reference, [predicted]
    )
    for kind in KINDS:
        if kind.method in _BOOTSTRAP:
            resampled = resample_metric(METRICS[kind.metric], sums)
            yield interval(resampled, _BOOTSTRAP[kind.method]).ends
        elif kind.method == "Fisher z":
            yield pearson_interval(reference, predicted)
        elif kind.method == "Lin z":
            found = ccc_interval(reference, predicted)
            yield found.low, found.high
        else:
            yield icc_table(np.column_stack([reference, predicted])).intervals["icc_a_1"]


def coverage(cohorts: int, films: int, resamples: int, seed: int) -> Counter[Kind]:
    """How many cohorts each kind of interval covered."""
    reference, predicted = pool(cohorts * films, seed)
    total = power_sums(reference, predicted).sum(axis=0)
    truth = {name: float(from_sums(total)) for name, from_sums in METRICS.items()}
    hits: Counter[Kind] = Counter()
    for cohort in range(cohorts):
        rows = slice(cohort * films, (cohort + 1) * films)
        found = intervals(reference[rows], predicted[rows], resamples, seed * 1_000_003 + cohort)
        for kind, (low, high) in zip(KINDS, found, strict=True):
            hits[kind] += low <= truth[kind.metric] <= high
    return hits


def table(hits: Counter[Kind], cohorts: int) -> Iterator[str]:
    """Markdown: observed coverage with its Monte-Carlo interval beside the figure to reproduce."""
    yield "| metric | interval | used | covers (Monte-Carlo interval) | to reproduce | |"
    yield "|---|---|---|---|---|---|"
    for kind in KINDS:
        low, high = proportion_confint(hits[kind], cohorts, method="wilson")
        observed = f"{100 * hits[kind] / cohorts:.1f} ({100 * low:.1f}–{100 * high:.1f})"
        yield (
            f"| {kind.metric} | {kind.method} | {'yes' if kind.used else 'no'} | {observed} | "
            f"{kind.expected or ''} | {verdict(kind, hits[kind], cohorts)} |"
        )


def verdict(kind: Kind, hits: int, cohorts: int) -> str:
    """Whether two shares of cohorts differ by more than chance."""
    if kind.expected is None:
        return ""
    p = test_proportions_2indep(
        hits, cohorts, round(kind.expected / 100 * EXPECTED_COHORTS), EXPECTED_COHORTS, method="agresti-caffo"
    ).pvalue
    return "within chance" if p > 0.05 else f"differs (p {p:.3f})"


def main() -> None:
    parser = argparse.ArgumentParser(description="Coverage of nominal 95 % intervals.")
    parser.add_argument("--cohorts", type=int, default=1_000)
    parser.add_argument("--films", type=int, default=158)
    parser.add_argument("--resamples", type=int, default=9_999)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    hits = coverage(given.cohorts, given.films, given.resamples, given.seed)
    print(f"{given.cohorts:,} cohorts of {given.films:,} films, {given.resamples:,} resamples, seed {given.seed}\n")
    print("\n".join(table(hits, given.cohorts)))


if __name__ == "__main__":
    main()
