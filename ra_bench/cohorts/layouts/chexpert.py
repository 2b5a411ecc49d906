"""CheXpert: chest films with 14 findings, on which the paper pretrains.

`train.csv` has the columns Path, Sex, Age, Frontal/Lateral, AP/PA and the findings; `Path` starts with the name of a
folder (`CheXpert-v1.0-small/train/patient00001/study1/view1_frontal.jpg`) that may or may not be there.

Irvin et al., AAAI 2019, 33:590-597.
"""

from __future__ import annotations

import hashlib
from functools import partial
from typing import TYPE_CHECKING

from ra_bench.cohorts.images import read_film
from ra_bench.errors import FilmError, TableError
from ra_bench.values import FindingSample, FindingSet, Split

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

FINDINGS = (
    "No Finding", "Enlarged Cardiomediastinum", "Cardiomegaly", "Lung Opacity", "Lung Lesion", "Edema",
    "Consolidation", "Pneumonia", "Atelectasis", "Pneumothorax", "Pleural Effusion", "Pleural Other", "Fracture",
    "Support Devices",
)  # fmt: skip
VIEW = "Frontal/Lateral"
CITATION = (
    "Irvin J et al. CheXpert: a large chest radiograph dataset with uncertainty labels and expert comparison. "
    "AAAI 2019;33:590-597"
)
LICENCE = "Stanford University Dataset Research Use Agreement"


def read_chexpert(csv: Path, *, frontal_only: bool = True, name: str = "chexpert") -> FindingSet:
    """The films and findings of a CheXpert table.

    Parameters
    ----------
    csv : Path
        `train.csv` or `valid.csv`, beside or above the films. One film is looked for, to learn where `Path` starts;
        the others are looked for when they are decoded.
    frontal_only : bool
        Leave laterals out.
    name : str
        The name of the set.

    Returns
    -------
    FindingSet
        `sample_id` is the path from `train/` or `valid/` on. `version` covers ids and findings; 223,414 films are not
        decoded for it.

    Raises
    ------
    TableError
        A column is missing, a finding is none of 1, 0, -1 and blank, a path names no patient, or no row is left.
    FilmError
        The first film is in none of the places where the table may point to.
    """
    table = _read(csv)
    every = len(table)
    if frontal_only:
        table = table[table[VIEW].str.lower() == "frontal"]
        if table.empty:
            raise TableError(f"{csv}: no row has 'Frontal' in column '{VIEW}', so no film is left.")
    values = _values(csv, table)
    paths = table["Path"].str.replace("\\", "/")
    patients = _patients(csv, paths)
    ids = [_sample_id(path) for path in paths]
    root, skip = _root(csv, str(paths.iloc[0]))
    return FindingSet(
        name=name,
        version=_version(ids, values),
        findings=FINDINGS,
        samples=tuple(
            FindingSample(
                sample_id=sample_id,
                patient_id=patient,
                film=partial(read_film, root / path.split("/", skip)[-1]),
                findings=tuple(row),
            )
            for sample_id, path, patient, row in zip(ids, paths, patients, values, strict=True)
        ),
        citation=CITATION,
        licence=LICENCE,
        remarks=(f"Frontal films only: {every - len(table):,} laterals left out.",) if frontal_only else (),
    )


def label_array(findings: FindingSet) -> NDArray[np.float32]:
    """Findings of shape (n, 14): 1 present, 0 absent, -1 uncertain, nan not mentioned."""
    import numpy as np

    rows = [sample.findings for sample in findings.samples]
    return np.array(rows, dtype=np.float32).reshape(len(rows), len(findings.findings))  # None becomes nan


def split_findings(findings: FindingSet, validation: float, seed: int) -> Split:
    """Train and validation films, no patient on both sides; `test` is empty.

    Parameters
    ----------
    findings : FindingSet
    validation : float
        Share of the patients, between 0 and 1; at least one patient on each side.
    seed : int
        Decides, with the patients' ids alone, who validates.

    Raises
    ------
    TableError
        Fewer than two patients.
    """
    order = sorted(
        {sample.patient_id for sample in findings.samples},
        key=lambda patient: hashlib.sha256(f"{seed}:{patient}".encode()).digest(),
    )
    if len(order) < 2:
        raise TableError(f"Set '{findings.name}' has {len(order)} patient(s): validation needs one of at least two.")
    held_out = set(order[: min(len(order) - 1, max(1, round(validation * len(order))))])
    return Split(
        train=tuple(s.sample_id for s in findings.samples if s.patient_id not in held_out),
        validation=tuple(s.sample_id for s in findings.samples if s.patient_id in held_out),
        test=(),
        origin=f"by patient, {validation:g} of the patients validate, seed {seed}",
    )


def _read(csv: Path) -> pd.DataFrame:
    """The needed columns as text."""
    import pandas as pd

    try:
        table = pd.read_csv(csv, dtype=str, encoding="utf-8-sig", keep_default_na=False, skipinitialspace=True)
    except FileNotFoundError:
        raise TableError(f"{csv}: there is no such file. CheXpert's tables are train.csv and valid.csv.") from None
    except (ValueError, OSError) as error:  # pandas' parser errors are ValueErrors
        raise TableError(f"{csv}: cannot be read as a table ({error}).") from None
    table.columns = [str(column).strip() for column in table.columns]
    missing = [column for column in ("Path", VIEW, *FINDINGS) if column not in table.columns]
    if missing:
        raise TableError(
            f"{csv}: no column {', '.join(repr(column) for column in missing)}; found {', '.join(table.columns)}. "
            "CheXpert's own train.csv has them all."
        )
    if table.empty:
        raise TableError(f"{csv}: the table has a header and no rows.")
    return table


def _values(csv: Path, table: pd.DataFrame) -> list[list[float | None]]:
    """The findings of each row."""
    known: dict[str, float | None] = {"": None, "nan": None}
    known |= {text: value for value in (1.0, 0.0, -1.0) for text in (f"{value:.1f}", f"{value:.0f}")}
    columns = []
    for finding in FINDINGS:
        texts = table[finding].str.strip()
        _refuse(
            csv,
            texts[~texts.isin(list(known))],
            finding,
            "where 1.0 (present), 0.0 (absent), -1.0 (uncertain) or a blank (not mentioned) must stand",
        )
        columns.append([known[text] for text in texts])
    return [list(row) for row in zip(*columns, strict=True)]


def _patients(csv: Path, paths: pd.Series[str]) -> list[str]:
    patients = paths.str.extract(r"(?:^|/)(patient\d+)(?:/|$)", expand=False)
    advice = "which names no patient; a path has a folder such as 'patient00001' in it, by which films are split"
    _refuse(csv, paths[patients.isna()], "Path", advice)
    _refuse(csv, paths[paths.duplicated()], "Path", "which stands in an earlier row too")
    return [str(patient) for patient in patients]


def _refuse(csv: Path, strange: pd.Series[str], column: str, why: str) -> None:
    """Name the first of the strange cells, if any, by its row in a spreadsheet."""
    for row, cell in strange.items():
        raise TableError(f"{csv}, row {int(str(row)) + 2}, column '{column}': found '{cell}', {why}.")


def _root(csv: Path, path: str) -> tuple[Path, int]:
    """Where films are, and how many parts of `Path` to leave out: the table may lie inside or beside the folder."""
    places = [(root, skip) for skip in (0, 1, 2) for root in (csv.parent, csv.parent.parent)]
    for root, skip in places:
        if (root / path.split("/", skip)[-1]).is_file():
            return root, skip
    tried = "\n".join(f"  {root / path.split('/', skip)[-1]}" for root, skip in places)
    raise FilmError(
        f"{csv}: the first film is in none of these places:\n{tried}\n"
        "Put the table where CheXpert has it: in the folder that holds train/ and valid/."
    )


def _sample_id(path: str) -> str:
    """The path without the folder of the release: from train/ or valid/ on."""
    first, _, rest = path.partition("/")
    return path if first in {"train", "valid", "test"} or not rest else rest


def _version(ids: Sequence[str], values: list[list[float | None]]) -> str:
    digest = hashlib.sha256()
    for sample_id, row in zip(ids, values, strict=True):
        digest.update(repr((sample_id, row)).encode())
    return digest.hexdigest()[:16]
