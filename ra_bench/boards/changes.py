"""Change between the visits of a patient, as the reference, each reader and each model have it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ra_bench.boards.held_out import mean_reading
from ra_bench.cohorts.audit.finding import counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ra_bench.boards.held_out import Floats, HeldOut


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Changes:
    """Score of the last visit minus that of the first, by patient: arrays of shape (patients,), nan where not known.

    `predicted` holds (seeds, patients) a model. `said` tells of whom there is no change, and why.
    """

    reference: Floats
    readings: Mapping[str, Floats]
    predicted: Mapping[str, Floats]
    said: tuple[str, ...]

    @property
    def patients(self) -> int:
        """How many patients have a change by the reference."""
        return int(np.isfinite(self.reference).sum())


def changes_of(films: HeldOut) -> Changes | None:
    """The changes of all patients whose first and last visit have a film each; None where nobody has two visits.

    A patient's change is from the first to the last visit, one number each: visits in between are not used. The
    reference is the mean of the changes of those readers who read both films, so that two readers are never mixed.
    """
    pairs, said = _ends(films)
    if not pairs:
        return None
    patients, first, last = np.array(pairs).T

    def change(scores: Floats) -> Floats:
        found = np.full((*scores.shape[:-1], films.patient_count), np.nan)
        found[..., patients] = scores[..., last] - scores[..., first]
        return found

    readings = {reader: change(scores) for reader, scores in films.readings.items()}
    reference = mean_reading(list(readings.values()))
    unread = len(pairs) - int(np.isfinite(reference).sum())
    if unread:
        said.append(f"Of {counted(unread, 'patient')} no reader read both films.")
    return Changes(
        reference=reference,
        readings=readings,
        predicted={model: change(scores) for model, scores in films.predicted.items()},
        said=tuple(said),
    )


def _ends(films: HeldOut) -> tuple[list[tuple[int, int, int]], list[str]]:
    """(patient, row of the first film, row of the last) of each patient with two visits; and who has no such rows."""
    rows: dict[int, list[int]] = {}
    for row, (patient, visit) in enumerate(zip(films.patients.tolist(), films.visits, strict=False)):  # or no visits
        if visit:
            rows.setdefault(patient, []).append(row)
    pairs, doubled, between = [], 0, 0
    for patient, own in rows.items():
        count = Counter(films.visits[row] for row in own)
        if len(count) < 2:
            continue
        if count[min(count)] > 1 or count[max(count)] > 1:
            doubled += 1
            continue
        first, *middle, last = sorted(own, key=films.visits.__getitem__)
        pairs.append((patient, first, last))
        between += len(middle)
    single = films.patient_count - len(pairs) - doubled
    said = []
    if single:
        said.append(f"{_have(single)} one visit only among the test films.")
    if doubled:
        said.append(f"{_have(doubled)} several films at a visit: which belongs to which is not known.")
    if between:
        said.append(f"{counted(between, 'film')} of visits in between {'is' if between == 1 else 'are'} not used.")
    return pairs, said


def _have(patients: int) -> str:
    return f"{counted(patients, 'patient')} {'has' if patients == 1 else 'have'}"
