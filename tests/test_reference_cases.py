"""Worked cases with known answers, where the shared folder is at hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ra_bench.testing.reference_adapter import run

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "reference_cases"
CASES = sorted(FOLDER.glob("*.json")) if FOLDER.is_dir() else []


def leaves(value: Any, path: str = "") -> dict[str, Any]:
    """Single values of nested mappings and lists, by path."""
    if isinstance(value, dict):
        children = value.items()
    elif isinstance(value, list):
        children = dict(enumerate(value)).items()
    else:
        return {path: value}
    return {at: leaf for name, child in children for at, leaf in leaves(child, f"{path}/{name}").items()}


def is_met(path: str, expected: Any, found: Any, tolerance: dict[str, Any]) -> bool:
    if expected is None or found is None or isinstance(expected, bool | str):
        return bool(expected == found)
    allowed = dict(tolerance)
    for name in path.split("/"):
        allowed.update(tolerance.get("by_key", {}).get(name, {}))
    return bool(abs(found - expected) <= allowed["abs"] + allowed["rel"] * abs(expected))


def mismatches(expected: Any, found: Any, tolerance: dict[str, Any]) -> list[str]:
    """Every place where an answer is missing or further off than allowed."""
    answers = leaves(found)
    return [
        f"{path}: expected {value!r}, found {answers.get(path, 'nothing')!r}"
        for path, value in leaves(expected).items()
        if path not in answers or not is_met(path, value, answers[path], tolerance)
    ]


@pytest.mark.skipif(not CASES, reason="the shared reference cases are not beside this checkout")
@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_every_value_of_the_case_is_met(case: Path) -> None:
    content = json.loads(case.read_text(encoding="utf-8"))

    found = run(content["kind"], content["inputs"])

    assert mismatches(content["expected"], found, content["tolerance"]) == []


def test_an_answer_that_lacks_a_key_is_a_mismatch() -> None:
    assert mismatches({"a": 1.0}, {}, {"rel": 0, "abs": 0}) == ["/a: expected 1.0, found 'nothing'"]


def test_an_undefined_answer_to_a_defined_quantity_is_a_mismatch() -> None:
    assert mismatches({"a": 1.0}, {"a": None}, {"rel": 1, "abs": 1}) == ["/a: expected 1.0, found None"]


def test_an_unknown_kind_of_case_is_named_in_the_error() -> None:
    with pytest.raises(ValueError, match="No kind of case named 'horoscope'"):
        run("horoscope", {})
