"""How many films or patients a study needs: from figures, or from predictions that are there."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import isfinite, isnan, nan, sqrt
from typing import TYPE_CHECKING

from ra_bench.boards.evaluate import draw, mean_over_seeds, rounded
from ra_bench.boards.render.numbers import fixed
from ra_bench.boards.render.table import TableColumn, table
from ra_bench.metrics import (
    bias_from_sums,
    detectable_difference,
    difference,
    films_for_equivalence,
    films_to_separate,
    interval,
    patients_to_separate,
    resample_metric,
    resample_sums,
)
from ra_bench.metrics.power import HEAVY, NORMAL
from ra_bench.reports.compare import resample_models
from ra_bench.reports.compare_text import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ra_bench.boards.held_out import HeldOut
    from ra_bench.metrics import Needed, Resampled

_CORRELATIONS = (0.0, 0.5, 0.7, 0.9, 0.95)
_CORRELATION = (
    "- Correlation of the errors: of predicted minus reference of the two models, on the same films. Models that err "
    "alike are told apart on fewer films; 'ra-bench power of' estimates from predictions."
)
_LIKE_THESE = (
    "- Patients like these, with as many films each. n/a: it varies too little here to tell, the bias seen lies beyond "
    "the margin, or no study has so many."
)
_POOR_GUESS = (
    "- A difference that was seen is a poor guess of the true one. Plan for the smallest that would matter "
    "(--difference)."
)


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


def separation_text(
    rmse_1: float,
    rmse_2: float,
    *,
    correlation: float | None,
    kurtosis: float | None,
    power: float,
    films_a_patient: int = 1,
    within_patient: float = 0.0,
) -> str:
    """Films needed to tell two RMSEs apart, as a table over what is not given.

    Raises
    ------
    ValueError
        As `films_to_separate`.
    """
    rows = _CORRELATIONS if correlation is None else (correlation,)
    tails = (NORMAL, HEAVY) if kurtosis is None else (kurtosis,)
    needed = [
        [
            films_to_separate(
                rmse_1,
                rmse_2,
                correlation=row,
                kurtosis=tail,
                power=power,
                films_a_patient=films_a_patient,
                within_patient=within_patient,
            )
            for row in rows
        ]
        for tail in tails
    ]
    names = {NORMAL: "normal errors", HEAVY: "errors of SvH scores (kurtosis 8)"}
    columns = [TableColumn(heading="Correlation of the errors", cells=tuple(f"{row:g}" for row in rows))]
    columns += [
        TableColumn(heading=names.get(tail, f"kurtosis {tail:g}"), cells=tuple(_films(one) for one in column))
        for tail, column in zip(tails, needed, strict=True)
    ]
    lines = [
        f"Films needed to tell an RMSE of {rmse_1:g} from one of {rmse_2:g} (95 % interval, {power * 100:g} % power)",
        "",
        *table(columns),
        "",
        _CORRELATION,
    ]
    if kurtosis is None:
        lines.append(
            "- Errors of SvH scores grow with the score, so a few films carry much of an RMSE: the right column is the "
            "one to plan with. Two simulated readers have a kurtosis of 8.2, models of the suite 6 to 8."
        )
    lines.append("- A large-sample figure: below some 30 films it is too small.")
    return "\n".join(lines) + "\n"


def equivalence_text(sd: float, margin: float, *, true_difference: float, power: float) -> str:
    """Films needed to show that a mean difference lies within a margin.

    Raises
    ------
    ValueError
        As `films_for_equivalence`.
    """
    films = films_for_equivalence(sd, margin, true_difference=true_difference, power=power)
    return (
        f"Films needed to show that the mean difference lies within ±{margin:g}: {films:,}\n"
        f"(TOST at 5 %, {power * 100:g} % power, SD of the differences {sd:g}, true mean difference "
        f"{true_difference:g}, one film a patient)\n\n"
        "- It is about the mean: single films may still differ by far more than the margin.\n"
    )


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


def needed_text(
    films: HeldOut,
    pairs: Sequence[ToSeparate],
    models: Sequence[ToShowEquivalent],
    *,
    margin: float,
    power: float,
    given: bool,
) -> str:
    """Both answers as tables; `given` where the user named the difference to find."""
    lines = [f"# Patients needed, from {len(films.ids):,} films of {films.patient_count:,} patients", ""]
    if pairs:
        heading = "Patients to find it" if given else "Patients to find the one seen"
        lines += [
            f"## To separate two RMSEs (95 % interval, {power * 100:g} % power)",
            "",
            *table(
                [
                    TableColumn(heading="First", cells=tuple(plain(pair.first) for pair in pairs), right=False),
                    TableColumn(heading="Second", cells=tuple(plain(pair.second) for pair in pairs), right=False),
                    TableColumn(heading="Difference seen", cells=tuple(fixed(pair.seen, 2) for pair in pairs)),
                    TableColumn(heading="Shown by these", cells=tuple(fixed(pair.detectable, 2) for pair in pairs)),
                    TableColumn(
                        heading="Difference wanted",
                        cells=tuple(fixed(pair.wanted, 2) if given else "" for pair in pairs),
                    ),
                    TableColumn(heading=heading, cells=tuple(_count(pair.patients) for pair in pairs)),
                ]
            ),
            "",
        ]
    lines += [
        f"## To show a mean difference within ±{margin:g} (TOST at 5 %, {power * 100:g} % power)",
        "",
        *table(
            [
                TableColumn(heading="Model", cells=tuple(plain(model.name) for model in models), right=False),
                TableColumn(heading="Bias seen", cells=tuple(fixed(model.bias, 2) for model in models)),
                TableColumn(heading="SD a patient", cells=tuple(fixed(model.sd, 1) for model in models)),
                TableColumn(
                    heading="Patients if there is none",
                    cells=tuple(_count(model.patients_if_none) for model in models),
                ),
                TableColumn(
                    heading="Patients if it is the one seen", cells=tuple(_count(model.patients) for model in models)
                ),
            ]
        ),
        "",
        "- 'Shown by these': the smallest true difference that the films at hand show at this power.",
        _LIKE_THESE,
        _POOR_GUESS,
    ]
    return "\n".join(lines) + "\n"


def _films(needed: Needed) -> str:
    if needed.films == needed.patients:
        return f"{needed.films:,}"
    return f"{needed.films:,} of {needed.patients:,} patients"


def _count(patients: int) -> str:
    return f"{patients:,}" if patients else "n/a"


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
