"""How well models and readers follow change: agreement, progressors found and missed, improvement that cannot be."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isfinite, sqrt
from typing import TYPE_CHECKING, Literal

import numpy as np

from ra_bench.boards.changes import changes_of
from ra_bench.boards.evaluate import mean_over_seeds, rounded, with_interval
from ra_bench.boards.held_out import mean_reading
from ra_bench.boards.render.numbers import fixed
from ra_bench.cohorts.audit.finding import counted
from ra_bench.metrics import (
    bias_from_sums,
    ccc_from_sums,
    change_error,
    complete_pairs,
    interval,
    mae_from_sums,
    own_change_error,
    progressors,
    resample_metric,
    resample_sums,
    smallest_detectable_change,
    standardised_response_mean,
    wilson_interval,
)
from ra_bench.values import ChangeResult, ChangeRow, MetricValue, ProgressorsFound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ra_bench.boards.changes import Changes
    from ra_bench.boards.held_out import Floats, HeldOut
    from ra_bench.metrics import Resampling
    from ra_bench.values import BoardRow

    Pairs = Sequence[tuple[Floats, Floats]]

CCC, MAE, BIAS, SDC, SRM = "ccc", "mae", "bias", "sdc", "srm"
#: In SvH units: any change, and one that matters to a patient (Bruynesteyn et al., Arthritis Rheum 2002).
FIXED = (0.5, 5.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rules:
    """What all rows are held to. `error` is that of one reader's change, nan for a single reader."""

    error: float
    cutoffs: tuple[float, ...]
    improvement: float


def measure_change(films: HeldOut, rows: Sequence[BoardRow], resampling: Resampling) -> ChangeResult | None:
    """Measure every model and reader by the changes of patients who have two visits.

    Parameters
    ----------
    films : HeldOut
        The board's test films.
    rows : sequence of BoardRow
        Those of the board, which say in what order and as what models are shown.
    resampling : Resampling
        The board's draw of patients, which serves changes as well: there is one a patient.

    Returns
    -------
    ChangeResult or None
        None where no patient has two visits, or no reader read both.
    """
    changes = changes_of(films)
    if changes is None or not changes.patients:
        return None
    resampling = replace(resampling, patient=np.arange(resampling.patients))
    readers = len(changes.readings)
    error = change_error(list(changes.readings.values()))
    sdc = (rounded(smallest_detectable_change(error, readers)),) if isfinite(error) else ()
    rules = _Rules(error=error, cutoffs=(*sdc, *FIXED), improvement=(*sdc, FIXED[-1])[0])
    models = [
        _row(row.kind, row.name, changes.reference, changes.predicted[row.name], readers, rules, resampling)
        for row in rows
        if row.kind in ("model", "baseline") and row.name in changes.predicted
    ]
    return ChangeResult(
        patients=changes.patients,
        cutoffs=rules.cutoffs,
        improvement=rules.improvement,
        rows=(*models, *_readers(changes, rules, resampling)),
        said=(_of_reference(changes), *changes.said, _of_rules(rules, readers)),
    )


def _readers(changes: Changes, rules: _Rules, resampling: Resampling) -> list[ChangeRow]:
    """Two readers against each other, or each of more against the others, as on the board."""
    names, scores = list(changes.readings), list(changes.readings.values())
    if not isfinite(rules.error):
        return []
    if len(names) == 2:
        return [_row("reader", f"{names[1]} against {names[0]}", scores[0], scores[1][None], 1, rules, resampling)]
    return [
        _row(
            "reader",
            f"{name} against the others",
            mean_reading([other for other in scores if other is not own]),
            own[None],
            len(names) - 1,
            rules,
            resampling,
        )
        for name, own in zip(names, scores, strict=True)
    ]


def _row(
    kind: Literal["model", "baseline", "reader"],
    name: str,
    reference: Floats,
    predicted: Floats,
    readers: int,
    rules: _Rules,
    resampling: Resampling,
) -> ChangeRow:
    """A rater's changes, of shape (seeds, patients), against the mean change of so many readers."""
    sums = resample_sums(resampling, reference, list(predicted))
    with np.errstate(all="ignore"):  # a few patients leave a metric undefined on some draws: nan
        ccc, mae, bias = (
            mean_over_seeds([resample_metric(from_sums, own) for own in sums])
            for from_sums in (ccc_from_sums, mae_from_sums, bias_from_sums)
        )
        ends = interval(bias, "t")
    pairs = [complete_pairs(reference, seed) for seed in predicted]
    patients = pairs[0][0].size
    return ChangeRow(
        kind=kind,
        name=name,
        patients=patients,
        missing=int(np.isfinite(reference).sum()) - patients,
        metrics={
            CCC: with_interval(ccc, "percentile"),
            MAE: with_interval(mae, "bca"),
            BIAS: MetricValue(value=rounded(bias.estimate), low=rounded(ends.low), high=rounded(ends.high), method="t"),
            **(_spread(pairs, rules.error / sqrt(readers) if isfinite(rules.error) else 0.0) if patients else {}),
        },
        improved=rounded(float(np.mean([(changes < -rules.improvement).sum() for _, changes in pairs]))),
        progressors=tuple(_found(pairs, above) for above in rules.cutoffs) if patients else (),
    )


def _spread(pairs: Pairs, reference_error: float) -> dict[str, MetricValue]:
    """What the rater's own change scores are good for; means over seeds."""
    sdc = [smallest_detectable_change(own_change_error(y, p, reference_error)) for y, p in pairs]
    srm = [standardised_response_mean(p) for _, p in pairs]
    return {name: MetricValue(value=rounded(float(np.mean(own)))) for name, own in ((SDC, sdc), (SRM, srm))}


def _found(pairs: Pairs, above: float) -> ProgressorsFound:
    counts = np.array([progressors(reference, predicted, above) for reference, predicted in pairs])
    found, missed, false, spared = counts.mean(axis=0).tolist()
    progressed, others = round(found + missed), round(false + spared)
    return ProgressorsFound(
        above=above,
        progressed=progressed,
        found=rounded(found),
        others=others,
        false=rounded(false),
        sensitivity=_share(found, progressed),
        specificity=_share(spared, others),
    )


def _share(part: float, whole: int) -> MetricValue:
    low, high = wilson_interval(part, whole)
    return MetricValue(
        value=rounded(part / whole) if whole else float("nan"), low=rounded(low), high=rounded(high), method="wilson"
    )


def _of_reference(changes: Changes) -> str:
    known = changes.reference[np.isfinite(changes.reference)]
    readers = len(changes.readings)
    by = f"the mean of {readers} readers" if readers > 1 else next(iter(changes.readings))
    spread = f", SD {fixed(float(known.std(ddof=1)), 1)}" if known.size > 1 else ""
    response = standardised_response_mean(known)
    return (
        f"Change is the score of a patient's last visit minus that of the first. By {by}, "
        f"{counted(known.size, 'patient')} change by {fixed(float(known.mean()), 1)} on average{spread}; "
        f"{(known > 0).sum():,} get worse, {(known < 0).sum():,} better, {(known == 0).sum():,} stay as they were. "
        f"SRM {fixed(response, 2)}."
    )


def _of_rules(rules: _Rules, readers: int) -> str:
    if not isfinite(rules.error):
        return (
            "With one reader the error of the reference is not known: it has no SDC, all that differs is held against "
            f"the model, and an improvement beyond {rules.improvement:g} counts as implausible."
        )
    one = smallest_detectable_change(rules.error)
    return (
        "SDC: the smallest change of a patient that is more than error (1.96 SEM of the change). It is "
        f"{fixed(one, 1)} for one reader and {fixed(rules.improvement, 1)} for the mean of {readers}, the reference."
    )
