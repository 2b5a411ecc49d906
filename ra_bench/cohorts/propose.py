"""A first `cohort.toml` for a folder: what each column seems to mean, and a sentence on every guess."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import TYPE_CHECKING

from ra_bench.cohorts.description import Description, SplitColumn
from ra_bench.cohorts.layouts.rsna import BONE_AGE
from ra_bench.cohorts.matching import find_film, index_films
from ra_bench.cohorts.proposal import PRIVATE, Proposal, cohort_name, common_folder, films_below, seen_from
from ra_bench.cohorts.propose_layout import propose_layout
from ra_bench.cohorts.sheets import TABLE_SUFFIXES
from ra_bench.cohorts.table import is_blank, number_in, read_table
from ra_bench.errors import CohortError
from ra_bench.values import SVH_HANDS, Scale

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ra_bench.cohorts.table import Table

PATIENT = re.compile(r"(patient|subject|person|case|participant)([ _-]?(id|no|nr|number|key))?|pid", re.IGNORECASE)
_VISIT = re.compile(r"(visit|study|session|time[ _-]?point|week|month)([ _-]?(id|no|nr|number|date))?", re.IGNORECASE)
_FACTS = {
    "site": re.compile(r"site|cent(er|re)|hospital|clinic|institution", re.IGNORECASE),
    "year": re.compile(r"year([ _-]?of[ _-]?(film|study|exam))?", re.IGNORECASE),
    "sex": re.compile(r"sex|gender|male|female", re.IGNORECASE),
    "age": re.compile(r"age([ _-]?(at[ _-]?(film|study|exam|visit)|years))?", re.IGNORECASE),
    "marker": re.compile(r"marker", re.IGNORECASE),
}
SPLIT = re.compile(r"split|set|subset|fold|partition", re.IGNORECASE)
READER = re.compile(r"reader|rater|observer|expert|scorer|radiologist|rheumatologist", re.IGNORECASE)
SCORE = re.compile(r"svh|sharp|vdh|score|total|bone[ _-]?age", re.IGNORECASE)
_WHOLE = re.compile(r"total|overall|sum|mean|average|svh|sharp", re.IGNORECASE)
_SVH = re.compile(r"svh|sharp|vdh|vd[ _-]?heijde", re.IGNORECASE)
BONE_AGE_WORDS = re.compile(r"bone[ _-]?age", re.IGNORECASE)
NO_SCORE = re.compile(
    r"(.*[ _-])?(age|sex|gender|male|female|year|date|id|no|nr|index|side|weight|height)", re.IGNORECASE
)

SVH_HANDS_FEET = Scale(name="SvH, hands and feet", minimum=0.0, maximum=448.0, unit="SvH units")

_WORDS = {
    "train": {"train", "training", "tr"},
    "validation": {"validation", "valid", "val", "dev", "development", "tuning"},
    "test": {"test", "testing", "te", "holdout", "hold-out"},
}


def propose_description(folder: Path, home: Path | None = None) -> Proposal:
    """Look through a folder and guess its description. Nothing is written.

    Parameters
    ----------
    folder : Path
        Holds the table and, in itself or below, the films.
    home : Path, optional
        The folder in which the cohort.toml will stand, where it is another one: for films that lie read-only.

    Raises
    ------
    CohortError
        There is no table, more than one, no film, no column that names the films, or no column that looks like a score:
        what was looked for, what was found and what to do.
    TableError
        The table cannot be read.
    """
    if not folder.is_dir():
        raise CohortError(f"{folder}: there is no such folder. Give the folder that holds the table and the films.")
    known = propose_layout(folder, home)
    if known is not None:
        return known
    table = read_table(_find_table(folder))
    there = films_below(folder)
    guesses = [f"Table: {table.file.name}, {len(table.rows)} rows; {len(there)} films below {folder}."]
    films = common_folder(folder, there)
    image = _image_column(table, films, there, guesses)
    patient = _named(table, PATIENT, {image})
    visit = _named(table, _VISIT, {image, patient})
    guesses += _about_patients(patient, visit)
    facts = _fact_columns(table, {image, patient, visit}, guesses)
    split = _split_column(table, guesses)
    taken = {image, patient, visit, split.column if split else None, *facts.values()}
    readers, score = _score_columns(table, taken, guesses)
    scale, remarks = _scale(table, readers or (str(score),), guesses)
    guesses.append(PRIVATE)
    description = Description(
        name=cohort_name(folder),
        table=seen_from(home, folder, table.file),
        films=seen_from(home, folder, films),
        image=image,
        readers=readers,
        score=score,
        patient=patient,
        visit=visit,
        site=facts.get("site"),
        year=facts.get("year"),
        sex=facts.get("sex"),
        age=facts.get("age"),
        marker=facts.get("marker"),
        private=True,
        remarks=remarks,
        scale=scale,
        split=split,
    )
    return Proposal(description=description, guesses=tuple(guesses))


# --- table and films ------------------------------------------------------------------------------------------------


def _find_table(folder: Path) -> Path:
    """The one table of the folder itself, or else of the folders in it. What a program keeps open (`~$`) is none."""
    for pattern in ("*", "*/*"):
        tables = sorted(
            file
            for file in folder.glob(pattern)
            if file.suffix.lower() in TABLE_SUFFIXES and not file.name.startswith(("~$", "."))
        )
        if len(tables) > 1:
            names = ", ".join(str(file.relative_to(folder)) for file in tables[:5])
            raise CohortError(
                f"{folder}: {len(tables)} tables ({names}{', ...' if len(tables) > 5 else ''}), and one row a film is "
                "needed from one of them. Keep one here, with readings and splits joined in it, and try again."
            )
        if tables:
            return tables[0]
    sheets = sorted(file.name for file in folder.iterdir() if file.suffix.lower() in {".xls", ".ods"})
    if sheets:
        raise CohortError(f"{folder}: {sheets[0]} cannot be read. Save the sheet as xlsx or as 'CSV UTF-8' beside it.")
    raise CohortError(
        f"{folder}: no table (.csv, .tsv or .xlsx) in this folder. "
        "One row a film is needed, with the film's name and its score."
    )


def _image_column(table: Table, folder: Path, films: Sequence[Path], guesses: list[str]) -> str:
    """The column whose cells name most films."""
    index = index_films(folder, films)
    hits = {
        column: sum(isinstance(find_film(row.cells[column], index), Path) for row in table.rows)
        for column in table.columns
    }
    best = max(hits, key=lambda column: hits[column])
    if not hits[best]:
        cells = table.rows[0].cells
        first = ", ".join(f"{column} = '{cells[column]}'" for column in table.columns[:5])
        raise CohortError(
            f"{table.file}: no column names the films. The first row has {first}; a film is called '{films[0].name}'. "
            "Add a column with the films' names, or give 'image' a pattern of columns in a cohort.toml of your own."
        )
    guesses.append(f"Film: column '{best}'; {hits[best]} of {len(table.rows)} rows name a film that is there.")
    return best


# --- what the columns mean ------------------------------------------------------------------------------------------


def _named(table: Table, pattern: re.Pattern[str], taken: Iterable[str | None]) -> str | None:
    return next((name for name in table.columns if name not in taken and pattern.fullmatch(name)), None)


def _about_patients(patient: str | None, visit: str | None) -> list[str]:
    about = f"Patient: column '{patient}'; films are split by it."
    if patient is None:
        about = (
            "Patient: no column found, so every film counts as a patient and no split can be shown to be by patient. "
            "Name the column as 'patient' if there is one."
        )
    return [about, f"Visit: column '{visit}'." if visit else "Visit: no column found; none is needed."]


def _fact_columns(table: Table, taken: set[str | None], guesses: list[str]) -> dict[str, str]:
    """Columns with facts that no model sees."""
    facts: dict[str, str] = {}
    for fact, pattern in _FACTS.items():
        column = _named(table, pattern, taken | set(facts.values()))
        if column is not None:
            facts[fact] = column
    if facts:
        named = ", ".join(f"{fact} is column '{column}'" for fact, column in facts.items())
        guesses.append(f"Facts that no model sees: {named}.")
    return facts


def _split_column(table: Table, guesses: list[str]) -> SplitColumn | None:
    name = _named(table, SPLIT, ())
    if name is None:
        guesses.append("Split: no column found, so patients are dealt out by the protocol's rule.")
        return None
    words = sorted({row.cells[name].casefold() for row in table.rows} - {""})
    strange = [word for word in words if not any(word in known for known in _WORDS.values()) and not is_blank(word)]
    if strange:
        guesses.append(f"Split: column '{name}' has '{strange[0]}', which says no side, so the column is not used.")
        return None
    sides = {side: tuple(word for word in words if word in known) for side, known in _WORDS.items()}
    guesses.append(
        f"Split: column '{name}'; "
        + ", ".join(f"{side} is {' or '.join(some) or 'absent'}" for side, some in sides.items())
        + "."
    )
    return SplitColumn(column=name, **sides)


def _numbers(table: Table, column: str) -> list[float] | None:
    """The numbers of a column; None if it holds anything else, or only yes and no."""
    cells = [row.cells[column] for row in table.rows if not is_blank(row.cells[column])]
    values = [value for value in map(number_in, cells) if value is not None]
    return values if values and len(values) == len(cells) and not set(values) <= {0.0, 1.0} else None


def _score_columns(table: Table, taken: Iterable[str | None], guesses: list[str]) -> tuple[tuple[str, ...], str | None]:
    """Reader columns, or one score column."""
    numeric = [name for name in table.columns if name not in taken and _numbers(table, name) is not None]
    readers = [name for name in numeric if READER.search(name)] or numbered_alike(numeric)
    if len(readers) > 1:
        guesses.append(
            f"Readers: columns {_quoted(readers)}; the reference is their mean, and the board has a human row."
        )
        return tuple(readers), None
    scores = readers or [name for name in numeric if SCORE.search(name)]
    scores = scores or [name for name in numeric if not NO_SCORE.fullmatch(name)]
    if len(scores) > 1:
        scores = [name for name in scores if _WHOLE.search(name)] or scores
    if len(scores) != 1:
        found = _quoted(scores or numeric) or "no column of numbers"
        raise CohortError(
            f"{table.file}: no single column looks like the score, and none like readers; found {found}. "
            "Call the column 'score', or the columns 'reader 1', 'reader 2', ..., and try again."
        )
    guesses.append(f"Score: column '{scores[0]}'; one score a film, so the board has no row of readers.")
    others = [name for name in table.columns if name not in taken and name != scores[0]]
    if others:
        guesses.append(f"Not used: {_quoted(others)}.")
    return (), scores[0]


def numbered_alike(names: Sequence[str]) -> list[str]:
    """Columns that are alike but for a last figure or letter: score_1 and score_2, SvH A and SvH B."""
    groups: dict[str, list[str]] = {}
    for name in names:
        match = re.fullmatch(r"()([Rr]\d)|(.*[ _-])([A-Za-z]|\d)|(.*[A-Za-z])(\d)", name)
        stem = match and next((group for group in match.groups()[::2] if group is not None), None)
        if stem is not None and (SCORE.search(stem) or not stem):
            groups.setdefault(stem, []).append(name)
    return max(groups.values(), key=len, default=[])


def _scale(table: Table, columns: Sequence[str], guesses: list[str]) -> tuple[Scale, tuple[str, ...]]:
    """The scale by name, or else by what was observed."""
    values = [value for column in columns for value in _numbers(table, column) or ()]
    low, high = min(values), max(values)
    seen = f"found {low:g} to {high:g}"
    names = " ".join((table.file.stem, *columns))
    if BONE_AGE_WORDS.search(names) and low >= 0 and high <= BONE_AGE.maximum:
        guesses.append(f"Scale: bone age, 0 to 240 months ({seen}); it stands in for a score.")
        return BONE_AGE, ("Bone age stands in for the score: numbers say nothing about SvH.",)
    for scale in (SVH_HANDS, SVH_HANDS_FEET):
        if _SVH.search(names) and low >= 0 and high <= scale.maximum:
            guesses.append(
                f"Scale: {scale.name}, 0 to {scale.maximum:g} ({seen}). Check that no feet are counted with hands."
            )
            return scale, ()
    step = 10.0 ** math.floor(math.log10(max(high - min(low, 0.0), 1.0)))
    ends = (min(0.0, math.floor(low / step) * step), math.ceil(high / step) * step)
    guesses.append(
        f"Scale: unknown; {ends[0]:g} to {ends[1]:g} is what was {seen}, rounded outward. Correct it in [scale]."
    )
    return Scale(name=columns[0] if len(columns) == 1 else "score", minimum=ends[0], maximum=ends[1], unit="points"), ()


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
