"""Patients on two sides of a split."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ra_bench.cohorts.audit.finding import PATIENT_ON_TWO_SIDES, Finding, counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ra_bench.values import Split

SIDES = ("train", "validation", "test")


def sides_of_films(split: Split) -> dict[str, str]:
    """The side of each film that stands on one."""
    return {film: side for side in SIDES for film in getattr(split, side)}


def find_split_patients(patients: Mapping[str, str], sides: Mapping[str, str]) -> list[Finding]:
    """Patients who stand on two sides, each with a film on either.

    Parameters
    ----------
    patients : mapping of film to patient
    sides : mapping of film to side
        Films on no side may be left out.

    Examples
    --------
    >>> found = find_split_patients({"a": "1", "b": "1", "c": "2"}, {"a": "train", "b": "test", "c": "test"})
    >>> found[0].items
    ("Patient '1' stands on two sides of its split: train (film 'a') and test (film 'b')",)
    """
    first: dict[str, dict[str, str]] = {}
    for film, side in sides.items():
        first.setdefault(patients[film], {}).setdefault(side, film)
    split = {patient: on for patient, on in first.items() if len(on) > 1}
    if not split:
        return []
    items = [
        f"Patient '{patient}' stands on {'two' if len(on) == 2 else 'three'} sides of its split: "
        + " and ".join(f"{side} (film '{on[side]}')" for side in SIDES if side in on)
        for patient, on in split.items()
    ]
    return [
        Finding(
            kind=PATIENT_ON_TWO_SIDES,
            level="error",
            said=f"{counted(len(split), 'patient stands', 'patients stand')} on two sides of the split, so that a "
            "model is tested on whom it has learnt",
            items=tuple(items),
            advice="Put all films of a patient on one side, or leave the split column out to split by patient. "
            f'If it must stay: allow = ["{PATIENT_ON_TWO_SIDES}"] in cohort.toml, which the board then says.',
        )
    ]
