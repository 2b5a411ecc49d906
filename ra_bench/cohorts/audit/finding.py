"""A finding: what is wrong with a cohort, where, and what to do; an error stops a run, a warning is a remark on it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from ra_bench.errors import CohortError, FilmError, LeakError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from pathlib import Path

#: Errors that 'allow' in cohort.toml turns into warnings, by their kind.
FILM_OF_TWO_PATIENTS = "film-of-two-patients"
PATIENT_ON_TWO_SIDES = "patient-on-two-sides"

#: How many places the error of a run names; a check names all.
_SHOWN = 20

_RAISED: Mapping[str, type[CohortError]] = {
    "missing-films": FilmError,
    "unreadable-films": FilmError,
    "one-hand-twice": FilmError,
    FILM_OF_TWO_PATIENTS: LeakError,
    PATIENT_ON_TWO_SIDES: LeakError,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`said` counts and names nobody, so that a board may show it; `items` name every place; `advice` what to do."""

    kind: str
    level: Literal["error", "warning"]
    said: str
    items: tuple[str, ...] = ()
    advice: str = ""


def errors_of(findings: Iterable[Finding]) -> list[Finding]:
    """Those that stop a run."""
    return [finding for finding in findings if finding.level == "error"]


def remarks_of(findings: Iterable[Finding]) -> tuple[str, ...]:
    """What a board says of the warnings."""
    return tuple(f"{finding.said}." for finding in findings if finding.level == "warning")


def with_allowed(findings: Iterable[Finding], allowed: Collection[str]) -> tuple[Finding, ...]:
    """The findings, with those errors as warnings that cohort.toml allows by name."""
    return tuple(
        replace(finding, level="warning", said=f"{finding.said}; allowed by cohort.toml", advice="")
        if finding.kind in allowed
        else finding
        for finding in findings
    )


def refuse(findings: Sequence[Finding], file: Path | None = None) -> None:
    """Raise one error for all findings that are errors: the first places of each, and the command that lists all.

    Raises
    ------
    CohortError
        Of the kind of the first: a FilmError, a LeakError or a plain one.
    """
    errors = errors_of(findings)
    if not errors:
        return
    parts = [_in_short(error) for error in errors]
    if file is not None:
        parts.append(f"All of it at once: ra-bench cohort check {file}")
    raise _RAISED.get(errors[0].kind, CohortError)("\n".join(parts))


def _in_short(finding: Finding) -> str:
    lines = [f"{finding.said}:" if finding.items else f"{finding.said}."]
    lines += [f"  {item}" for item in finding.items[:_SHOWN]]
    if len(finding.items) > _SHOWN:
        lines.append(f"  ... and {len(finding.items) - _SHOWN} more")
    return "\n".join([*lines, finding.advice] if finding.advice else lines)


def counted(count: int, one: str, many: str = "") -> str:
    """A number with its noun.

    Examples
    --------
    >>> counted(1, "film"), counted(2, "film"), counted(0, "copy", "copies")
    ('1 film', '2 films', '0 copies')
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"
