"""`cohort.toml`: which table, which films, what the columns mean.

Paths are taken from the folder of the file. Every key is explained in the file that `ra-bench cohort init` writes.
"""

from __future__ import annotations

import json
import math
import tomllib
from dataclasses import asdict, dataclass, fields
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from annotated_types import MinLen

from ra_bench.cohorts.description_templates import OF_A_LAYOUT, OF_ANY_TABLE
from ra_bench.cohorts.layouts.known import CHEXPERT, GENERIC, LAYOUTS
from ra_bench.cohorts.table import FACTS
from ra_bench.errors import DescriptionError
from ra_bench.files import write_text
from ra_bench.values import Scale

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pydantic_core import ErrorDetails

Text = Annotated[str, MinLen(1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitColumn:
    """The column that says who trains, and the words it uses, in any case. No validation words: taken from train."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    column: Text
    train: tuple[str, ...] = ("train",)
    validation: tuple[str, ...] = ("validation",)
    test: tuple[str, ...] = ("test",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What a `cohort.toml` says. Either `readers` or `score` is given; `image` is a column or a pattern of columns.

    A known layout settles these and the scale by itself; `read_description` fills them in.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    name: Text
    table: Text
    films: Text = "."
    layout: Text = GENERIC
    compose: bool = False
    image: Text
    left: Text | None = None
    right: Text | None = None
    window: tuple[float, float] | None = None
    readers: tuple[Text, ...] = ()
    score: Text | None = None
    patient: Text | None = None
    visit: Text | None = None
    site: Text | None = None
    year: Text | None = None
    sex: Text | None = None
    age: Text | None = None
    marker: Text | None = None
    allow: tuple[Literal["film-of-two-patients", "patient-on-two-sides"], ...] = ()
    citation: str = ""
    licence: str = ""
    private: bool = False
    simulated: bool = False
    remarks: tuple[str, ...] = ()
    scale: Scale
    split: SplitColumn | None = None


_SECTIONS: Mapping[str, type] = {"": Description, "scale": Scale, "split": SplitColumn}

#: Keys that say how a table of any columns is read.
_MAPPING = ("image", "left", "right", "readers", "score", "patient", "visit", *FACTS, "scale", "split")


def read_description(file: Path) -> Description:
    """Read and check a `cohort.toml`.

    Raises
    ------
    DescriptionError
        The file is missing, is not TOML, has an unknown or missing key, or a value that is not allowed: file, key, what
        was found and what is near.
    """
    content = description_content(file, "Check the path, or write one with 'ra-bench cohort init FOLDER'.")
    return complete_description(content, file)


def description_content(file: Path, advice: str) -> dict[str, Any]:
    """The keys of a `cohort.toml`, unchecked; `advice` ends the error of a file that cannot be read.

    Raises
    ------
    DescriptionError
        The file is missing, or is not TOML.
    """
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise DescriptionError(f"Cannot read the description {file}: {error.strerror}. {advice}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DescriptionError(
            f"{file} is not valid TOML: {error}. See https://toml.io for how it is written."
        ) from None


def complete_description(content: Mapping[str, Any], file: Path) -> Description:
    """The description that the keys of a `cohort.toml` give, with what its layout settles; `file` is told in errors.

    Raises
    ------
    DescriptionError
        As `read_description`.
    """
    return _checked(_completed(content, file), file)


def write_description(description: Description, file: Path) -> None:
    """Write a `cohort.toml` that explains its keys; one that is there keeps its own comments.

    Raises
    ------
    StorageError
        The file cannot be written.
    DescriptionError
        The file that is there is not TOML.
    """
    import tomlkit
    from tomlkit.exceptions import ParseError

    known = description.layout != GENERIC
    template = OF_A_LAYOUT if known else OF_ANY_TABLE
    left_out = _MAPPING if known else ("layout", "compose")
    try:
        document = tomlkit.parse(file.read_text(encoding="utf-8-sig") if file.exists() else template)
    except ParseError as error:
        raise DescriptionError(f"{file} is not valid TOML: {error}. Mend it, or move it away.") from None
    for key, value in asdict(description).items():
        if key in left_out or value is None or value == ():
            document.pop(key, None)
        elif isinstance(value, dict):
            section = document.setdefault(key, tomlkit.table())
            for name, part in value.items():
                section[name] = _plain(part)
        else:
            document[key] = _plain(value)
    write_text(file, tomlkit.dumps(document))


def _plain(value: object) -> Any:
    """As TOML has it: lists for tuples, and whole numbers without a point."""
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _completed(content: Mapping[str, Any], file: Path) -> Mapping[str, Any]:
    """With what a known layout settles; keys that it settles may not be given too."""
    layout, compose = content.get("layout", GENERIC), content.get("compose", False)
    if not isinstance(layout, str) or not isinstance(compose, bool):
        return content  # told with the other mistakes of type
    if layout == CHEXPERT:
        raise DescriptionError(
            f"{file}: 'layout' is '{CHEXPERT}', which has findings and no score: a set for pretraining, no cohort. "
            f"It is for 'ra-bench pretrain MODEL --dataset {file}'. See docs/how-to/pretrain.md."
        )
    if layout != GENERIC and layout not in LAYOUTS:
        nearest = get_close_matches(layout, LAYOUTS, n=1)
        guess = f" Did you mean '{nearest[0]}'?" if nearest else ""
        known = ", ".join((GENERIC, *LAYOUTS))
        raise DescriptionError(f"{file}: unknown layout '{layout}'.{guess} Known: {known}.")
    if compose and not (layout in LAYOUTS and LAYOUTS[layout].composes):
        composing = ", ".join(name for name, known in LAYOUTS.items() if known.composes)
        advice = f" Layouts that do: {composing}."
        if layout == GENERIC:
            advice += " In a table with one row for two films, give 'left' and 'right' instead."
        raise DescriptionError(
            f"{file}: 'compose' is true, but layout '{layout}' does not say which films are the two hands of one "
            f"patient.{advice}"
        )
    if layout == GENERIC:
        return content
    given = [key for key in _MAPPING if key in content]
    if given:
        raise DescriptionError(
            f"{file}: '{given[0]}' is given, but layout '{layout}' settles it. Delete '{given[0]}', or 'layout'."
        )
    known_layout = LAYOUTS[layout]
    return {**known_layout.facts, **content, **known_layout.settles(compose)}


def _checked(content: Mapping[str, Any], file: Path) -> Description:
    """Validate. As JSON, so that a list may stand for a tuple but "16" not for 16."""
    from pydantic import TypeAdapter, ValidationError

    scale = content.get("scale")
    if isinstance(scale, dict):
        for key in scale:
            if key not in _keys("scale"):  # Scale is no file of its own, so it does not refuse what it does not know
                raise DescriptionError(_unknown(f"scale.{key}", file))
    try:
        description = TypeAdapter(Description).validate_json(json.dumps(content, default=str), strict=True)
    except ValidationError as error:
        raise DescriptionError("\n".join(_explained(detail, file) for detail in error.errors())) from None
    _check_consistency(description, file)
    return description


def _check_consistency(description: Description, file: Path) -> None:
    """Refuse what each key allows by itself but all together do not."""
    scale = description.scale
    if not (math.isfinite(scale.minimum) and math.isfinite(scale.maximum) and scale.minimum < scale.maximum):
        raise DescriptionError(
            f"{file}: 'scale.minimum' is {scale.minimum:g} and 'scale.maximum' is {scale.maximum:g}; "
            "both must be finite, and the minimum below the maximum."
        )
    if description.window is not None and not 0 <= description.window[0] < description.window[1] <= 100:
        found = " and ".join(f"{part:g}" for part in description.window)
        raise DescriptionError(
            f"{file}: 'window' is {found}; allowed: two percentiles from 0 to 100, the lower first, such as [1, 99]."
        )
    if bool(description.readers) == (description.score is not None):
        found = "both" if description.readers else "neither"
        raise DescriptionError(
            f"{file}: 'readers' (one column a reader) or 'score' (one column) must be given; found {found}. Keep one."
        )
    if (description.left is None) != (description.right is None):
        found, absent = ("left", "right") if description.right is None else ("right", "left")
        raise DescriptionError(
            f"{file}: '{found}' is given and '{absent}' is not; a film of two hands needs both. Add '{absent}'."
        )
    if len(set(description.readers)) < len(description.readers):
        raise DescriptionError(
            f"{file}: 'readers' names a column twice: {', '.join(description.readers)}. Name each once."
        )
    if description.split is not None:
        words = [
            word.casefold() for side in ("train", "validation", "test") for word in getattr(description.split, side)
        ]
        twice = sorted({word for word in words if words.count(word) > 1})
        if twice:
            raise DescriptionError(f"{file}: 'split' gives the word '{twice[0]}' twice. Each word stands for one side.")


def _explained(detail: ErrorDetails, file: Path) -> str:
    """One sentence on one mistake: file, key, what was found, what is allowed."""
    key = ".".join(str(part) for part in detail["loc"])
    if detail["type"] in {"unexpected_keyword_argument", "extra_forbidden"}:
        return _unknown(key, file)
    if detail["type"] in {"missing", "missing_argument"}:
        return (
            f"{file}: '{key}' is missing. Add it; 'ra-bench cohort init FOLDER' writes a file with every key explained."
        )
    if detail["type"] == "dataclass_type":
        return f"{file}: '{key}' is {detail['input']!r}; allowed: a section, [{key}], with keys of its own."
    allowed = detail["msg"].removeprefix("Input should be ")
    return f"{file}: '{key}' is {detail['input']!r}; allowed: {allowed}."


def _unknown(key: str, file: Path) -> str:
    """Say that a key does not exist, and which is near."""
    section, _, name = key.rpartition(".")
    nearest = get_close_matches(name, _keys(section), n=1)
    where = f"{section}." if section else ""
    guess = f" Did you mean '{where}{nearest[0]}'?" if nearest else ""
    return f"{file}: unknown key '{key}'.{guess} Known: {', '.join(where + known for known in _keys(section))}."


def _keys(section: str) -> list[str]:
    return [field.name for field in fields(_SECTIONS.get(section, Description))]
