"""How many patients a study needs, estimated from predictions that are there."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import isfinite, isnan, nan, sqrt
from typing import TYPE_CHECKING

from ra_bench.boards.evaluate import draw, mean_over_seeds, rounded
from ra_bench.metrics import (
    bias_from_sums,
    detectable_difference,
    difference,
    films_for_equivalence,
    interval,
    patients_to_separate,
    resample_metric,
    resample_sums,
)
from ra_bench.reports.compare import resample_models

if TYPE_CHECKING:
    from ra_bench.boards.held_out import HeldOut
    from ra_bench.metrics import Resampled


@dataclass(frozen=True, slots=True, kw_only=True)
class ToSeparate:
    """Two models on the films at hand: difference of their RMSEs, the one found at the wanted power, patients for it.

    `patients` find `wanted`, the difference that was asked for, or the one that was seen; 0 where nothing can be said.
    """

    first: str
    second: str
    seen: float
    detectable: float
    wanted: float
    patients: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ToShowEquivalent:
    """A model on the films at hand: bias, its SD a patient, patients to show it within the margin; 0 for never.

    `patients_if_none` is for a true bias of 0, `patients` for the one that was seen.
    """

    name: str
    bias: float
    sd: float
    patients_if_none: int
    patients: int


def needed_to_separate(films: HeldOut, *, wanted: float | None, power: float) -> tuple[ToSeparate, ...]:
    """What each pair of models would need, from the resampled difference of their RMSEs.

    Raises
    ------
    ValueError
        The wanted difference is not above 0, or the power is no share.
    """
    _check("difference", wanted, power)
    resampled = {name: measures["rmse"] for name, measures in resample_models(films).items()}
    ordered = sorted(resampled, key=lambda name: (resampled[name].estimate, name))
    found = []
    for first, second in combinations(ordered, 2):
        gap = difference(resampled[first], resampled[second])
        goal = gap.estimate if wanted is None else wanted
        found.append(
            ToSeparate(
                first=first,
                second=second,
                seen=rounded(gap.estimate),
                detectable=rounded(detectable_difference(gap, power)),
                wanted=rounded(abs(goal)),
                patients=_patients(gap, goal, power),
            )
        )
    return tuple(found)


def needed_for_equivalence(films: HeldOut, *, margin: float, power: float) -> tuple[ToShowEquivalent, ...]:
    """What each model would need to be shown unbiased within a margin, from its resampled mean difference.

    Raises
    ------
    ValueError
        The margin is not above 0, or the power is no share.
    """
    _check("margin", margin, power)
    vectors = [vector for seeds in films.predicted.values() for vector in seeds]
    sums = iter(resample_sums(draw(films), films.reference, vectors))
    found = []
    for name, predicted in films.predicted.items():
        shift = mean_over_seeds([resample_metric(bias_from_sums, next(sums)) for _ in predicted])
        sd = _sd_a_patient(shift)
        found.append(
            ToShowEquivalent(
                name=name,
                bias=rounded(shift.estimate),
                sd=rounded(sd),
                patients_if_none=_equivalent(sd, margin, 0.0, power),
                patients=_equivalent(sd, margin, shift.estimate, power),
            )
        )
    return tuple(found)


def _patients(gap: Resampled, goal: float, power: float) -> int:
    if not goal:
        return 0
    try:
        return patients_to_separate(gap, goal, power)
    except ValueError:  # no study has so many
        return 0


def _sd_a_patient(shift: Resampled) -> float:
    """SD of which the standard error of the bias is the root of the number of patients' part."""
    from scipy.special import stdtrit

    patients = shift.jackknife.size
    found = interval(shift, "t")
    if patients < 2 or isnan(found.low):
        return nan
    return float((found.high - found.low) / 2 / stdtrit(patients - 1, 0.975) * sqrt(patients))


def _equivalent(sd: float, margin: float, true_difference: float, power: float) -> int:
    if not sd > 0 or abs(true_difference) >= margin:
        return 0
    try:
        return films_for_equivalence(sd, margin, true_difference=true_difference, power=power)
    except ValueError:  # no study has so many
        return 0


def _check(name: str, value: float | None, power: float) -> None:
    if value is not None and not (value > 0 and isfinite(value)):
        raise ValueError(f"{name} is {value:g}: give a number above 0.")
    if not 0 < power < 1:
        raise ValueError(f"power is {power:g}: give a share between 0 and 1, such as 0.8.")
