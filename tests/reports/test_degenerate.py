"""Data from which little or nothing follows: defined or n/a, never false certainty, and no warning."""

from __future__ import annotations

import json
import math

import pytest

from ra_bench.reports.render import as_json, as_markdown, as_plain_text

FILMS = list(range(20))
CASES = {
    "one film": {"predicted": [3], "A": [5], "B": [6]},
    "two films": {"predicted": [3, 9], "A": [5, 8], "B": [6, 9]},
    "three films": {"predicted": [3, 9, 1], "A": [5, 8, 2], "B": [6, 9, 1]},
    "one answer": {"predicted": [4] * 20, "A": FILMS, "B": FILMS[::-1]},
    "one reference": {"predicted": FILMS, "A": [4] * 20, "B": [4] * 20},
    "perfect agreement": {"predicted": FILMS, "A": FILMS, "B": FILMS},
    "one shift": {"predicted": [score + 2 for score in FILMS], "A": FILMS},
    "anti-correlation": {"predicted": FILMS[::-1], "A": FILMS, "B": [score + 1 for score in FILMS]},
    "all ties": {"predicted": [7] * 12, "A": [7] * 12, "B": [7] * 12},
    "gaps": {"predicted": [1, math.nan, 3, 4] * 5, "A": [1, 2, math.nan, 5] * 5, "B": [math.nan, 2, 3, 6] * 5},
    "readers apart": {"predicted": range(10), "A": [*range(5), *[math.nan] * 5], "B": [*[math.nan] * 5, *range(5)]},
}


@pytest.fixture(params=CASES, ids=lambda name: name.replace(" ", "-"))
def any_report(request, model_report):
    return model_report(**CASES[request.param])


def numbers(value):
    if isinstance(value, dict):
        return [number for entry in value.values() for number in numbers(entry)]
    if isinstance(value, list):
        return [number for entry in value for number in numbers(entry)]
    return [value] if isinstance(value, float) else []


def test_it_can_be_drawn_in_every_form_without_nan_or_inf(any_report):
    text, page = as_plain_text(any_report), as_markdown(any_report)
    assert not {"nan", "inf", "-inf"} & set(f"{text} {page}".replace("(", " ").replace(")", " ").split())
    assert all(map(math.isfinite, numbers(json.loads(as_json(any_report)))))


def test_no_p_is_nought(any_report):
    tests = [any_report.overall.mean_difference.p, *(test.p for test in any_report.equivalence)]
    assert not any(p == 0 for p in tests)


def test_no_interval_is_a_point(any_report):
    values = [*any_report.overall.values.values(), any_report.overall.mean_difference.bias, any_report.balanced_mae]
    values += [any_report.calibration.slope, any_report.overall.limits.low, any_report.overall.limits.high]
    assert not any(value.low == value.high for value in values)


@pytest.mark.parametrize("case", ["one film", "two films", "three films"])
def test_a_handful_of_films_has_no_resampled_interval_and_says_so(model_report, case):
    found = model_report(**CASES[case])
    assert all(math.isnan(value.low) for value in found.overall.values.values())
    assert any("too few to resample" in remark and "Conclude nothing" in remark for remark in found.remarks)


def test_one_film_agrees_with_nothing(model_report):
    found = model_report(**CASES["one film"])
    assert math.isnan(found.overall.values["ccc"].value)
    assert found.equivalence[0].finding == "undefined"
    assert found.against_readers.sentence.startswith("n/a: too little data")


def test_one_answer_for_all_is_told(model_report):
    found = model_report(**CASES["one answer"])
    assert found.remarks[0] == (
        "All predictions are one number: the model does not tell films apart, and its correlation is undefined."
    )
    assert math.isnan(found.overall.values["rho"].value)
    assert "n/a: a line takes two films with different predictions." in as_plain_text(found)


def test_predictions_that_are_the_reference_are_doubted(model_report):
    found = model_report(**CASES["perfect agreement"])
    assert found.remarks[0].startswith("Every prediction equals its reference. Check that the column of predictions is")
    assert found.equivalence[0].sentence == "n/a: the differences do not vary, so nothing can be tested"


def test_readers_who_never_differ_are_no_yardstick(model_report):
    assert math.isnan(model_report(**CASES["one reference"]).against_readers.ratio.value)


def test_predictions_that_fall_are_doubted(model_report):
    found = model_report(**CASES["anti-correlation"])
    assert found.overall.values["rho"].value == -1
    assert (
        "Predictions fall where the reference rises. Check that films and predictions are not mixed up."
        in found.remarks
    )


def test_readers_without_a_common_film_are_na_beside_a_model(model_report):
    found = model_report(**CASES["readers apart"])
    assert found.readers.pairs[0].pair.films == 0
    assert math.isnan(found.against_readers.iei.value)


@pytest.mark.parametrize(
    "case", [name for name in CASES if name != "one shift"], ids=lambda name: name.replace(" ", "-")
)
def test_readers_alone_are_drawn_too(reader_report, case):
    found = reader_report(bands=(1, 10), **{reader: CASES[case][reader] for reader in ("A", "B")})
    text = as_plain_text(found)
    assert not {"nan", "inf", "-inf"} & set(text.replace("(", " ").replace(")", " ").split())
    assert all(map(math.isfinite, numbers(json.loads(as_json(found)))))
