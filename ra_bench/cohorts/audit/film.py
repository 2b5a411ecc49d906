"""One film as the audit sees it: whose it is, what was read off it, how it looks, and what else is known of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ra_bench.cohorts.splits import reference

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ra_bench.cohorts.audit.look import Look
    from ra_bench.values import Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditedFilm:
    """A film that can be read. `looks` are one, or two where it is composed of a left and a right hand.

    `patient` is None where nobody knows it, `side` where the cohort brings no split. `size` is the bytes of its files,
    None where it has none. `facts` are what the table says of it besides: site, year, sex, age, marker.
    """

    film: str
    patient: str | None
    score: float
    looks: tuple[Look, ...]
    side: str | None = None
    size: int | None = None
    facts: Mapping[str, str] = field(default_factory=dict)


def audited_sample(sample: Sample, look: Look, *, side: str | None, patients_known: bool) -> AuditedFilm:
    """The film of a cohort that has no files."""
    return AuditedFilm(
        film=sample.sample_id,
        patient=sample.patient_id if patients_known else None,
        score=reference(sample),
        looks=(look,),
        side=side,
    )


def called(film: AuditedFilm) -> str:
    """A film in a sentence: "'a' (patient '1', test, score 10)"."""
    facts = [f"patient '{film.patient}'"] if film.patient is not None else []
    facts += [film.side] if film.side is not None else []
    return f"'{film.film}' ({', '.join([*facts, f'score {film.score:g}'])})"
