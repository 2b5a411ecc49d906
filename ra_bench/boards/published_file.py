"""Read rows that a paper prints: a TOML file, every figure as text with the digits that were printed."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from difflib import get_close_matches
from typing import TYPE_CHECKING

from ra_bench.errors import RecordError
from ra_bench.metrics import rounding_box

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

FIGURES = ("rho", "mae", "rmse", "mean_reference", "mean_predicted", "sd_reference", "sd_predicted")
COUNTS = {"films": 2, "granularity": 1}
NUMBERS = ("minimum", "maximum", "supposed_sd_reference")
_TABLE_TEXT = ("name", "title", "citation", "command", "unit")
#: What people write for a key of ours.
_MEANT = {
    "n": "films", "r": "rho", "pearson": "rho", "pcc": "rho", "sd": "sd_reference", "mean": "mean_reference",
    "model": "name", "table": "tables", "p_value": "p", "params": "parameters_in_millions",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedRow:
    """A printed row; figures as text, with the digits that were printed.

    `reader` marks a row of reader against reader. `granularity` is the number of steps a unit of one score has: 1 for
    whole scores, 2 for the mean of two readers. The last three stand before the table's own.
    """

    name: str
    tables: str = ""
    films: int | None = None
    rho: str | None = None
    mae: str | None = None
    rmse: str | None = None
    p: str | None = None
    mean_reference: str | None = None
    mean_predicted: str | None = None
    sd_reference: str | None = None
    sd_predicted: str | None = None
    parameters_in_millions: str | None = None
    epoch: str | None = None
    pretrained_on: str | None = None
    reader: bool = False
    granularity: int | None = None
    minimum: float | None = None
    maximum: float | None = None
    supposed_sd_reference: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedTable:
    """The rows of one paper on one cohort and split. A board needs all of the text; an audit needs only rows."""

    name: str = ""
    title: str = ""
    citation: str = ""
    command: str = ""
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    supposed_sd_reference: float | None = None
    remarks: tuple[str, ...] = ()
    rows: tuple[PublishedRow, ...]


def read_table(file: Path) -> PublishedTable:
    """Read a published.toml.

    Parameters
    ----------
    file : Path
        TOML: facts of the table at the top, then `[[rows]]`.

    Returns
    -------
    PublishedTable
        Each figure checked to be a printed number.

    Raises
    ------
    RecordError
        The file cannot be read, or a key or value of it is not what it should be; says which.
    """
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise RecordError(
            f"{file} cannot be read: {getattr(error, 'strerror', None) or error}.\n"
            "Compare it with leaderboards/wang2022/published.toml."
        ) from error
    where = str(file)
    given = content.pop("rows", [])
    _check_keys(content, {field.name for field in fields(PublishedTable)}, where)
    remarks = content.pop("remarks", [])
    for key in _TABLE_TEXT:
        if not isinstance(content.get(key, ""), str):
            raise _wrong(where, key, content[key], "Give it as text, in quotes.")
    if not isinstance(remarks, list) or not all(isinstance(remark, str) for remark in remarks):
        raise _wrong(where, "remarks", remarks, "Give a list of sentences, each in quotes.")
    if not isinstance(given, list) or not given or not all(isinstance(row, dict) for row in given):
        raise RecordError(f"{where}: there are no rows. Write each under a heading [[rows]].")
    return PublishedTable(
        **{**content, **_numbers(content, where)},
        remarks=tuple(remarks),
        rows=tuple(read_row(row, f"{where}, row {number}") for number, row in enumerate(given, start=1)),
    )


def read_row(given: Mapping[str, object], where: str) -> PublishedRow:
    """Check one row, given as key and value.

    Parameters
    ----------
    given : mapping
        As a TOML file holds it.
    where : str
        File and row, for messages.

    Raises
    ------
    RecordError
        An unknown key, no name, or a value that is not what its key asks for.
    """
    if isinstance(given.get("name"), str):
        where = f"{where} ('{given['name']}')"
    _check_keys(given, {field.name for field in fields(PublishedRow)}, where)
    if not given.get("name"):
        raise RecordError(f"{where}: the key 'name' is missing. Say whose row it is.")
    found = {key: _text(key, value, where) for key, value in given.items() if key not in (*COUNTS, *NUMBERS)}
    for key in FIGURES:
        if found.get(key) is not None:
            _check_figure(key, str(found[key]), where)
    for key, (convert, advice) in _FORMS.items():
        if found.get(key) is not None:
            try:
                convert(str(found[key]))
            except ValueError as error:
                raise _wrong(where, key, found[key], advice) from error
    counts = {key: _count(key, given[key], where) for key in COUNTS if key in given}
    return PublishedRow(**{**found, **counts, **_numbers(given, where)})  # type: ignore[arg-type]  # checked above


def p_bound(p: str) -> tuple[str, float]:
    """Sign and number of a printed p: `>0.05` is (">", 0.05); without a sign it is "=".

    Raises
    ------
    ValueError
        If it is no printed p between 0 and 1.

    Examples
    --------
    >>> p_bound(">0.05"), p_bound("0.3")
    (('>', 0.05), ('=', 0.3))
    """
    text = p.strip()
    sign = text[0] if text[:1] in (">", "<", "=") else "="
    number = float(text.lstrip("<>="))
    if not 0 <= number <= 1:
        raise ValueError(f"p is {p!r}: give a number from 0 to 1, such as '>0.05' or '0.31'.")
    return sign, number


def seconds_of(text: str) -> float:
    """Seconds of a printed `minutes:seconds`."""
    minutes, seconds = text.split(":")
    return 60.0 * int(minutes) + int(seconds)


def _check_keys(given: Mapping[str, object], known: set[str], where: str) -> None:
    for key in given:
        if key not in known:
            near = [_MEANT[key.casefold()]] if key.casefold() in _MEANT else get_close_matches(key, sorted(known), n=1)
            guess = f" Did you mean '{near[0]}'?" if near and near[0] in known else ""
            raise RecordError(f"{where}: unknown key '{key}'.{guess} Known: {', '.join(sorted(known))}.")


def _text(key: str, value: object, where: str) -> str | bool | None:
    if key == "reader":
        if isinstance(value, bool):
            return value
        raise _wrong(where, key, value, "Give true or false.")
    if value is None or isinstance(value, str):
        return value
    raise _wrong(where, key, value, f'Give it as text with the digits that are printed, such as {key} = "{value}".')


def _check_figure(key: str, text: str, where: str) -> None:
    try:
        low, high = rounding_box(text)
    except ValueError as error:
        raise _wrong(
            where, key, text, 'No printed number. Give the digits alone, with a point, such as "12.24".'
        ) from error
    if key == "rho" and (high < -1 or low > 1):
        raise _wrong(where, key, text, "A correlation lies between -1 and 1.")
    if key in ("mae", "rmse", "sd_reference", "sd_predicted") and high < 0:
        raise _wrong(where, key, text, "It cannot be below 0.")


def _count(key: str, value: object, where: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= COUNTS[key]:
        return value
    raise _wrong(where, key, value, f"Give a whole number, {COUNTS[key]} or more.")


def _numbers(given: Mapping[str, object], where: str) -> dict[str, float]:
    found = {}
    for key in NUMBERS:
        value = given.get(key)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise _wrong(where, key, value, "Give a number, without quotes.")
        if key == "supposed_sd_reference" and not value > 0:
            raise _wrong(where, key, value, "An SD to suppose is above 0.")
        found[key] = float(value)
    if "minimum" in found and "maximum" in found and not found["minimum"] < found["maximum"]:
        raise _wrong(where, "maximum", found["maximum"], f"It must be above the minimum, {found['minimum']:g}.")
    return found


def _wrong(where: str, key: str, value: object, advice: str) -> RecordError:
    shown = f"'{value}'" if isinstance(value, str) else f"{value}"
    return RecordError(f"{where}, key '{key}': found {shown}. {advice}")


_FORMS: Mapping[str, tuple[Callable[[str], object], str]] = {
    "p": (p_bound, 'Give it as printed, from 0 to 1, such as ">0.05" or "0.31".'),
    "epoch": (seconds_of, 'Give minutes:seconds, such as "5:59".'),
    "parameters_in_millions": (rounding_box, 'Give a number of millions, such as "4.3".'),
}
