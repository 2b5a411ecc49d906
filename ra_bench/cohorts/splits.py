"""Who trains, who validates, who tests: by patient, stratified by score, and the same every time.

Patients are ordered by hashes of seed and patient id, so a split depends neither on the order of the table nor on the
random generator of a library.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import replace
from typing import TYPE_CHECKING

from ra_bench.cohorts.audit.finding import refuse, with_allowed
from ra_bench.cohorts.audit.sides import SIDES, find_split_patients, sides_of_films
from ra_bench.errors import CohortError
from ra_bench.values import Cohort, Sample, Split, SplitPlan, SplitRule

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


def reference(sample: Sample) -> float:
    """Mean of the readings that are present, on the cohort's scale.

    Examples
    --------
    >>> from ra_bench.values import Sample
    >>> sample = Sample(sample_id="1", patient_id="1", visit="", film=lambda: ..., readings={"A": 12.0, "B": 15.0})
    >>> reference(sample)
    13.5
    """
    return math.fsum(sample.readings.values()) / len(sample.readings)


def split_cohort(cohort: Cohort, rule: SplitRule) -> Split:
    """The cohort's own split where it brings one, else one by patient after `rule`.

    Parts count patients. Every patient stands on one side; each side's share is right to within one patient, and low
    and high scores are spread over all three.

    Raises
    ------
    LeakError
        The cohort's own split has a patient on two sides.
    CohortError
        A side would be empty.
    """
    if cohort.given_split is not None:
        return _given(cohort, cohort.given_split, rule)
    parts = {"train": rule.train, "validation": rule.validation, "test": rule.test}
    sides = deal(mean_references(cohort.samples), parts, rule.seed, cohort.name)
    shares = f"{rule.train:g}:{rule.validation:g}:{rule.test:g}"
    return as_split(cohort, sides, f"by patient, stratified by score, {shares} of the patients, seed {rule.seed}")


def split_hash(split: Split) -> str:
    """What identifies a split: 16 hexadecimal digits over which film stands on which side, in any order.

    Examples
    --------
    >>> split_hash(Split(train=("1", "2"), validation=("3",), test=("4",), origin="given"))
    'ac8fc4ba756f7e53'
    """
    digest = hashlib.sha256()
    for side in SIDES:
        digest.update(repr((side, sorted(getattr(split, side)))).encode())
    return digest.hexdigest()[:16]


def plan_hash(plan: SplitPlan) -> str:
    """What identifies all splits of a board together: that of its one split, else a hash over the folds in order.

    Examples
    --------
    >>> split = Split(train=("1", "2"), validation=("3",), test=("4",), origin="given")
    >>> plan_hash(SplitPlan(splits=(split,), origin="given"))
    'ac8fc4ba756f7e53'
    """
    if len(plan.splits) == 1:
        return split_hash(plan.splits[0])
    folds = [split_hash(split) for split in plan.splits]
    return hashlib.sha256(repr((folds, plan.sites)).encode()).hexdigest()[:16]


def limit_split(split: Split, cohort: Cohort, max_films: int | None, seed: int) -> Split:
    """At most `max_films` films, patients drawn by `seed`, the three sides in proportion; None: all.

    Patients come whole as long as they fit; a side whose every patient is too large gets some films of one. What is
    drawn for a larger `max_films` begins with what is drawn for a smaller one, but for what did not fit.

    Raises
    ------
    CohortError
        `max_films` is less than 3: each side needs a film.
    """
    sides = {side: getattr(split, side) for side in SIDES}
    total = sum(map(len, sides.values()))
    if max_films is None or total <= max_films:
        return split
    if max_films < len(SIDES):
        raise CohortError(
            f"max_films = {max_films} leaves a side of the split of cohort '{cohort.name}' empty. "
            "Train, validation and test need a film each: choose 3 or more."
        )
    drawn = draw_parts(sides, cohort, max_films, seed)
    count = sum(map(len, drawn.values()))
    return Split(**drawn, origin=f"{split.origin}; {count} of {total} films, patients drawn by seed {seed}")


def draw_parts(
    parts: Mapping[str, Sequence[str]], cohort: Cohort, max_films: int, seed: int
) -> dict[str, tuple[str, ...]]:
    """Some films of each part, in proportion, patients drawn by `seed`; each part keeps one film at least."""
    budgets = _counts(max_films, {part: float(len(ids)) for part, ids in parts.items()})
    patient_of = {sample.sample_id: sample.patient_id for sample in cohort.samples}
    return {part: _draw(ids, patient_of, budgets[part], seed) for part, ids in parts.items()}


def _draw(ids: Sequence[str], patient_of: Mapping[str, str], budget: int, seed: int) -> tuple[str, ...]:
    """At most `budget` of the ids, whole patients where they fit, in the order of `ids`."""
    films: dict[str, list[str]] = {}
    for sample_id in ids:
        films.setdefault(patient_of[sample_id], []).append(sample_id)
    order = shuffled(films, seed)
    chosen: set[str] = set()
    for patient in order:
        if len(chosen) + len(films[patient]) <= budget:
            chosen.update(films[patient])
    if order and not chosen:
        chosen.update(films[order[0]][:budget])
    return tuple(sample_id for sample_id in ids if sample_id in chosen)


# --- a split that the cohort brings ---------------------------------------------------------------------------------


def _given(cohort: Cohort, given: Split, rule: SplitRule) -> Split:
    """Check the cohort's own split; take validation from train where it has none."""
    sides = _sides_of_patients(cohort, given)
    for side in ("train", "test"):
        if not getattr(given, side):
            raise CohortError(
                f"The split of cohort '{cohort.name}' has no {side} films. "
                "Check the split column and its values in cohort.toml, or leave the column out to split by patient."
            )
    if given.validation:
        return given
    patients = {
        patient: score for patient, score in mean_references(cohort.samples).items() if sides.get(patient) == "train"
    }
    parts = {"train": rule.train, "validation": rule.validation}
    sides.update(deal(patients, parts, rule.seed, cohort.name))
    shares = f"{rule.train:g}:{rule.validation:g}"
    note = f"validation taken from train, {shares} of the patients, stratified by score, seed {rule.seed}"
    made = as_split(cohort, sides, f"{given.origin}; {note}")
    known = set(given.train)  # a film of a known patient may stand on no side, or, if that is allowed, on another
    return replace(
        made,
        train=tuple(i for i in made.train if i in known),
        validation=tuple(i for i in made.validation if i in known),
        test=given.test,
    )


def _sides_of_patients(cohort: Cohort, given: Split) -> dict[str, str]:
    """The side of each patient of the given split; the first, where one who stands on two is allowed."""
    patients = {sample.sample_id: sample.patient_id for sample in cohort.samples}
    on = sides_of_films(given)
    for sample_id in on:
        if sample_id not in patients:
            raise CohortError(
                f"The split of cohort '{cohort.name}' names film '{sample_id}', which the cohort does not have."
            )
    refuse(with_allowed(find_split_patients(patients, on), cohort.allow))
    sides: dict[str, str] = {}
    for sample_id, side in on.items():
        sides.setdefault(patients[sample_id], side)
    return sides


# --- dealing patients out -------------------------------------------------------------------------------------------


def deal(scores: Mapping[str, float], parts: Mapping[str, float], seed: int, name: str) -> dict[str, str]:
    """A side for every patient: patients sorted by score, sides spread evenly along them, then dealt by seed."""
    if len(scores) < len(parts):
        raise CohortError(
            f"Cohort '{name}' has {len(scores)} patient(s) to split into {' and '.join(parts)}: "
            f"at least {len(parts)} are needed, in practice dozens."
        )
    counts = _counts(len(scores), parts)
    places = [((k + 0.5) / count, side) for side, count in counts.items() for k in range(count)]
    sides = [side for _, side in sorted(places)]
    patients = sorted(scores, key=lambda patient: (scores[patient], patient))
    # Long enough that each side has about two places in a block, so that any patient can land anywhere.
    block = math.ceil(2 * sum(parts.values()) / min(parts.values()))
    dealt: dict[str, str] = {}
    blocks = max(1, len(patients) // block)
    for number in range(blocks):
        start, stop = number * block, len(patients) if number == blocks - 1 else (number + 1) * block
        dealt.update(zip(shuffled(patients[start:stop], seed), sides[start:stop], strict=True))
    return dealt


def _counts(total: int, parts: Mapping[str, float]) -> dict[str, int]:
    """Whole numbers that add up to `total`, in proportion to `parts` to within one, none of them 0.

    Examples
    --------
    >>> _counts(10, {"train": 8, "validation": 1, "test": 1})
    {'train': 8, 'validation': 1, 'test': 1}
    """
    exact = {side: total * part / sum(parts.values()) for side, part in parts.items()}
    counts = {side: max(1, math.floor(value)) for side, value in exact.items()}
    while sum(counts.values()) < total:
        counts[max(counts, key=lambda side: exact[side] - counts[side])] += 1
    while sum(counts.values()) > total:
        counts[max((side for side in counts if counts[side] > 1), key=lambda side: counts[side] - exact[side])] -= 1
    return counts


def shuffled(patients: Iterable[str], seed: int) -> list[str]:
    """Patients in an order that only the seed and their ids decide."""
    return sorted(patients, key=lambda patient: hashlib.sha256(f"{seed}:{patient}".encode()).digest())


def mean_references(samples: Iterable[Sample]) -> dict[str, float]:
    """The mean reference of each patient's films."""
    scores: dict[str, list[float]] = {}
    for sample in samples:
        scores.setdefault(sample.patient_id, []).append(reference(sample))
    return {patient: math.fsum(values) / len(values) for patient, values in scores.items()}


def as_split(cohort: Cohort, sides: Mapping[str, str], origin: str) -> Split:
    """Films in the cohort's order, by the side of their patient."""
    ids: dict[str, list[str]] = {side: [] for side in SIDES}
    for sample in cohort.samples:
        if sample.patient_id in sides:
            ids[sides[sample.patient_id]].append(sample.sample_id)
    return Split(**{side: tuple(some) for side, some in ids.items()}, origin=origin)
