"""The scale of a table that does not say it."""

from __future__ import annotations

import pytest

from ra_bench.cohorts.layouts.rsna import BONE_AGE
from ra_bench.cohorts.propose import SVH_HANDS_FEET
from ra_bench.reports.scales import guess_scale, scale_between
from ra_bench.values import SVH_HANDS


@pytest.mark.parametrize(
    ("readings", "scale"),
    [
        ({"reference": (0, 280)}, SVH_HANDS),
        ({"reference": (0, 281)}, SVH_HANDS_FEET),
        ({"reference": (0, 449)}, None),
        ({"reference": (-1, 12)}, None),
        ({"boneage": (12, 216)}, BONE_AGE),
    ],
)
def test_it_is_guessed_from_headings_and_scores(readings, scale):
    assert guess_scale(readings)[0] == scale


def test_ends_that_are_those_of_a_known_scale_name_it():
    assert [scale_between(0, end).name for end in (280, 448, 100)] == [
        "SvH, both hands",
        "SvH, hands and feet",
        "score",
    ]
