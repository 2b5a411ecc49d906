"""A clean simulated cohort, and copies of it in which a test plants a fault."""

from __future__ import annotations

import csv
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from ra_bench.cohorts.synthetic.cohort import write_synthetic_hands
from ra_bench.reports.check import check
from ra_bench.runs.protocols import find_protocol
from ra_bench.suite import open_suite

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np

    from ra_bench.cohorts.audit.finding import Finding
    from ra_bench.reports.check import CohortReport

FILMS = 100


@dataclass(frozen=True)
class Folder:
    """A cohort's folder, to be spoilt."""

    path: Path
    data: Path

    @property
    def rows(self) -> list[dict[str, str]]:
        with (self.path / "readings.csv").open(newline="") as file:
            return list(csv.DictReader(file))

    def write_rows(self, rows: list[dict[str, str]]) -> None:
        columns = list(dict.fromkeys(column for row in rows for column in row))
        with (self.path / "readings.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(rows)

    def add_row(self, **cells: str) -> None:
        self.write_rows([*self.rows, {**self.rows[0], **cells}])

    def set_column(self, name: str, cell: Callable[[int, dict[str, str]], str]) -> None:
        """A column, described in cohort.toml by its own name unless it is there already."""
        self.write_rows([{**row, name: cell(place, row)} for place, row in enumerate(self.rows)])

    def describe(self, line: str, *, section: str = "") -> None:
        file = self.path / "cohort.toml"
        file.write_text(f"{line}\n{file.read_text()}\n{section}")

    def film(self, place: int, suffix: str = ".png") -> Path:
        return self.path / "films" / f"{self.rows[place]['film']}{suffix}"

    def save(self, name: str, film: np.ndarray, **options: object) -> None:
        Image.fromarray(film).save(self.path / "films" / name, **options)

    def split(self) -> None:
        """A split of the cohort's own: four of five films train."""
        self.set_column("set", lambda place, row: "test" if place % 5 == 4 else "train")
        self.describe("", section='[split]\ncolumn = "set"\n')

    def check(self) -> CohortReport:
        suite = open_suite(data=self.data)
        protocol = find_protocol(suite.registry, "quick")
        return check(suite.registry, str(self.path / "cohort.toml"), protocol, self.data)

    def findings(self) -> dict[str, Finding]:
        return {finding.kind: finding for finding in self.check().findings}


@pytest.fixture(scope="session")
def clean_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clean") / "hands"
    write_synthetic_hands(folder, FILMS, 96, 3)
    return folder


@pytest.fixture
def folder(clean_folder: Path, tmp_path: Path) -> Folder:
    shutil.copytree(clean_folder, tmp_path / "hands")
    return Folder(path=tmp_path / "hands", data=tmp_path / "data")
