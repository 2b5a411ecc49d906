"""The simulated cohort with a second visit a year later: two films a patient, scored by two simulated readers."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ra_bench.cohorts.synthetic.cohort import (
    CITATION,
    LICENCE,
    READERS,
    REMARK,
    WIDTH,
    draw_film,
    generator_sources,
    seed_of,
    what_is_drawn,
)
from ra_bench.cohorts.version import cohort_version, generator_digest
from ra_bench.values import SVH_HANDS, Cohort, DrawnFilm, Sample

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

#: The cohort that the name "synthetic-hands-visits" stands for.
NAME = "synthetic-hands-visits"
PATIENTS, SEED = 1500, 20231
#: Months after the first film.
MONTHS = (0, 12)


def load_synthetic_hands_visits(data_dir: Path) -> Cohort:  # noqa: ARG001  films are drawn when asked for
    """The simulated cohort of 1,500 patients with two films each, 320 x 240 pixels."""
    return simulate_visits(PATIENTS, WIDTH, SEED)


def simulate_visits(patients: int, width: int, seed: int) -> Cohort:
    """A simulated cohort of any number and size whose patients have two visits.

    Parameters
    ----------
    patients : int
        Two films each.
    width : int
        Pixels; the height is three quarters of it.
    seed : int
        Same seed, number and width: same films and readings, to the last bit.

    Returns
    -------
    Cohort
        `version` covers readings, parameters and the source files of the generator; pixels are not drawn for it.
    """
    samples = visit_samples(patients, width, seed)
    own = [Path(__file__).parent / name for name in ("film.py", "progression.py")]
    parameters = {"patients": patients, "width": width, "seed": seed}
    # Two digests in one text: both folders have a film.py.
    contents = f"{generator_digest(generator_sources(), parameters)} {generator_digest(own, parameters)}"
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


def visit_samples(patients: int, width: int, seed: int) -> tuple[Sample, ...]:
    """The films of all patients, both visits of a patient in a row."""
    return tuple(_samples(patients, width, seed))


def _samples(patients: int, width: int, seed: int) -> Iterator[Sample]:
    from ra_bench.cohorts.synthetic.visits.progression import simulate_two_visits

    simulated = simulate_two_visits(patients, seed)
    for index in range(patients):
        for visit, (month, damage, totals) in enumerate(
            zip(MONTHS, simulated.damage[index], simulated.totals[index], strict=True)
        ):
            film, drawn = (draw_later_film, what_is_drawn_later) if visit else (draw_film, what_is_drawn)
            given = {"seed": seed, "index": index, "width": width}
            yield Sample(
                sample_id=f"synthetic-{index + 1:04d}-{month:02d}",
                patient_id=f"patient-{index + 1:04d}",
                visit=f"month {month}",
                film=partial(film, damage, **given),
                readings={reader: float(total) for reader, total in zip(READERS, totals, strict=True)},
                drawn=partial(drawn, damage, **given),
            )


def draw_later_film(damage: NDArray[np.float64], *, seed: int, index: int, width: int) -> NDArray[np.uint8]:
    """The film of a patient's second visit."""
    from ra_bench.cohorts.synthetic.visits.film import render_later_film

    return render_later_film(damage, seed=seed_of(seed, index), visit_seed=seed_of(seed, index, 1), width=width)


def what_is_drawn_later(damage: NDArray[np.float64], *, seed: int, index: int, width: int) -> DrawnFilm:
    """What the film of the same arguments shows, and where."""
    from ra_bench.cohorts.synthetic.sites import drawn_in
    from ra_bench.cohorts.synthetic.visits.film import later_flesh, later_scene

    own = seed_of(seed, index, 1)
    scene = later_scene(damage, seed=seed_of(seed, index), visit_seed=own)
    return drawn_in(scene, later_flesh(scene, own), damage, width=width)
