"""Scores in a JSON file. Python keeps the last of two equal keys without a word; here two are an error."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ra_bench.errors import TableError

if TYPE_CHECKING:
    from pathlib import Path


def read_json(file: Path) -> Any:
    """What a JSON file holds.

    Raises
    ------
    TableError
        The file is missing, is no JSON, or has a key twice in one object.
    """

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in pairs:
            if key in found:
                raise TableError(f"{file}: '{key}' stands twice. Keep one.")
            found[key] = value
        return found

    try:
        return json.loads(file.read_text(encoding="utf-8-sig"), object_pairs_hook=once)
    except OSError as error:
        raise TableError(f"Cannot read {file}: {error.strerror}. Check the path in cohort.toml.") from error
    except UnicodeDecodeError:
        raise TableError(f"{file}: is not UTF-8 text. Fetch the file anew.") from None
    except json.JSONDecodeError as error:
        raise TableError(f"{file}, row {error.lineno}: is not JSON ({error.msg}). Fetch the file anew.") from None
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, brackets without end
        raise TableError(f"{file}: is not JSON that can be read ({error}). Fetch the file anew.") from None


def as_scores(value: Any, where: str) -> dict[str, Any]:
    """An object with a score a part.

    Raises
    ------
    TableError
        It is something else.
    """
    if not isinstance(value, dict):
        raise TableError(f"{where}: found {value!r}, where parts with their scores must stand.")
    return value
