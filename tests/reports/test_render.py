"""A report drawn: what a guest writes does nothing, and wide tables fit a terminal."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest

from ra_bench.reports.checklist import model_checklist
from ra_bench.reports.front import Wishes, scored
from ra_bench.reports.guidelines import GUIDELINES
from ra_bench.reports.render import as_json, as_markdown, as_plain_text
from ra_bench.reports.tables import read_model_predictions
from ra_bench.runs.records import SCORED
from ra_bench.values import SVH_HANDS


@pytest.fixture(scope="module")
def report(model_report, hands):
    return model_report(hands[2], A=hands[0], B=hands[1])


def test_the_same_report_gives_the_same_bytes(report):
    assert as_markdown(report) == as_markdown(report)
    assert as_json(report) == as_json(report)


def test_names_with_markup_are_read_as_they_were_written(model_report, hands):
    page = as_markdown(model_report(hands[2], name="<b>|net", **{"R|1": hands[0], "R*2": hands[1]}))
    assert "# Model: &lt;b>\\|net" in page
    assert "R\\*2 against R\\|1" in page


def test_a_table_that_is_too_wide_is_turned(report):
    lines = as_plain_text(report, width=60).splitlines()
    start = lines.index("Reader against reader") + 3
    assert [line.split() for line in lines[start : start + 2]] == [["B", "against", "A"], ["films", "40"]]


def test_a_table_that_is_too_wide_then_too_becomes_entries(reader_report, hands):
    text = as_plain_text(reader_report(A=hands[0], B=hands[1], C=hands[2]), width=60)
    assert "B against A\n  films            40\n" in text


def test_the_limits_of_agreement_stand_beside_every_finding(model_report, hands):
    shifted = model_report(hands[0] + 30 + hands[2] / 50, A=hands[0])
    assert {test.finding for test in shifted.equivalence} == {"shifted"}
    lines = [line for line in as_markdown(shifted).splitlines() if "equivalence not shown" in line]
    assert len(lines) == 3
    assert all("predictions are shifted by 3" in line and "Limits of agreement: 2" in line for line in lines)


def test_every_item_of_a_guideline_is_filled_or_left_to_the_authors(report):
    page = as_markdown(report)
    for guideline, items in GUIDELINES.items():
        filled = page.count(f"- {guideline}, item ")
        left = next(line for line in page.splitlines() if line.startswith(f"- {guideline}, to be filled by you"))
        assert filled + left.count("; ") + 1 == len(items)


def test_guidelines_have_as_many_items_as_were_published():
    assert {guideline: len(items) for guideline, items in GUIDELINES.items()} == {
        "GRRAS": 15,
        "CLAIM 2024": 44,
        "TRIPOD+AI": 52,
    }


def test_a_scale_that_was_guessed_is_left_to_the_authors(written):
    file = written("id,predicted,reference\n" + "".join(f"{row},{row},{row + 1}\n" for row in range(9)))
    reports = [scored(read_model_predictions(file), None, Wishes(scale=scale)) for scale in (None, SVH_HANDS)]
    said = [next(item.says for item in found.checklist if item.number == "8a") for found in reports]
    assert said == ["", "SvH, both hands, 0 to 280 SvH units."]


def test_the_checklist_tells_what_is_missing(model_report):
    found = model_report([1, math.nan, 3, 4, 9], A=[1, 2, math.nan, 5, 7], B=[2, 2, math.nan, math.nan, 8])
    assert next(item.says for item in found.checklist if (item.guideline, item.number) == ("TRIPOD+AI", "11")) == (
        "Missing: 1 films without a prediction, left out; 1 films with a prediction and without a reading, left out; "
        "1 readings of B."
    )


def test_a_record_of_predictions_made_elsewhere_claims_no_training(model_report, hands):
    report, run = model_report(hands[2], A=hands[0]), SimpleNamespace(job=SimpleNamespace(trainer=SCORED))
    assert model_checklist(report, run) == model_checklist(report)
