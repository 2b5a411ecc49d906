"""What a study needs, as pages of tables and sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ra_bench.boards.render.numbers import fixed
from ra_bench.metrics import films_for_equivalence, films_to_separate
from ra_bench.metrics.power import HEAVY, NORMAL
from ra_bench.reports.pages import Page
from ra_bench.reports.sections import Column, Section

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ra_bench.boards.held_out import HeldOut
    from ra_bench.metrics import Needed
    from ra_bench.reports.power import ToSeparate, ToShowEquivalent

_CORRELATIONS = (0.0, 0.5, 0.7, 0.9, 0.95)
_CORRELATION = (
    "Correlation of the errors: of predicted minus reference of the two models, on the same films. Models that err "
    "alike are told apart on fewer films; 'ra-bench power of' estimates from predictions."
)
_TAILS = (
    "Errors of SvH scores grow with the score, so a few films carry much of an RMSE: the right column is the one to "
    "plan with. Two simulated readers have a kurtosis of 8.2, models of the suite 6 to 8."
)
_LARGE = "A large-sample figure: below some 30 films it is too small."
_ABOUT_THE_MEAN = "It is about the mean: single films may still differ by far more than the margin."
_SHOWN = "'Shown by these': the smallest true difference that the films at hand show at this power."
_LIKE_THESE = (
    "Patients like these, with as many films each. n/a: it varies too little here to tell, the bias seen lies beyond "
    "the margin, or no study has so many."
)
_POOR_GUESS = (
    "A difference that was seen is a poor guess of the true one. Plan for the smallest that would matter: --difference."
)


def separation_page(
    rmse_1: float,
    rmse_2: float,
    *,
    correlation: float | None,
    kurtosis: float | None,
    power: float,
    films_a_patient: int = 1,
    within_patient: float = 0.0,
) -> Page:
    """Films needed to tell two RMSEs apart, as a table over what is not given.

    Raises
    ------
    ValueError
        As `films_to_separate`.
    """
    rows = _CORRELATIONS if correlation is None else (correlation,)
    tails = (NORMAL, HEAVY) if kurtosis is None else (kurtosis,)
    names = {NORMAL: "normal errors", HEAVY: "errors of SvH scores (kurtosis 8)"}
    columns = [Column(heading="Correlation of the errors", cells=tuple(f"{row:g}" for row in rows))]
    for tail in tails:
        needed = [
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
        columns.append(Column(heading=names.get(tail, f"kurtosis {tail:g}"), cells=tuple(map(_films, needed))))
    return Page(
        title=f"Films needed to tell an RMSE of {rmse_1:g} from one of {rmse_2:g}",
        sections=(
            Section(
                heading=f"For a 95 % interval that excludes 0, {_percent(power)} power",
                columns=tuple(columns),
                notes=(_CORRELATION, *([_TAILS] if kurtosis is None else []), _LARGE),
            ),
        ),
    )


def equivalence_page(sd: float, margin: float, *, true_difference: float, power: float) -> Page:
    """Films needed to show that a mean difference lies within a margin.

    Raises
    ------
    ValueError
        As `films_for_equivalence`.
    """
    films = films_for_equivalence(sd, margin, true_difference=true_difference, power=power)
    return Page(
        title=f"Films needed to show that the mean difference lies within ±{margin:g}: {films:,}",
        sections=(
            Section(
                heading=f"For TOST at 5 %, {_percent(power)} power",
                lines=(
                    f"SD of the differences {sd:g}, true mean difference {true_difference:g}, one film a patient.",
                    _ABOUT_THE_MEAN,
                ),
            ),
        ),
    )


def needed_page(
    films: HeldOut,
    pairs: Sequence[ToSeparate],
    models: Sequence[ToShowEquivalent],
    *,
    margin: float,
    power: float,
    given: bool,
) -> Page:
    """Both answers from predictions; `given` where the user named the difference to find."""
    separate = Section(
        heading=f"To separate two RMSEs (95 % interval, {_percent(power)} power)",
        columns=_pairs(pairs, given=given),
        notes=(_SHOWN, _POOR_GUESS),
    )
    show = Section(
        heading=f"To show a mean difference within ±{margin:g} (TOST at 5 %, {_percent(power)} power)",
        columns=_models(models),
        notes=(_LIKE_THESE, _ABOUT_THE_MEAN),
    )
    return Page(
        title=f"Patients needed, from {len(films.ids):,} films of {films.patient_count:,} patients",
        sections=(separate, show) if pairs else (show,),
    )


def _pairs(pairs: Sequence[ToSeparate], *, given: bool) -> tuple[Column, ...]:
    wanted = Column(heading="Difference wanted", cells=tuple(fixed(pair.wanted, 2) for pair in pairs))
    return (
        Column(heading="Pair", cells=tuple(f"{pair.first} against {pair.second}" for pair in pairs), right=False),
        Column(heading="Difference seen", cells=tuple(fixed(pair.seen, 2) for pair in pairs)),
        Column(heading="Shown by these", cells=tuple(fixed(pair.detectable, 2) for pair in pairs)),
        *([wanted] if given else []),
        Column(
            heading="Patients to find it" if given else "Patients to find the one seen",
            cells=tuple(_count(pair.patients) for pair in pairs),
        ),
    )


def _models(models: Sequence[ToShowEquivalent]) -> tuple[Column, ...]:
    return (
        Column(heading="Model", cells=tuple(model.name for model in models), right=False),
        Column(heading="Bias seen", cells=tuple(fixed(model.bias, 2) for model in models)),
        Column(heading="SD a patient", cells=tuple(fixed(model.sd, 1) for model in models)),
        Column(heading="Patients if there is none", cells=tuple(_count(model.patients_if_none) for model in models)),
        Column(heading="Patients if it is the one seen", cells=tuple(_count(model.patients) for model in models)),
    )


def _films(needed: Needed) -> str:
    if needed.films == needed.patients:
        return f"{needed.films:,}"
    return f"{needed.films:,} of {needed.patients:,} patients"


def _count(patients: int) -> str:
    return f"{patients:,}" if patients else "n/a"


def _percent(share: float) -> str:
    return f"{share * 100:g} %"
