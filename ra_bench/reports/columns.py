"""Which column of a table is what: as the user says, or else guessed from the headers, and each guess is told."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING

from ra_bench.cohorts.propose import NO_SCORE, PATIENT, READER, SCORE, SPLIT
from ra_bench.cohorts.table import image_columns, is_blank
from ra_bench.errors import TableError
from ra_bench.reports.headers import mostly_numbers, names_films, plain_heading, quoted, reader_columns

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from ra_bench.cohorts.table import Table

_PREDICTED = (
    re.compile(r"predicted|prediction|predictions|pred|y ?pred|y ?hat"),
    re.compile(r"\bpred\w*|\by ?hat\b"),
    re.compile(r"\b(model|ai|network|net|cnn|algorithm|software|automat\w*|estimat\w*|output)\b"),
)
_REFERENCE = (
    re.compile(r"reference|y ?true|truth|target"),
    re.compile(r"\b(reference|truth|true|target|gold|consensus|ground|label|actual)\b|y ?true"),
    re.compile(r"\b(mean|average|avg|human)\b"),
)


_SD = re.compile(r"sd|pred(icted|iction)? sd")
_END = re.compile(r"(lower|upper)(?::\s*(0?\.\d+))?", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The columns of a table of predictions or readings. None, or no readers: not named, or not there.

    `sd`, `lower` and `upper` are found by their headers alone; `level` is what the interval is said to cover.
    """

    film: str | None = None
    predicted: str | None = None
    reference: str | None = None
    readers: tuple[str, ...] = ()
    patient: str | None = None
    sd: str | None = None
    lower: str | None = None
    upper: str | None = None
    level: float = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The columns that are read, and what was guessed, a sentence each."""

    columns: Columns
    guesses: tuple[str, ...]


def find_columns(table: Table, asked: Columns, *, needs_reference: bool = True) -> Found:
    """Find out which column of a table of predictions is what.

    Parameters
    ----------
    table : Table
        As `read_table` gives it.
    asked : Columns
        What the user names; the rest is guessed.
    needs_reference : bool
        False where the readings come from elsewhere: columns of them are then not looked for, unless named.

    Returns
    -------
    Found
        `film` and `predicted` are always there; with `needs_reference` also `readers`, or else `reference`.

    Raises
    ------
    TableError
        A named column is not there, one is named twice, or one that is needed cannot be guessed.
    """
    asked = Columns(
        film=named(table, asked.film),
        predicted=named(table, asked.predicted),
        reference=named(table, asked.reference),
        readers=tuple(str(named(table, reader)) for reader in asked.readers),
        patient=named(table, asked.patient),
    )
    _check_apart(table, asked)
    guesses: list[str] = []
    taken = {asked.film, asked.predicted, asked.reference, asked.patient, *asked.readers}
    unsure = _uncertainty(table, taken, guesses)
    taken |= {unsure.sd, unsure.lower, unsure.upper}
    predicted = asked.predicted or _predicted(table, taken, guesses)
    film, patient = film_and_patient(table, asked, taken | {predicted}, guesses)
    taken |= {predicted, film, patient}
    reference, readers = asked.reference, asked.readers
    if needs_reference and reference is None and not readers:
        reference, readers = _measured_against(table, taken, guesses)
    taken |= {reference, *readers}
    taken |= set(image_columns(str(film)))
    if others := [name for name in table.columns if name not in taken]:
        guesses += [f"Not used: {quoted(others)}.", *_parts(table, others)]
    columns = replace(unsure, film=film, predicted=predicted, reference=reference, readers=readers, patient=patient)
    return Found(columns=columns, guesses=tuple(guesses))


def named(table: Table, column: str | None) -> str | None:
    """The column that a user names, whatever the case, or the pattern of columns; None where none is named.

    Raises
    ------
    TableError
        It is not there.
    """
    if column is None or column in table.columns:
        return column
    if "{" in column:
        for part in image_columns(column):
            column = column.replace(f"{{{part}}}", f"{{{named(table, part)}}}")
        return column
    alike = [name for name in table.columns if plain_heading(name) == plain_heading(column)]
    if len(alike) == 1:
        return alike[0]
    nearest = get_close_matches(column, table.columns, n=1, cutoff=0.5)
    guess = f" Did you mean '{nearest[0]}'?" if nearest else ""
    raise TableError(f"{table.file}: no column '{column}'.{guess} Found: {', '.join(table.columns)}.")


def film_and_patient(
    table: Table, asked: Columns, taken: Collection[str | None], guesses: list[str], *, needs_film: bool = True
) -> tuple[str | None, str | None]:
    """The columns of films and patients. One column of patients alone names the films too.

    Raises
    ------
    TableError
        No column names the films, though one is needed.
    """
    free = [name for name in table.columns if name not in taken]
    patient = asked.patient or next((name for name in free if PATIENT.fullmatch(name)), None)
    film = asked.film or next((name for name in free if name != patient and names_films(name)), None)
    film = film or next((name for name in free if name != patient and _names_rows(table, name)), None)
    if film is None and asked.patient is None and patient is not None:
        film = patient
    if film is None and needs_film:
        raise TableError(
            f"{table.file}: no column names the films. Found: {', '.join(table.columns)}. "
            "Name it with --film COLUMN, or add one with a name a film."
        )
    if asked.film is None and film is not None:
        guesses.append(f"Film: column '{film}'.")
    if asked.patient is None and patient == film is not None:
        guesses.append("Patient: the same column, so there is one film a patient.")
    elif asked.patient is None:
        guesses.append(
            f"Patient: column '{patient}'; intervals draw patients."
            if patient
            else "Patient: no column found, so every film counts as a patient of its own."
        )
    return film, patient


# --- guesses ----------------------------------------------------------------------------------------------------------


def _parts(table: Table, columns: Iterable[str]) -> list[str]:
    """A warning where a column seems to say who trained: those films count here like any other."""
    words = {
        name: sorted({row.cells[name].casefold() for row in table.rows if not is_blank(row.cells[name])})
        for name in columns
        if SPLIT.fullmatch(name)
    }
    return [
        f"Column '{name}' says {quoted(said[:5])}: all rows count. Delete those that the model learnt from."
        for name, said in words.items()
        if len(said) > 1 and any(word.startswith("tr") for word in said)
    ]


def _uncertainty(table: Table, taken: Collection[str | None], guesses: list[str]) -> Columns:
    """Columns of an SD, and of both ends of an interval, headed as in `lower:0.9`; without a level it is 0.95."""
    free = [name for name in table.columns if name not in taken]
    sd = next((name for name in free if _SD.fullmatch(plain_heading(name))), None)
    ends = {(match[1].lower(), match[2]): name for name in free if (match := _END.fullmatch(name.strip()))}
    level = next((level for end, level in ends if end == "lower" and ("upper", level) in ends), "")
    lower, upper = ends.get(("lower", level)), ends.get(("upper", level))
    found = Columns(sd=sd, lower=lower, upper=upper, level=float(level or 0.95))
    if sd is not None:
        guesses.append(f"Predicted SD: column '{sd}'.")
    if lower is not None:
        guesses.append(f"Prediction interval: columns '{lower}' and '{upper}', meant to cover {found.level:g}.")
    return found


def _predicted(table: Table, taken: Collection[str | None], guesses: list[str]) -> str:
    free = [name for name in table.columns if name not in taken]
    for strength, pattern in enumerate(_PREDICTED):
        match = pattern.fullmatch if strength == 0 else pattern.search
        found = [name for name in free if match(plain_heading(name)) and not READER.search(name)]
        if len(found) > 1 or strength == 2:
            found = [name for name in found if mostly_numbers(table, name)]
        if len(found) > 1:
            raise TableError(
                f"{table.file}: {len(found)} columns may hold the prediction: {quoted(found)}. "
                "Choose one with --predicted COLUMN."
            )
        if found:
            guesses.append(f"Prediction: column '{found[0]}'.")
            return found[0]
    raise TableError(
        f"{table.file}: no column looks like a prediction. Found: {', '.join(table.columns)}. "
        "Name it with --predicted COLUMN."
    )


def _measured_against(
    table: Table, taken: Collection[str | None], guesses: list[str]
) -> tuple[str | None, tuple[str, ...]]:
    """A column of references, or columns of readers."""
    readers = reader_columns(table, taken)
    reference = _reference(table, {*taken, *readers})
    if len(readers) > 1:
        guesses.append(f"Readers: columns {quoted(readers)}; the reference is the mean of their readings.")
        if reference is not None:
            guesses.append(f"Column '{reference}' looks like a reference too; --reference '{reference}' would take it.")
        return None, readers
    if reference is None and readers:
        reference, readers = readers[0], ()
    if reference is None:
        left = [name for name in table.columns if name not in taken and mostly_numbers(table, name)]
        scores = [name for name in left if SCORE.search(name)]
        scores = scores or [name for name in left if not NO_SCORE.fullmatch(name)]
        if len(scores) != 1:
            raise TableError(
                f"{table.file}: no column looks like a reference, and none like readers. "
                f"Found: {', '.join(table.columns)}. Name it with --reference COLUMN, name each reader with "
                "--reader COLUMN, or take the readings of a cohort with --dataset."
            )
        reference = scores[0]
    guesses.append(f"Reference: column '{reference}'.")
    return reference, ()


def _reference(table: Table, taken: Collection[str | None]) -> str | None:
    free = [name for name in table.columns if name not in taken]
    for strength, pattern in enumerate(_REFERENCE):
        match = pattern.fullmatch if strength == 0 else pattern.search
        found = [name for name in free if match(plain_heading(name))]
        if len(found) > 1:
            found = [name for name in found if mostly_numbers(table, name)]
        if len(found) > 1:
            raise TableError(
                f"{table.file}: {len(found)} columns may hold the reference: {quoted(found)}. "
                "Choose one with --reference COLUMN."
            )
        if found:
            return found[0]
    return None


def _check_apart(table: Table, asked: Columns) -> None:
    """One column cannot be two things; films may be patients."""
    if asked.reference is not None and asked.readers:
        raise TableError(
            "--reference and --reader exclude each other: the reference is the mean of the readers. Name one of them."
        )
    used = [name for name in (asked.film, asked.predicted, asked.reference, *asked.readers) if name is not None]
    for name in used:
        if used.count(name) > 1:
            raise TableError(f"{table.file}: column '{name}' is named twice. Name another column for one of its uses.")


def _names_rows(table: Table, column: str) -> bool:
    """Whether a column holds words, another in each row."""
    cells = [row.cells[column] for row in table.rows]
    return len(set(cells)) == len(cells) and not mostly_numbers(table, column) and not any(map(is_blank, cells))
