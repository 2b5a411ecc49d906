"""Which visit of a patient comes first: from the names of the visits, and only where these leave no doubt."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ra_bench.values import Predictions, Sample

#: Names of a first visit, beside visits with numbers.
_FIRST = {"baseline", "bl"}
_DECIMAL, _WHOLE = re.compile(r"\d+(?:\.\d+)?"), re.compile(r"\d+")
_DAY_FIRST = re.compile(r"\D*\d{1,3}([./-])\d{1,2}\1\d{1,4}\b.*")


def visit_numbers(samples: Iterable[Sample]) -> dict[str, int]:
    """The number of each film's visit among those of its patient, from 1.

    Visits are put in order by the numbers in their names, which must be alike otherwise: "0" and "12", "month 6" and
    "month 12", "2021-01-31" and "2022-02-01". "baseline" comes before all of them.

    Parameters
    ----------
    samples : iterable of Sample
        All films of a cohort. A film whose visit is empty has none.

    Returns
    -------
    dict of str to int
        By film. Empty where no visit has a name, and where the names do not say which comes first: a date with the day
        or the month before the year may be read in two ways.

    Examples
    --------
    >>> from ra_bench.values import Sample
    >>> films = [("a", "month 12"), ("b", "month 6"), ("c", "baseline")]
    >>> visit_numbers(
    ...     Sample(sample_id=film, patient_id="p", visit=visit, film=lambda: ..., readings={}) for film, visit in films
    ... )
    {'a': 3, 'b': 2, 'c': 1}
    """
    known = [sample for sample in samples if sample.visit.strip()]
    names = {sample.visit.strip().casefold() for sample in known}
    number = _DECIMAL if all(map(_DECIMAL.fullmatch, names - _FIRST)) else _WHOLE  # 2021.10.1 is no decimal
    if len({number.sub("#", name) for name in names - _FIRST}) != 1 or any(map(_DAY_FIRST.fullmatch, names)):
        return {}
    keys = {name: () if name in _FIRST else tuple(map(float, number.findall(name))) for name in names}
    of_patient: dict[str, set[tuple[float, ...]]] = {}
    for sample in known:
        of_patient.setdefault(sample.patient_id, set()).add(keys[sample.visit.strip().casefold()])
    places = {patient: {key: n for n, key in enumerate(sorted(found), 1)} for patient, found in of_patient.items()}
    return {sample.sample_id: places[sample.patient_id][keys[sample.visit.strip().casefold()]] for sample in known}


def with_visits(given: Predictions, numbers: Mapping[str, int]) -> Predictions:
    """The same predictions with the number of each film's visit; none where no film has one."""
    visits = tuple(numbers.get(film, 0) for film in given.ids)
    return replace(given, visits=visits if any(visits) else ())
