"""A page of films."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from ra_bench.cohorts.contact_sheet import _caption, _title, contact_sheet, spread, write_contact_sheet
from ra_bench.errors import CohortError, FilmError


def broken_film():
    raise FilmError("the file is cut off.")


def test_films_are_spread_from_the_lowest_to_the_highest_score(make_cohort):
    cohort = make_cohort(21, scores=reversed(range(21)))
    assert [sample.readings["A"] for sample in spread(cohort, 5)] == [0, 5, 10, 15, 20]


def test_one_film_is_from_the_middle(make_cohort):
    assert [sample.readings["A"] for sample in spread(make_cohort(21), 1)] == [10]


def test_a_small_cohort_is_shown_whole(make_cohort):
    assert len(spread(make_cohort(3), 12)) == 3


def test_the_sheet_has_the_films_in_rows(make_cohort):
    sheet = np.asarray(contact_sheet(make_cohort(200), 4, 2, cell=80))
    assert sheet.shape[1] == 12 + 2 * 92
    height, half = sheet.shape[0] * 3 // 5, sheet.shape[1] // 2
    quarters = [sheet[:height, :half], sheet[:height, half:], sheet[height:, :half], sheet[height:, half:]]
    greys = [(quarter == grey).sum() for quarter, grey in zip(quarters, (0, 66, 133, 199), strict=True)]
    assert min(greys) > 2000


def test_a_sheet_is_written(make_cohort, tmp_path):
    write_contact_sheet(make_cohort(9), tmp_path / "sheet.png", 9, 3, cell=64)
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.mode == "L"
        assert sheet.width == 12 + 3 * 76


def test_the_title_says_what_is_shown(make_cohort):
    title = " ".join(_title(make_cohort(5, 2), 4, 2000))
    assert title == (
        "made, version 0123456789abcdef. 4 of 10 films of 5 patients, ordered by score: "
        "SvH, both hands, 0 to 280 SvH units."
    )


def test_the_title_says_when_films_are_simulated(make_cohort):
    assert "SIMULATED films, simulated readers." in " ".join(_title(make_cohort(5, simulated=True), 4, 2000))


def test_a_caption_has_id_score_and_readings(make_cohort):
    assert _caption(make_cohort(5).samples[3], 320) == ["film003: 4", "A: 3, B: 5"]


@pytest.mark.parametrize("numbers", [(0, 4, 320), (4, 0, 320), (4, 4, 8)])
def test_numbers_that_make_no_sheet_are_refused(make_cohort, numbers):
    count, columns, cell = numbers
    with pytest.raises(CohortError, match="at least 1 film, 1 column and 32 pixels are needed"):
        contact_sheet(make_cohort(5), count, columns, cell=cell)


def test_films_that_cannot_be_decoded_are_told(make_cohort):
    cohort = make_cohort(3)
    cohort = replace(cohort, samples=(replace(cohort.samples[0], film=broken_film), *cohort.samples[1:]))
    with pytest.raises(FilmError, match=r"1 of 3 films cannot be used:\n  film000: the file is cut off\."):
        contact_sheet(cohort)


def deep_film() -> np.ndarray:
    return np.full((30, 40), 40_000, np.uint16)


def test_films_of_sixteen_bits_are_shown_with_eight(make_cohort):
    cohort = make_cohort(1)
    cohort = replace(cohort, samples=(replace(cohort.samples[0], film=deep_film),))
    sheet = np.asarray(contact_sheet(cohort, 1, 1, cell=80))
    assert (sheet == round(40_000 / 257)).sum() >= 80 * 60
