"""A sheet that was filled in becomes labels of another version."""

from __future__ import annotations

from pathlib import Path

import pytest

from ra_bench.cohorts.version import cohort_version
from ra_bench.errors import TableError
from ra_bench.reports.reread.merge import with_reread
from ra_bench.values import SVH_HANDS, Cohort, Sample


def sample(film, **readings):
    return Sample(
        sample_id=film, patient_id=f"p-{film}", visit="", film=Path(film), readings=readings, pixels=f"pixels of {film}"
    )


SAMPLES = (sample("a", A=10.0, B=20.0), sample("b", A=30.0, B=30.0), sample("=c", A=50.0))
CONTENTS = {one.sample_id: one.pixels for one in SAMPLES}


def version(samples):
    return cohort_version(samples=samples, scale=SVH_HANDS, given_split=None, contents=CONTENTS)


COHORT = Cohort(name="clinic", version=version(SAMPLES), scale=SVH_HANDS, samples=SAMPLES, citation="", licence="")


def merged(tmp_path, text):
    (tmp_path / "sheet.csv").write_text(text)
    return with_reread(COHORT, tmp_path / "sheet.csv")


def readings(found):
    return {one.sample_id: dict(one.readings) for one in found.cohort.samples}


def test_a_new_column_adds_a_reader_and_blank_cells_change_nothing(tmp_path):
    found = merged(tmp_path, "film,re-read\na,18\nb,\n'=c,60.5\n")
    assert readings(found) == {
        "a": {"A": 10.0, "B": 20.0, "re-read": 18.0}, "b": {"A": 30.0, "B": 30.0}, "=c": {"A": 50.0, "re-read": 60.5},
    }  # fmt: skip
    assert "Read again: 2 of the 3 films of sheet.csv, by 're-read' (new reader)" in found.said[0]


def test_the_column_of_a_reader_replaces_that_readers_scores(tmp_path):
    found = merged(tmp_path, "film,B\na,12\nb,31\n")
    assert readings(found)["a"] == {"A": 10.0, "B": 12.0}
    assert "'B' (replaces)" in found.said[0]


def test_the_version_is_that_of_a_cohort_with_these_readings(tmp_path):
    found = merged(tmp_path, "film,B\na,12\n")
    assert found.cohort.version == version((sample("a", A=10.0, B=12.0), *SAMPLES[1:]))
    assert found.cohort.version != COHORT.version
    assert merged(tmp_path, "film,B\na,20\n").cohort.version == COHORT.version


def test_with_the_key_beside_it_says_how_far_suspects_and_controls_moved(tmp_path):
    (tmp_path / "sheet-key.csv").write_text("film,kind,models_off\na,suspect,-9.00\nb,control,\n")
    found = merged(tmp_path, "film,A,B\na,5,13\nb,34,30\n")
    # a: 15 to 9, down as the models said; b: 30 to 32
    assert (
        "on 1 suspects the reference moved by 6.0 on average, 6.0 of it to the side of the models; on 1 controls by 2.0"
    ) in found.said[1]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("image,A\na,1\n", "no column 'film'. Found: image, A"),
        ("film,A\na,1\na,2\n", "row 3: film 'a' stands there twice"),
        ("film,A\nz,1\n", "1 films are not in 'clinic', such as 'z'"),
        ("film,A\na,\n", "no score is filled in"),
        ("film,A\na,about 3\n", "row 2, column 'A': found 'about 3'. Give a number from 0 to 280"),
        ("film,A\na,281\n", "found '281'. Give a number from 0 to 280"),
        ("film,A\na,-1\n", "found '-1'. Give a number from 0 to 280"),
    ],
)
def test_a_sheet_that_cannot_be_meant_is_refused(tmp_path, text, said):
    with pytest.raises(TableError, match=said.replace("(", r"\(")):
        merged(tmp_path, text)
