"""What a dataset promises: the same cohort each time, with films, people and readings that make sense."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ra_bench.errors import PluginError
from ra_bench.testing.naming import check_name
from ra_bench.values import Cohort, FindingSet

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ra_bench.specs import DatasetSpec
    from ra_bench.testing.check import Promise
    from ra_bench.values import FindingSample, Sample

#: As many films are decoded, spread over the cohort.
_LOOKED_AT = 5


def spec(dataset: DatasetSpec, data: Path) -> None:  # noqa: ARG001 - asked like the others
    """It says how to get the data, how to cite them, and what may be done with them."""
    check_name("dataset", dataset.name)
    for key, what in (
        ("obtain", "how a person gets the data"),
        ("citation", "whose they are"),
        ("licence", "what may be done with them"),
    ):
        if not getattr(dataset, key).strip():
            raise PluginError(f"The dataset '{dataset.name}' has no {key}. Say in its DatasetSpec {what}.")


def task(dataset: DatasetSpec, data: Path) -> str:
    """It loads what its task says: a Cohort for scores, a FindingSet for findings, under its own name."""
    loaded, wanted = dataset.load(data), Cohort if dataset.task == "score" else FindingSet
    if not isinstance(loaded, wanted):
        raise PluginError(
            f"The dataset '{dataset.name}' of the task '{dataset.task}' loads a {type(loaded).__name__} where a "
            f"{wanted.__name__} is wanted. Return one, or name the other task in its DatasetSpec."
        )
    if loaded.name != dataset.name:
        raise PluginError(
            f"The dataset '{dataset.name}' loads a cohort of the name '{loaded.name}'. Give both the same: boards are "
            "called after the cohort, commands ask for the dataset."
        )
    if not loaded.samples:
        raise PluginError(f"The dataset '{dataset.name}' loads no films. Look into its `load`, and into {data}.")
    return f"{len(loaded.samples):,} films, version {loaded.version}"


def loads_again(dataset: DatasetSpec, data: Path) -> None:
    """Loaded twice it has the same version, ids and readings."""
    first, second = dataset.load(data), dataset.load(data)
    films: list[tuple[Any, Any]] = list(zip(first.samples, second.samples, strict=False))
    if first.version != second.version:
        raise PluginError(
            f"The dataset '{dataset.name}' has version {first.version} and, loaded again, {second.version}. Make the "
            "version of what the data are, such as a hash of table and films, never of the time or of `hash()`."
        )
    for one, other in films:
        if _told(one) != _told(other):
            raise PluginError(
                f"The dataset '{dataset.name}' tells otherwise of film '{one.sample_id}' when it is loaded again: "
                f"{_told(one)}, then {_told(other)}. Sort what comes from a folder or a set, and draw from a seed."
            )
    if len(first.samples) != len(second.samples):
        raise PluginError(
            f"The dataset '{dataset.name}' has {len(first.samples)} films and, loaded again, {len(second.samples)}."
        )


def people(dataset: DatasetSpec, data: Path) -> str:
    """Each film has an id of its own and names its patient."""
    samples = dataset.load(data).samples
    ids = [sample.sample_id for sample in samples]
    if len(set(ids)) < len(ids):
        twice = next(name for name in ids if ids.count(name) > 1)
        raise PluginError(
            f"The dataset '{dataset.name}' has several films with the id '{twice}'. Predictions are kept by id: make "
            "each one's own, such as patient and visit together."
        )
    if nobody := [sample.sample_id for sample in samples if not sample.patient_id.strip()]:
        raise PluginError(
            f"The dataset '{dataset.name}' names no patient for film '{nobody[0]}'. Films are split by patient; where "
            "nobody knows, give each film one of its own and say so in `remarks`."
        )
    return f"{len({sample.patient_id for sample in samples}):,} patients"


def said_of_films(dataset: DatasetSpec, data: Path) -> None:
    """Each reading is a number on the scale, each finding 1, 0, -1 or None."""
    loaded: Any = dataset.load(data)
    wrong_with = _of_findings if isinstance(loaded, FindingSet) else _of_readings
    for sample in loaded.samples:
        if trouble := wrong_with(loaded, sample):
            raise PluginError(f"In the dataset '{dataset.name}', film '{sample.sample_id}' {trouble}")


def pixels(dataset: DatasetSpec, data: Path) -> str:
    """Films decode to grey values (height, width), 8 or 16 bits, and to the same ones again."""
    samples = _spread(dataset.load(data).samples)
    for sample in samples:
        film, again = sample.film(), sample.film()
        where = f"The film '{sample.sample_id}' of the dataset '{dataset.name}'"
        if not isinstance(film, np.ndarray) or film.ndim != 2 or film.dtype not in (np.uint8, np.uint16):
            what = f"{film.dtype} of shape {film.shape}" if isinstance(film, np.ndarray) else f"a {type(film).__name__}"
            raise PluginError(
                f"{where} decodes to {what}. Give an array (height, width) of uint8 or uint16, bone bright."
            )
        if min(film.shape) < 1 or film.min() == film.max():
            raise PluginError(
                f"{where} shows nothing: its {film.size} pixels are all alike. Look into how it is decoded."
            )
        if film.tobytes() != again.tobytes():
            raise PluginError(f"{where} decodes to other pixels the second time. Draw from a seed of the film's own.")
    return f"{len(samples)} films looked at"


DATASET: tuple[Promise, ...] = (spec, task, loads_again, people, said_of_films, pixels)


def _told(sample: Any) -> tuple[Any, ...]:
    """All that is said of a film, but for its pixels."""
    said = sample.findings if hasattr(sample, "findings") else tuple(sorted(sample.readings.items()))
    return (sample.sample_id, sample.patient_id, said)


def _of_readings(cohort: Cohort, sample: Sample) -> str:
    """What is wrong with a film's readings; "" where nothing is."""
    scale = cohort.scale
    if not sample.readings:
        return "has no reading. Leave such films out: nothing can be measured against them."
    for reader, score in sample.readings.items():
        if not math.isfinite(score) or not scale.minimum <= score <= scale.maximum:
            return (
                f"has the reading {score:g} by '{reader}', and the scale '{scale.name}' runs from {scale.minimum:g} to "
                f"{scale.maximum:g}. Correct it, or leave that reader out of the film's readings."
            )
    return ""


def _of_findings(loaded: FindingSet, sample: FindingSample) -> str:
    if len(sample.findings) != len(loaded.findings):
        return f"has {len(sample.findings)} values for {len(loaded.findings)} findings. Give one each, None if unknown."
    unknown = [value for value in sample.findings if value not in (1, 0, -1, None)]
    return (
        f"has the finding {unknown[0]}. Use 1 present, 0 absent, -1 uncertain, None not mentioned." if unknown else ""
    )


def _spread(samples: Sequence[Any]) -> list[Any]:
    """Some films, the first and the last among them."""
    places = np.linspace(0, len(samples) - 1, min(_LOOKED_AT, len(samples))).round().astype(int)
    return [samples[place] for place in places]
