"""Predictions and readings that the tests of the reports make up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from ra_bench.reports.agree import report_readers
from ra_bench.reports.model import report_model
from ra_bench.reports.readings import ReaderTable
from ra_bench.reports.tables import ModelPredictions
from ra_bench.values import SVH_HANDS, Predictions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from ra_bench.reports.values import ModelReport, ReadersReport


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    """A file with a text."""

    def write(text: str, name: str = "p.csv", encoding: str = "utf-8") -> Path:
        file = tmp_path / name
        file.write_bytes(text.encode(encoding))
        return file

    return write


@pytest.fixture(scope="session")
def model_report() -> Callable[..., ModelReport]:
    """The report on predictions beside readings, given as columns."""

    def report(
        predicted: Iterable[float],
        patients: Iterable[str] | None = None,
        name: str = "net",
        **readings: Iterable[float],
    ) -> ModelReport:
        values = tuple(map(float, predicted))
        ids = tuple(f"film{row:04d}" for row in range(len(values)))
        model = ModelPredictions(
            name=name,
            source="p.csv",
            predictions=Predictions(
                ids=ids,
                patients=ids if patients is None else tuple(patients),
                readings={reader: tuple(map(float, column)) for reader, column in readings.items()},
                predicted=values,
            ),
            patients_known=True,
        )
        return report_model(model, scale=SVH_HANDS)

    return report


@pytest.fixture(scope="session")
def reader_report() -> Callable[..., ReadersReport]:
    """The report on readings, given as columns."""

    def report(bands: tuple[float, ...] | None = None, **readings: Iterable[float]) -> ReadersReport:
        columns = {reader: tuple(map(float, column)) for reader, column in readings.items()}
        ids = tuple(f"film{row:04d}" for row in range(len(next(iter(columns.values())))))
        table = ReaderTable(name="r", source="r.csv", ids=ids, patients=ids, readings=columns, patients_known=True)
        return report_readers(table, scale=SVH_HANDS, bands=bands)

    return report


@pytest.fixture(scope="session")
def hands() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two readers and a model, on forty films with skewed scores."""
    generator = np.random.default_rng(3)
    truth = generator.gamma(1.2, 40.0, 40)
    first, second, predicted = np.round(np.clip(truth + generator.normal(0, 6 + 0.1 * truth, (3, 40)), 0, 280))
    return first, second, predicted
