"""How long the full CheXpert table takes to read, against pandas reading the same file without understanding it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from PIL import Image

from ra_bench.cohorts.layouts.chexpert import FINDINGS, read_chexpert

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_benchmark.fixture import BenchmarkFixture

ROWS, PATIENTS = 223_414, 64_540


def test_the_full_table_against_pandas(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    table = _table(tmp_path)
    began = time.perf_counter()
    pd.read_csv(table)
    theirs = time.perf_counter() - began
    benchmark.pedantic(read_chexpert, args=(table,), rounds=3)
    ratio = benchmark.stats.stats.median / theirs
    benchmark.extra_info["times_pandas"] = ratio
    print(f"\n{ROWS:,} rows: {benchmark.stats.stats.median:.1f} s, {ratio:.1f} times pandas.read_csv")


def _table(folder: Path) -> Path:
    """A table as large as the real one, and its first film."""
    first = folder / "train" / "patient00001" / "study0" / "view1_frontal.jpg"
    first.parent.mkdir(parents=True)
    Image.fromarray(np.full((8, 8), 77, np.uint8)).save(first)
    cells = ",".join(["", "1.0", "0.0", "-1.0", "", "", "1.0"] * 2)
    rows = [
        f"train/patient{row % PATIENTS + 1:05d}/study{row // PATIENTS}/view1_frontal.jpg,Male,60,Frontal,AP,{cells}"
        for row in range(ROWS)
    ]
    table = folder / "train.csv"
    header = ",".join(["Path", "Sex", "Age", "Frontal/Lateral", "AP/PA", *FINDINGS])
    table.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return table
