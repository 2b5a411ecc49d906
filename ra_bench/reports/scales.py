"""The scale of a table that does not say it: as the user says, or guessed from the scores."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from ra_bench.cohorts.layouts.rsna import BONE_AGE
from ra_bench.cohorts.propose import BONE_AGE_WORDS, SVH_HANDS_FEET
from ra_bench.errors import TableError
from ra_bench.values import SVH_HANDS, Scale

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def scale_between(minimum: float, maximum: float) -> Scale:
    """The scale that a user gives by its ends: one of SvH where they are its ends."""
    for scale in (SVH_HANDS, SVH_HANDS_FEET):
        if (scale.minimum, scale.maximum) == (minimum, maximum):
            return scale
    return Scale(name="score", minimum=minimum, maximum=maximum, unit="points")


def guess_scale(readings: Mapping[str, Sequence[float]]) -> tuple[Scale | None, str]:
    """The scale that headings name, else the smallest of SvH that holds all readings, and a sentence; None without."""
    values = [value for scores in readings.values() for value in scores if isfinite(value)]
    low, high = min(values, default=0.0), max(values, default=0.0)
    bone_age = any(BONE_AGE_WORDS.search(reader) for reader in readings)
    for scale in (BONE_AGE,) if bone_age else (SVH_HANDS, SVH_HANDS_FEET):
        if scale.minimum <= low and high <= scale.maximum:
            ends = f"{scale.minimum:g} to {scale.maximum:g}"
            return scale, f"Scale: taken for {scale.name}, {ends} (found {low:g} to {high:g}); --scale gives another."
    return None, f"Scale: not known (found {low:g} to {high:g}); give it with --scale."


def check_on_scale(readings: Mapping[str, Sequence[float]], ids: Sequence[str], scale: Scale, source: str) -> None:
    """Refuse a reading beyond the scale that the user gave.

    Raises
    ------
    TableError
        Which film and which reader.
    """
    for reader, scores in readings.items():
        for film, value in zip(ids, scores, strict=True):
            if isfinite(value) and not scale.minimum <= value <= scale.maximum:
                raise TableError(
                    f"{source}, column '{reader}', film '{film}': found '{value:g}', outside the scale, "
                    f"{scale.minimum:g} to {scale.maximum:g}. Correct the cell, or the ends in --scale."
                )
