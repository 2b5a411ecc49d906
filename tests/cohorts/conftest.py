"""Small cohorts that the tests make themselves."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from ra_bench.values import SVH_HANDS, Cohort, Sample, Split

DESCRIPTION = """
name = "clinic"
table = "readings.csv"
films = "films"
image = "film"
readers = ["A", "B"]
patient = "patient"

[scale]
name = "SvH, both hands"
minimum = 0
maximum = 280
unit = "SvH units"
"""


def flat_film(grey: int, height: int = 30, width: int = 40) -> np.ndarray:
    """A film of one grey value."""
    return np.full((height, width), grey, np.uint8)


@pytest.fixture
def make_cohort() -> Callable[..., Cohort]:
    """Make a cohort of `patients` with so many films each; film i scores i unless `scores` says otherwise."""

    def make(
        patients: int = 20,
        films_each: int | Iterable[int] = 1,
        *,
        scores: Iterable[float] | None = None,
        given_split: Split | None = None,
        simulated: bool = False,
    ) -> Cohort:
        each = [films_each] * patients if isinstance(films_each, int) else list(films_each)
        owners = [f"p{patient:03d}" for patient, count in enumerate(each) for _ in range(count)]
        values = list(scores) if scores is not None else [float(i) for i in range(len(owners))]
        samples = tuple(
            Sample(
                sample_id=f"film{i:03d}",
                patient_id=owner,
                visit="",
                film=partial(flat_film, i % 256),
                readings={"A": value, "B": value + 2},
            )
            for i, (owner, value) in enumerate(zip(owners, values, strict=True))
        )
        return Cohort(
            name="made",
            version="0123456789abcdef",
            scale=SVH_HANDS,
            samples=samples,
            citation="",
            licence="",
            given_split=given_split,
            simulated=simulated,
        )

    return make


@pytest.fixture
def save_film() -> Callable[..., Path]:
    """Save a film of one grey value."""

    def save(path: Path, grey: int = 100) -> Path:
        from PIL import Image

        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(flat_film(grey)).save(path)
        return path

    return save


@pytest.fixture
def make_folder(tmp_path: Path, save_film: Callable[..., Path]) -> Callable[..., Path]:
    """Write a cohort's folder and give its cohort.toml: films by stem and grey value, the table's text, the TOML."""

    def make(
        table: str = "film,patient,A,B\na,1,10,12\nb,2,20,22\nc,3,30,32\n",
        films: Mapping[str, int] | None = None,
        description: str = DESCRIPTION,
        table_name: str = "readings.csv",
    ) -> Path:
        folder = tmp_path / "cohort"
        for number, (stem, grey) in enumerate((films or {"a.png": 10, "b.png": 20, "c.png": 30}).items()):
            assert number < 100
            save_film(folder / "films" / stem, grey)
        (folder / table_name).write_bytes(table.encode())
        (folder / "cohort.toml").write_text(description)
        return folder / "cohort.toml"

    return make
