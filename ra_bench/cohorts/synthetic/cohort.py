"""The simulated cohort: two-hand films scored by two simulated readers, any number, any size, from a seed.

Two ways to have it: `load_synthetic_hands`, whose films are drawn when they are asked for, and
`write_synthetic_hands`, which leaves a folder like any real cohort's: films, a table and a cohort.toml.
"""

from __future__ import annotations

import shutil
import tempfile
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ra_bench.cohorts.parallel import for_each_film
from ra_bench.cohorts.version import cohort_version, generator_digest
from ra_bench.errors import CohortError, StorageError
from ra_bench.values import SVH_HANDS, Cohort, DrawnFilm, Sample

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

#: The cohort that the name "synthetic-hands" stands for.
NAME = "synthetic-hands"
FILMS, WIDTH, SEED = 3000, 320, 20221

READERS = ("reader 1", "reader 2")
CITATION = "Simulated by ra-bench; no patient, no clinician."
LICENCE = "Apache-2.0"
REMARK = (
    "Simulated films and simulated readers: numbers on this cohort show how the suite works, "
    "not how well a model reads real films."
)


def load_synthetic_hands(data_dir: Path) -> Cohort:  # noqa: ARG001  films are drawn when asked for; nothing is kept
    """The simulated cohort of 3,000 films, 320 x 240 pixels, one film a patient."""
    return simulate_hands(FILMS, WIDTH, SEED)


def simulate_hands(films: int, width: int, seed: int) -> Cohort:
    """A simulated cohort of any number and size.

    Parameters
    ----------
    films : int
        Patients, one film each.
    width : int
        Pixels; the height is three quarters of it.
    seed : int
        Same seed, number and width: same films and readings, to the last bit.

    Returns
    -------
    Cohort
        `version` covers readings, parameters and the source files of the generator; pixels are not drawn for it.
    """
    samples = _samples(films, width, seed)
    contents = generator_digest(generator_sources(), {"films": films, "width": width, "seed": seed})
    return Cohort(
        name=NAME,
        version=cohort_version(samples=samples, scale=SVH_HANDS, given_split=None, contents=contents),
        scale=SVH_HANDS,
        samples=samples,
        citation=CITATION,
        licence=LICENCE,
        simulated=True,
        remarks=(REMARK,),
    )


def write_synthetic_hands(
    folder: Path,
    films: int,
    width: int,
    seed: int,
    on_progress: Callable[[int, int], None] | None = None,
    *,
    visits: int = 1,
) -> Path:
    """Write a simulated cohort as a folder: `films/*.png`, `readings.csv`, `cohort.toml`. Whole or not at all.

    With `visits=2` each patient has two of the films, a year apart.

    Returns
    -------
    Path
        The cohort.toml, for `load_cohort`.

    Raises
    ------
    CohortError
        The folder is there and not empty, or the numbers make no cohort.
    StorageError
        No space left, or a place that cannot be written to.
    """
    if films < 1 or width < 64 or seed < 0:
        raise CohortError(
            f"Cannot simulate {films} films of width {width} from seed {seed}: "
            "at least 1 film, 64 pixels and seed 0 are needed."
        )
    if visits not in (1, 2) or films % visits:
        raise CohortError(
            f"Cannot simulate {films} films with {visits} visits a patient: a patient has 1 visit or 2, with a film at "
            "each. Choose an even number of films for two visits."
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CohortError(f"{folder} is there and not empty. Choose a new folder: nothing is ever written over.")
    beside: Path | None = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
        _write(beside, folder.name, _at_visits(films, width, seed, visits), on_progress)
        beside.chmod(0o755)  # mkdtemp keeps others out
        if folder.exists():
            folder.rmdir()
        beside.rename(folder)
    except OSError as error:
        raise StorageError(
            f"Cannot write the simulated cohort to {folder}: {error.strerror or error}.\n"
            "Nothing half-written was left. Free some space or choose a folder that can be written to."
        ) from error
    finally:
        if beside is not None:
            with suppress(OSError):
                shutil.rmtree(beside)
    return folder / "cohort.toml"


def _at_visits(films: int, width: int, seed: int, visits: int) -> tuple[Sample, ...]:
    from ra_bench.cohorts.synthetic.visits.cohort import visit_samples

    return _samples(films, width, seed) if visits == 1 else visit_samples(films // visits, width, seed)


def _samples(films: int, width: int, seed: int) -> tuple[Sample, ...]:
    from ra_bench.cohorts.synthetic.readers import simulate_readings

    simulated = simulate_readings(films, seed)
    totals = simulated.scores.sum(axis=(2, 3))  # (films, readers)
    return tuple(
        Sample(
            sample_id=f"synthetic-{index + 1:04d}",
            patient_id=f"patient-{index + 1:04d}",
            visit="",
            film=partial(draw_film, simulated.damage[index], seed=seed, index=index, width=width),
            readings={reader: float(total) for reader, total in zip(READERS, totals[index], strict=True)},
            drawn=partial(what_is_drawn, simulated.damage[index], seed=seed, index=index, width=width),
        )
        for index in range(films)
    )


def draw_film(damage: NDArray[np.float64], *, seed: int, index: int, width: int) -> NDArray[np.uint8]:
    """The film of one simulated patient; the generator is imported when the first film is drawn."""
    from ra_bench.cohorts.synthetic.film import render_film

    return render_film(damage, seed=seed_of(seed, index), width=width)


def what_is_drawn(damage: NDArray[np.float64], *, seed: int, index: int, width: int) -> DrawnFilm:
    """What the film of the same arguments shows, and where."""
    from ra_bench.cohorts.synthetic.sites import drawn_film

    return drawn_film(damage, seed=seed_of(seed, index), width=width)


def seed_of(seed: int, *numbers: int) -> int:
    """The seed of one film: of the patient of that number, and of that visit after the first."""
    import numpy as np

    return int(np.random.SeedSequence((seed, *numbers)).generate_state(1, np.uint32)[0])


def generator_sources() -> list[Path]:
    """The files that decide what the films show: all of this folder but those that only put them to use."""
    others = {"__init__.py", "cohort.py", "sites.py", "chest.py", "chest_film.py"}
    return [file for file in Path(__file__).parent.glob("*.py") if file.name not in others]


def _write(folder: Path, name: str, samples: Sequence[Sample], on_progress: Callable[[int, int], None] | None) -> None:
    """Films, table and description."""
    from ra_bench.cohorts.description import Description, write_description

    films = folder / "films"
    films.mkdir()
    list(
        for_each_film(
            partial(_write_film, films),
            list(samples),
            names=[sample.sample_id for sample in samples],
            on_progress=on_progress,
        )
    )
    timed = [(s.visit,) if s.visit else () for s in samples]
    lines = [",".join(("film", "patient", *(["visit"] if any(timed) else []), *READERS))]
    lines += [
        ",".join((s.sample_id, s.patient_id, *visit, *(f"{s.readings[reader]:g}" for reader in READERS)))
        for s, visit in zip(samples, timed, strict=True)
    ]
    (folder / "readings.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    description = Description(
        name=name,
        table="readings.csv",
        films="films",
        image="film",
        patient="patient",
        visit="visit" if any(timed) else None,
        readers=READERS,
        scale=SVH_HANDS,
        citation=CITATION,
        licence=LICENCE,
        simulated=True,
        remarks=(REMARK,),
    )
    write_description(description, folder / "cohort.toml")


def _write_film(folder: Path, sample: Sample) -> None:
    from PIL import Image

    try:
        Image.fromarray(sample.film()).save(folder / f"{sample.sample_id}.png", compress_level=4)
    except OSError as error:
        # Told through the list of films, as any film's trouble; the folder goes away whole.
        raise StorageError(f"cannot be written: {error.strerror or error}") from error
