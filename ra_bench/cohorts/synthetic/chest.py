"""Simulated chest films for pretraining, written in CheXpert's layout and read by the CheXpert reader.

Findings are drawn first and labelled after: some labels are uncertain, blank or wrong, as they are in CheXpert.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ra_bench.cohorts.layouts.chexpert import FINDINGS, read_chexpert
from ra_bench.cohorts.parallel import for_each_film
from ra_bench.cohorts.version import generator_digest
from ra_bench.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np

    from ra_bench.values import FindingSet

#: The set that the name "synthetic-chest" stands for.
NAME = "synthetic-chest"
FILMS, SEED = 1500, 20190

CITATION = "Simulated by ra-bench; no patient, no radiologist."
LICENCE = "Apache-2.0"

#: How often a finding is drawn in a patient who has any.
PREVALENCE = {
    "Enlarged Cardiomediastinum": 0.08, "Cardiomegaly": 0.22, "Lung Opacity": 0.12, "Lung Lesion": 0.12,
    "Edema": 0.20, "Consolidation": 0.14, "Pneumonia": 0.08, "Atelectasis": 0.18, "Pneumothorax": 0.14,
    "Pleural Effusion": 0.30, "Pleural Other": 0.08, "Fracture": 0.08, "Support Devices": 0.45,
}  # fmt: skip
_OPACITIES = frozenset({"Lung Lesion", "Edema", "Consolidation", "Pneumonia"})

HEALTHY = 0.25
LATERAL = 0.12


@dataclass(frozen=True, slots=True, kw_only=True)
class _Film:
    """One row of the table: `path` below the set's folder, and what is drawn."""

    path: str
    patient: int
    number: int
    view: str
    drawn: frozenset[str]
    row: str


def load_synthetic_chest(data_dir: Path) -> FindingSet:
    """The simulated chest films of 1,500 views, written below `data_dir` on the first call."""
    return simulate_chest(data_dir, FILMS, SEED)


def simulate_chest(
    data_dir: Path, films: int, seed: int, on_progress: Callable[[int, int], None] | None = None
) -> FindingSet:
    """A simulated set of any number of films, 160 x 192 pixels; laterals are drawn, and left out of the set.

    Parameters
    ----------
    data_dir : Path
        The films are kept in `synthetic-chest-<digest>` below it, one folder a number, seed and generator.
    films : int
        Frontal and lateral films together; about one in eight is lateral.
    seed : int
        Same seed and number: same films and findings.

    Raises
    ------
    StorageError
        No space left, or a folder that cannot be written to. Nothing half-written is left.
    """
    from filelock import FileLock

    sources = [Path(__file__), Path(__file__).with_name("chest_film.py")]
    digest = generator_digest(sources, {"films": films, "seed": seed})
    folder = data_dir / f"{NAME}-{digest[:12]}"
    csv = folder / "CheXpert-v1.0-small" / "train.csv"
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        if not csv.is_file():
            with FileLock(data_dir / f".{folder.name}.lock"):
                if not csv.is_file():
                    _write(folder, _plan(films, seed), seed, on_progress)
    except OSError as error:
        raise StorageError(
            f"Cannot write the simulated chest films to {folder}: {error.strerror or error}.\n"
            "Nothing half-written was left. Free some space or choose a folder that can be written to."
        ) from error
    found = read_chexpert(csv)
    # The reader's version knows the table only; what draws the films must count too, or old films would be kept.
    version = hashlib.sha256((digest + found.version).encode()).hexdigest()[:16]
    return replace(found, name=NAME, version=version, citation=CITATION, licence=LICENCE, simulated=True)


def _write(folder: Path, films: Sequence[_Film], seed: int, on_progress: Callable[[int, int], None] | None) -> None:
    """The whole set beside its folder, renamed at the end."""
    beside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        for film in films:
            (beside / film.path).parent.mkdir(parents=True, exist_ok=True)
        names = [film.path for film in films]
        list(for_each_film(partial(_write_film, beside, seed), films, names=names, on_progress=on_progress))
        header = ",".join(("Path", "Sex", "Age", "Frontal/Lateral", "AP/PA", *FINDINGS))
        text = "\n".join([header, *(film.row for film in films)]) + "\n"
        (beside / "CheXpert-v1.0-small" / "train.csv").write_text(text, encoding="utf-8")
        beside.chmod(0o755)  # mkdtemp keeps others out
        beside.rename(folder)
    finally:
        with suppress(OSError):
            shutil.rmtree(beside)


def _write_film(folder: Path, seed: int, film: _Film) -> None:
    from PIL import Image

    from ra_bench.cohorts.synthetic.chest_film import draw_chest

    pixels = draw_chest(film.drawn, view=film.view, patient=film.patient, film=film.number, seed=seed)
    try:
        Image.fromarray(pixels).save(folder / film.path, quality=90)
    except OSError as error:
        raise StorageError(f"Cannot write {folder / film.path}: {error.strerror or error}.") from error


def _plan(films: int, seed: int) -> list[_Film]:
    """Who has what, on how many films, and what the table says of it."""
    import numpy as np

    rng = np.random.default_rng([seed, 0])
    plan: list[_Film] = []
    patient = 0
    while len(plan) < films:
        patient += 1
        # Most patients have one or two films, a few have many.
        studies = min(1 + int(rng.geometric(0.55)) // 2, films - len(plan))
        chronic = _findings(rng)
        for study in range(1, studies + 1):
            drawn = chronic if rng.random() < 0.7 else _findings(rng)
            plan += _study(rng, patient, study, drawn)[: films - len(plan)]
    return plan


def _study(rng: np.random.Generator, patient: int, study: int, drawn: frozenset[str]) -> list[_Film]:
    """A frontal film, sometimes a lateral with it; both have the labels of the study."""
    labels = ",".join(_labels(rng, drawn))
    views = ["Frontal", "Lateral"] if rng.random() < LATERAL / (1 - LATERAL) else ["Frontal"]
    sex = "Unknown" if patient == 3 else ("Male" if rng.random() < 0.59 else "Female")
    age = 0 if patient == 5 else int(_within(rng.normal(60, 18), 18, 90))
    found = []
    for number, view in enumerate(views, start=1):
        path = f"CheXpert-v1.0-small/train/patient{patient:05d}/study{study}/view{number}_{view.lower()}.jpg"
        direction = ("AP" if rng.random() < 0.85 else "PA") if view == "Frontal" else ""
        row = f"{path},{sex},{age},{view},{direction},{labels}"
        film = 10 * study + number
        found.append(_Film(path=path, patient=patient, number=film, view=view, drawn=drawn, row=row))
    return found


def _within(value: float, low: float, high: float) -> float:
    """A number within its ends."""
    return min(max(value, low), high)


def _findings(rng: np.random.Generator) -> frozenset[str]:
    """What a film shows."""
    if rng.random() < HEALTHY:
        return frozenset()
    found = {finding for finding, share in PREVALENCE.items() if rng.random() < share}
    if "Cardiomegaly" in found and rng.random() < 0.35:
        found |= {"Edema"}
    if "Edema" in found and rng.random() < 0.35:
        found |= {"Pleural Effusion"}
    return frozenset(found)


def _labels(rng: np.random.Generator, drawn: frozenset[str]) -> list[str]:
    """What a report would say of it: mostly right, often silent, sometimes unsure, now and then wrong."""
    named = set(drawn)
    if drawn & _OPACITIES:
        named.add("Lung Opacity")  # CheXpert's parent of these
    labels = []
    for finding in FINDINGS:
        chance = rng.random()
        if finding == "No Finding":
            labels.append("1.0" if not named - {"Support Devices"} else "")
        elif finding in named:
            labels.append("1.0" if chance < 0.87 else "-1.0" if chance < 0.95 else "0.0" if chance < 0.97 else "")
        else:
            labels.append("" if chance < 0.72 else "0.0" if chance < 0.965 else "-1.0" if chance < 0.985 else "1.0")
    return labels
