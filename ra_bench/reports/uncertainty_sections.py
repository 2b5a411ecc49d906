"""What is told of a model's uncertainty: nothing where it gives none and nobody asks for conformal intervals."""

from __future__ import annotations

from math import ceil, isinf, isnan
from typing import TYPE_CHECKING

from ra_bench.boards.render.numbers import as_text, fixed
from ra_bench.cohorts.audit.finding import counted
from ra_bench.reports.sections import Column, Section

if TYPE_CHECKING:
    from ra_bench.reports.values import Calibrated, Doubt, Intervals, ModelReport

_HOW_TO_READ = (
    "Good intervals cover what they say, and are narrow. The interval score counts both: the width, and for a film "
    "outside 2 / (1 - level) times the distance. Lower is better. In brackets: 95 % intervals from draws of patients."
)
_SEVERITY = (
    "Severe films have larger errors and, mostly, larger SDs: part of what is gained may only be that severe films "
    "are set aside."
)


def uncertainty_sections(report: ModelReport) -> tuple[Section, ...]:
    """Prediction intervals, and the error without the most uncertain films."""
    found = []
    if report.intervals or report.calibrated is not None:
        told = () if report.calibrated is None else _calibrated_lines(report.calibrated, report)
        found.append(
            Section(
                heading="Prediction intervals",
                lines=told,
                columns=_interval_columns(report.intervals),
                notes=(_HOW_TO_READ,) if report.intervals else (),
            )
        )
    if report.doubt is not None:
        found.append(_set_aside(report.doubt))
    return tuple(found)


def _calibrated_lines(found: Calibrated, report: ModelReport) -> tuple[str, ...]:
    people = "" if found.patients == found.films else f" of {counted(found.patients, 'patient')}, which count alike"
    source = f"{counted(found.films, 'validation film')}{people}"
    if isinf(found.margin):
        return (
            (
                f"Split conformal at {100 * found.level:g} %: n/a. {source} are too few: it takes "
                f"{_fewest(found.level)} patients."
            ),
        )
    test = report.overall.values["mae"].value
    if found.chosen:
        honest = (
            f"These are not films like new ones: {found.chosen}, so that errors on them may be too small and the "
            "guarantee does not hold. What the intervals cover of the test films, below, is what was found."
        )
    else:
        honest = (
            f"If nothing was chosen on these films, and new patients are like theirs, {100 * found.level:g} % or more "
            "of new films are covered, as an average."
        )
    return (
        (
            f"Split conformal at {100 * found.level:g} %, from {source}: prediction ± {fixed(found.margin, 2)}. "
            f"{honest} MAE {fixed(found.mae, 2)} on them, {fixed(test, 2)} on the test films."
        ),
    )


def _fewest(level: float) -> int:
    """Least n with ceil((n + 1) level) <= n."""
    return ceil(level / (1 - level) - 1e-9)


def _interval_columns(kinds: tuple[Intervals, ...]) -> tuple[Column, ...]:
    if not kinds:
        return ()
    return (
        Column(heading="Intervals", cells=tuple(found.kind for found in kinds), right=False),
        Column(heading="Level", cells=tuple(f"{found.level:.4g}" for found in kinds)),
        Column(heading="Films", cells=tuple(f"{found.films:,}" for found in kinds)),
        Column(heading="Share covered", cells=tuple(as_text(found.coverage, 3) for found in kinds)),
        Column(heading="Mean width", cells=tuple(as_text(found.width, 2) for found in kinds)),
        Column(heading="Interval score", cells=tuple(as_text(found.score, 2) for found in kinds)),
    )


def _set_aside(found: Doubt) -> Section:
    lines = [
        (
            f"Films in the order of {found.by}, the most certain first. Mean over all shares kept (AURC): "
            f"{as_text(found.area, 2)}; in the best order of these errors {fixed(found.best, 2)}, in a random one "
            f"{fixed(found.set_aside[0].mae, 2)}."
        )
    ]
    if not isnan(found.crps.value):
        lines.append(
            f"CRPS of a normal distribution with this SD: {as_text(found.crps, 2)}; of the prediction alone it would "
            f"be the MAE, {fixed(found.set_aside[0].mae, 2)}. Lower is better."
        )
    return Section(
        heading="The error without the most uncertain films",
        lines=tuple(lines),
        columns=(
            Column(heading="Share kept", cells=tuple(f"{100 * part.kept:g} %" for part in found.set_aside)),
            Column(heading="Films", cells=tuple(f"{part.films:,}" for part in found.set_aside)),
            Column(heading="MAE", cells=tuple(fixed(part.mae, 2) for part in found.set_aside)),
        ),
        notes=(_SEVERITY,),
    )
