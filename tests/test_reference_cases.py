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
@pytest.mark.parametrize("case", CASES or [FOLDER], ids=lambda path: path.stem)
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


def test_every_kind_of_a_published_table_is_answered_for_wang_2022() -> None:
    inputs = {
        "n": 158, "alpha": 0.05, "truth_sd": 38.736, "reader_rmse": 18.75,
        "rows": [{"name": "resnet50", "rho": "0.95", "mae": "18.85", "rmse": "28.95"}],
    }  # fmt: skip
    (row,) = run("published_row", inputs)["rows"]

    assert row["max_bias"] == pytest.approx(4.51, abs=0.005)
    assert row["rmse_floor_given_rho_sd38_736"] == pytest.approx([11.49, 12.67], abs=0.005)
    assert row["pred_sd_at_centre_zero_bias"] == pytest.approx([10.5, 63.1], abs=0.05)
    assert row["iei"] == pytest.approx(28.95**2 - 0.75 * 18.75**2)


def test_replicates_of_bland_and_altman_1999_are_answered() -> None:
    wright = [
        [494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427],
        [490, 397, 512, 401, 470, 611, 415, 431, 638, 429, 420, 633, 275, 492, 165, 372, 421],
    ]
    found = run("replicates", {"wright": wright})["wright"]

    assert found["within_subject_sd"] == pytest.approx(15.3, abs=0.05)
    assert found["repeatability_coef_1_96"] == pytest.approx(42.4, abs=0.05)
    assert found["icc_1_1"] == pytest.approx(1 - found["msw"] / (found["msw"] + (found["msr"] - found["msw"]) / 2))


def test_a_kappa_table_is_answered_by_weighting() -> None:
    found = run("kappa_table", {"table": [[10, 2], [3, 15]]})

    assert found["none"] == found["linear"] == found["quadratic"] == pytest.approx(0.6575, abs=5e-5)


def test_williams_example_of_the_psych_manual_is_answered() -> None:
    found = run("dependent_correlations", {"n": 103, "r12": 0.4, "r13": 0.5, "r23": 0.1})

    assert (found["t"], found["df"]) == pytest.approx((-0.89, 100), abs=0.006)


def test_paired_tost_takes_x_minus_y() -> None:
    assert run("tost_paired", {"x": [3, 5, 8], "y": [1, 2, 3], "margin": 1})["estimate"] == pytest.approx(10 / 3)


def test_a_ranking_gives_1_to_the_highest() -> None:
    found = run("ranking", {"auc": [[0.9, 0.8], [0.9, 0.7], [0.6, 0.7]]})

    assert found["average_ranks"] == pytest.approx([4 / 3, 5 / 3])
    assert found["nemenyi_cd_05"] > found["nemenyi_cd_10"]


def test_a_bootstrap_of_its_own_draw_is_answered_for_every_metric() -> None:
    found = run("bootstrap_mc", {"truth": [1, 5, 9, 30, 70, 22], "pred": [2, 5, 12, 25, 77, 20]})

    assert list(found) == ["rho", "mae", "rmse", "ccc", "icc_a_1"]
    assert found["mae"]["bca_95"][0] < found["mae"]["estimate"] < found["mae"]["bca_95"][1]


def test_a_list_expression_cannot_call_anything() -> None:
    with pytest.raises(ValueError, match="not made of lists"):
        run("univariate", {"generator": "list(range(3))"})


def test_a_single_film_is_undefined_and_not_an_error() -> None:
    found = run("panel", {"truth": [3], "pred": [5]})

    assert (found["mae"], found["rho"], found["p"], found["icc_a_1"], found["bias_ci95"]) == (2, None, None, None, None)
