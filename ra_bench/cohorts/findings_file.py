"""`cohort.toml` of a pretraining set: films with findings in CheXpert's layout."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from annotated_types import MinLen

from ra_bench.cohorts.description import description_content
from ra_bench.cohorts.layouts.chexpert import CITATION, LICENCE, read_chexpert
from ra_bench.cohorts.layouts.known import CHEXPERT
from ra_bench.errors import DescriptionError

if TYPE_CHECKING:
    from pathlib import Path

    from ra_bench.values import FindingSet

Text = Annotated[str, MinLen(1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingsDescription:
    """What the `cohort.toml` of a pretraining set says. `table` is taken from the folder of the file."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    name: Text
    layout: Literal["chexpert"]
    table: Text = "train.csv"
    laterals: bool = False
    citation: str = CITATION
    licence: str = LICENCE
    simulated: bool = False
    remarks: tuple[str, ...] = ()


def load_findings_file(file: Path) -> FindingSet:
    """The pretraining set that a `cohort.toml` describes.

    Raises
    ------
    DescriptionError
        The file is missing, is not TOML, has another layout, an unknown or missing key, or a value that is not allowed.
    TableError, FilmError
        As `read_chexpert`.
    """
    said = _checked(description_content(file, "Check the path."), file)
    found = read_chexpert(file.parent / said.table, frontal_only=not said.laterals, name=said.name)
    return replace(
        found,
        citation=said.citation,
        licence=said.licence,
        simulated=said.simulated,
        remarks=(*found.remarks, *said.remarks),
    )


def _checked(content: dict[str, Any], file: Path) -> FindingsDescription:
    from pydantic import TypeAdapter, ValidationError

    if content.get("layout") != CHEXPERT:
        raise DescriptionError(
            f"{file}: 'layout' is {content.get('layout', 'not given')!r}; a set to pretrain on has the layout "
            f"'{CHEXPERT}'. Films with scores are for 'ra-bench run'."
        )
    known = [field.name for field in fields(FindingsDescription)]
    for key in content:
        if key not in known:
            nearest = get_close_matches(key, known, n=1)
            guess = f" Did you mean '{nearest[0]}'?" if nearest else ""
            raise DescriptionError(f"{file}: unknown key '{key}'.{guess} Known: {', '.join(known)}.")
    if "name" not in content:
        raise DescriptionError(f"{file}: 'name' is missing. Add it.")
    try:
        text = json.dumps(content, default=str)  # as JSON, so that a list may stand for a tuple but "1" not for 1
        return TypeAdapter(FindingsDescription).validate_json(text, strict=True)
    except ValidationError as error:
        said = [
            f"{file}: '{detail['loc'][0]}' is {detail['input']!r}; allowed: "
            f"{detail['msg'].removeprefix('Input should be ')}."
            for detail in error.errors()
        ]
        raise DescriptionError("\n".join(said)) from None
