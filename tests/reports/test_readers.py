"""Reader against reader, against printed numbers and scipy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from ra_bench.metrics import krippendorff_alpha, qwk
from ra_bench.reports.render import as_plain_text

# Shrout and Fleiss 1979, table 2: six films, four judges
JUDGES = {"1": [9, 6, 8, 7, 10, 6], "2": [2, 1, 4, 1, 5, 2], "3": [5, 3, 6, 2, 6, 4], "4": [8, 2, 8, 6, 9, 7]}


def test_icc_of_four_judges_matches_shrout_and_fleiss_1979(reader_report):
    icc = reader_report(**JUDGES).readers.together.icc
    printed = {"icc_1_1": 0.17, "icc_a_1": 0.29, "icc_c_1": 0.71, "icc_1_k": 0.44, "icc_a_k": 0.62, "icc_c_k": 0.91}
    assert {name: round(value.value, 2) for name, value in icc.items()} == printed
    assert icc["icc_c_1"].method == "F"
    assert icc["icc_c_1"].low < 0.71 < icc["icc_c_1"].high


def test_every_pair_is_measured_and_each_against_the_others(reader_report):
    found = reader_report(**JUDGES).readers
    assert len(found.pairs) == 6
    assert [(pair.name, pair.against) for pair in found.against_others] == [(name, "the others") for name in "1234"]


def test_measurement_error_follows_from_the_sd_of_the_differences(reader_report, hands):
    (pair,) = reader_report(A=hands[0], B=hands[1]).readers.pairs
    sd = (hands[1] - hands[0]).std(ddof=1)
    assert (pair.sem, pair.sdc, pair.sdc_mean_of_two) == pytest.approx(
        (sd / math.sqrt(2), 1.959964 * sd, 1.959964 * sd / math.sqrt(2))
    )
    assert pair.pair.limits.high.value == pytest.approx((hands[1] - hands[0]).mean() + 1.959964 * sd)


def test_the_t_test_of_two_readers_is_that_of_scipy(reader_report, hands):
    found = reader_report(A=hands[0], B=hands[1]).readers.pairs[0].pair.mean_difference
    assert (found.t, found.p) == pytest.approx(tuple(stats.ttest_rel(hands[1], hands[0])))


def test_kappa_is_told_when_asked(reader_report, hands):
    asked, plain = (reader_report(bands=bands, A=hands[0], B=hands[1]) for bands in ((1, 10, 25, 50, 100), None))
    kappa = asked.readers.pairs[0].kappa
    assert kappa.value == pytest.approx(qwk(hands[0], hands[1], (1, 10, 25, 50, 100)))
    assert kappa.low < kappa.value < kappa.high
    assert "kappa" in as_plain_text(asked)
    assert math.isnan(plain.readers.pairs[0].kappa.value)
    assert "kappa" not in as_plain_text(plain)


def test_gaps_leave_each_pair_its_own_films_and_alpha_all_of_them(reader_report, hands):
    gappy = hands[1].copy()
    gappy[:5] = np.nan
    found = reader_report(A=hands[0], B=gappy, C=hands[2])
    assert [pair.pair.films for pair in found.readers.pairs] == [35, 40, 35]
    assert found.readers.together.films_read_by_all == 35
    assert found.readers.together.alpha == pytest.approx(krippendorff_alpha([hands[0], gappy, hands[2]]))
    assert any(
        "'B' lacks 5 of 40): each pair is measured on the films that both read." in text for text in found.remarks
    )
    assert "Krippendorff's alpha" in as_plain_text(found)


def test_two_readers_without_gaps_have_no_line_on_alpha(reader_report, hands):
    assert "Krippendorff" not in as_plain_text(reader_report(A=hands[0], B=hands[1]))


def test_readers_who_share_no_film_are_na_and_told(reader_report):
    found = reader_report(A=[1, 2, math.nan, math.nan], B=[math.nan, math.nan, 3, 4], C=[1, 2, 3, 5])
    apart = next(pair.pair for pair in found.readers.pairs if (pair.pair.against, pair.pair.name) == ("A", "B"))
    assert apart.films == 0
    assert all(math.isnan(value.value) for value in apart.values.values())
    assert "'A' and 'B' have no film in common: nothing can be said of them." in found.remarks
