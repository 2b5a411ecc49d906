"""A dataset by name or by the path of its cohort.toml."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ra_bench.errors import CohortError
from ra_bench.specs import DatasetSpec
from ra_bench.values import Cohort, FindingSet

if TYPE_CHECKING:
    from ra_bench.cohorts.store import OnFilms
    from ra_bench.plugins import Registry


def find_dataset(
    registry: Registry, name: str, *, size: tuple[int, int] | None = None, on_films: OnFilms | None = None
) -> DatasetSpec:
    """The dataset registered under a name, or the one that a path to a cohort.toml describes.

    Loading the latter decodes films that were not seen before: `on_films` gets what is done, films done and films in
    all, and with a `size`, (height, width), they are stored for training on the way.

    Raises
    ------
    UnknownNameError
        Neither a registered name nor the path of a file.
    CohortError
        A folder, a file that cannot be read, or one with the name of an installed dataset.
    """
    if not name.endswith(".toml"):
        return _registered(registry, name)
    from ra_bench.cohorts.description import read_description
    from ra_bench.cohorts.load import load_cohort

    file = Path(name)
    description = read_description(file)
    if description.name in registry.names("dataset"):  # two cohorts would share one board
        raise CohortError(
            f"{name}: 'name' is '{description.name}', the name of an installed dataset. Give yours another."
        )
    return DatasetSpec(
        name=description.name,
        load=partial(load_cohort, file, size=size, on_films=on_films),
        obtain=f"Described by {file.name}.",
        citation=description.citation,
        licence=description.licence,
    )


def find_findings(registry: Registry, name: str, data: Path) -> FindingSet:
    """The pretraining set registered under a name, or the one that a path to a cohort.toml describes.

    Raises
    ------
    UnknownNameError
        Neither a registered name nor the path of a file.
    CohortError
        A name that has scores and no findings, a folder, or a file with the name of an installed dataset.
    """
    if name.endswith(".toml"):
        from ra_bench.cohorts.findings_file import load_findings_file

        found = load_findings_file(Path(name))
        if found.name in registry.names("dataset"):
            raise CohortError(
                f"{name}: 'name' is '{found.name}', the name of an installed dataset. Give yours another."
            )
        return found
    if Path(name).is_dir():
        raise CohortError(
            f"{name} is a folder. Describe it in a cohort.toml of the layout 'chexpert' (see docs/how-to/pretrain.md), "
            f"then '--dataset {Path(name) / 'cohort.toml'}'."
        )
    spec: DatasetSpec = registry.get("dataset", name)
    return load_findings(spec, data)


def _registered(registry: Registry, name: str) -> DatasetSpec:
    folder = Path(name)
    if folder.is_dir():
        raise CohortError(
            f"{name} is a folder. Write 'ra-bench cohort init {name}' to describe it, "
            f"then '--dataset {folder / 'cohort.toml'}'."
        )
    dataset: DatasetSpec = registry.get("dataset", name)
    return dataset


def load_scores(spec: DatasetSpec, data: Path) -> Cohort:
    """Load a cohort with scores.

    Raises
    ------
    CohortError
        The dataset holds findings for pretraining, not scores.
    """
    loaded = spec.load(data)
    if not isinstance(loaded, Cohort):
        raise CohortError(
            f"'{spec.name}' is a pretraining set and has no scores. Choose a cohort: ra-bench list datasets"
        )
    return loaded


def load_findings(spec: DatasetSpec, data: Path) -> FindingSet:
    """Load a pretraining set.

    Raises
    ------
    CohortError
        The dataset has scores, not findings.
    """
    loaded = spec.load(data)
    if not isinstance(loaded, FindingSet):
        raise CohortError(f"'{spec.name}' has no findings, so no body can be pretrained on it.")
    return loaded
