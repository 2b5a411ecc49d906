"""A board as JSON, and back. What is undefined is null."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from math import isfinite
from typing import Any

from ra_bench.errors import RecordError
from ra_bench.values import Board

#: What is measured of progressors.
SHARES = ("sensitivity", "specificity")


def render(board: Board) -> str:
    """The whole board; the same board gives the same bytes. What few boards have is left out of others."""
    content = plain(board)
    for key in ("sites", "before", "figures", "uncertainty", "change"):
        if not content[key]:
            del content[key]
    return as_json_text(content)


def as_json_text(value: object) -> str:
    """Any value of frozen dataclasses, mappings and sequences; what is undefined is null."""
    return json.dumps(plain(value), indent=2, allow_nan=False) + "\n"


def read_board(text: str) -> Board:
    """Read what `render` wrote; null becomes nan where a number belongs.

    Raises
    ------
    RecordError
        The text is no JSON, or no board.
    """
    from pydantic import TypeAdapter

    try:
        content = json.loads(text)
        measured = [row.get("metrics", {}) for row in (*content.get("rows", []), *content.get("before", []))]
        measured += [metrics for site in content.get("sites", []) for metrics in site.get("metrics", {}).values()]
        measured += [row.get("metrics", {}) for row in content.get("uncertainty", [])]
        for row in (content.get("change") or {}).get("rows", []):
            shares = [{key: found[key] for key in SHARES} for found in row["progressors"]]
            measured += [row["metrics"], *shares]
        for value in (value for metrics in measured for value in metrics.values()):
            value.update({key: float("nan") for key in ("value", "low", "high") if value.get(key) is None})
        return TypeAdapter(Board).validate_python(content)
    except (ValueError, AttributeError) as error:
        raise RecordError(
            f"This is no board that ra-bench can read: {error}\nMake it again with 'ra-bench run'."
        ) from error


def plain(value: object) -> Any:
    """Frozen values as JSON has them: nan is null."""
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(entry) for entry in value]
    if isinstance(value, float) and not isfinite(value):
        return None
    return value
