"""Readings, wide or long: every complaint names file, row, column and value."""

from __future__ import annotations

import math

import pytest

from ra_bench.errors import TableError
from ra_bench.reports.columns import Columns
from ra_bench.reports.readings import read_readings

LONG = "image,patient,reader,score\nf1,p1,Ann,3\nf1,p1,Bob,5\nf2,p2,Ann,7\nf3,p2,Ann,2\nf3,p2,Bob,1\n"


@pytest.fixture
def read(written):
    def call(text, score=None, **columns):
        return read_readings(written(text), Columns(**columns), score=score)

    return call


def test_a_wide_table_has_a_column_a_reader(read):
    found = read("id;Reader A;Reader B\n1;2,5;3\n2;;4\n3;1;1\n")
    assert (found.ids, found.readings["Reader B"]) == (("1", "2", "3"), (3, 4, 1))
    assert found.readings["Reader A"] == pytest.approx((2.5, math.nan, 1), nan_ok=True)
    assert found.guesses[-1] == "Readers: columns 'Reader A', 'Reader B'."


def test_a_long_table_has_a_row_a_reading(read):
    found = read(LONG)
    assert found.ids == ("f1", "f2", "f3")
    assert found.readings["Ann"] == (3, 7, 2)
    assert found.readings["Bob"] == pytest.approx((5, math.nan, 1), nan_ok=True)
    assert (found.patients, found.patients_known) == (("p1", "p2", "p2"), True)
    assert found.guesses[0] == "Long table: column 'reader' names the reader, 'score' holds the score."


def test_readers_may_be_numbers(read):
    assert tuple(read("film,reader,score\nf1,1,3\nf1,2,5\nf2,1,7\nf2,2,5\n").readings) == ("1", "2")


def test_a_column_of_one_readers_scores_is_not_taken_for_names(read):
    assert tuple(read("film,reader,rater\nf1,1,3\nf2,1,5\n").readings) == ("reader", "rater")
    assert tuple(read("film,expert,score\nf1,1,3\nf2,1,5\n").readings) == ("expert", "score")


def test_long_columns_can_be_named(read):
    found = read("a,b,c,d\nf1,Ann,3,9\nf1,Bob,5,9\n", score="c", readers=("b",), film="a")
    assert found.readings == {"Ann": (3,), "Bob": (5,)}


def test_columns_of_numbers_are_readers_where_no_header_says_so(read):
    found = read("id,age,Ann,Bob,mean\n1,50,2,3,2.5\n2,60,3,4,3.5\n")
    assert tuple(found.readings) == ("Ann", "Bob")
    assert "Not used: 'age', 'mean'." in found.guesses


def test_only_the_readers_that_are_named_are_taken(read):
    assert tuple(read("id,A,B,C\n1,2,3,4\n", readers=("a", "C")).readings) == ("A", "C")


def test_rows_are_films_where_no_column_names_them(read):
    found = read("rater 1,rater 2\n9,2\n6,1\n")
    assert found.ids == ("row 2", "row 3")
    assert "Film: no column found, so every row counts as a film." in found.guesses


def test_a_visit_makes_another_film(read):
    text = "patient,visit,reader,score\np1,0,Ann,3\np1,0,Bob,4\np1,1,Ann,5\np1,1,Bob,6\n"
    found = read(text, film="{patient}_{visit}", patient="patient")
    assert (found.ids, found.patients) == (("p1_0", "p1_1"), ("p1", "p1"))


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (
            "id,Reader A\n1,2\n",
            {},
            (
                ": found one reader, 'Reader A', and agreement takes two. Found: id, Reader A. Name each with --reader "
                "COLUMN, or of a long table --reader COLUMN --score COLUMN."
            ),
        ),
        (
            "id,reader,note\n1,Ann,x\n2,Ann,y\n",
            {},
            (
                ": found no column of a reader, and agreement takes two. Found: id, reader, note. Name each with "
                "--reader COLUMN, or of a long table --reader COLUMN --score COLUMN."
            ),
        ),
        (
            "id,Reader A,Reader B\n1,2,\n2,,3\n",
            {},
            (
                ": reader 'Reader A' read 1 films, none of which another reader read, so that nothing can be compared. "
                "Correct the names of the films, or leave the reader out by naming the others with --reader."
            ),
        ),
        (
            "id,Reader A,Reader B,Reader C\n1,2,3,\n2,,3,\n",
            {},
            (
                ": reader 'Reader C' read no film, so that nothing can be compared. Correct the names of the films, or "
                "leave the reader out by naming the others with --reader."
            ),
        ),
        (
            "id,Reader A,Reader B\n1,2,3\n2,two,3\n",
            {},
            (
                ", row 3, column 'Reader A': found 'two', which is no number. Correct it, or leave the cell empty if "
                "there is none."
            ),
        ),
        (
            "id,Reader A,Reader B\n1,2,3\n1,2,3\n",
            {},
            ", row 3, column 'id': film '1' stands in row 2 too. Keep one row a film.",
        ),
        (
            "id,reader,score\nf1,Ann,3\nf1,Bob,5\nf1,Ann,4\n",
            {},
            (
                ", row 4, column 'reader': 'Ann' read film 'f1' in row 2 too. Keep one reading a reader and film; if "
                "it is another visit, say so in the name of the film: --film '{patient}_{visit}'."
            ),
        ),
        (
            "id,reader,score\nf1,Ann,3\nf1,,5\nf2,Ann,4\n",
            {},
            ", row 3, column 'reader': found '', where the reader must stand. Fill it in, or delete the row.",
        ),
        (
            "id,patient,reader,score\nf1,p1,Ann,3\nf1,p2,Bob,5\nf2,p2,Ann,3\n",
            {},
            (
                ", row 3, column 'patient': found 'p2' for film 'f1', which is of 'p1' above. Correct the patient, or "
                "the name of the film."
            ),
        ),
        (
            "id,reader,score 1,score 2\nf1,Ann,3,3\nf1,Bob,5,5\nf2,Ann,1,1\n",
            {"readers": ("reader",)},
            ": 2 columns may hold the score: 'score 1', 'score 2'. Choose one with --score COLUMN.",
        ),
        (
            "id,who,score\nf1,Ann,3\nf1,Bob,5\n",
            {"score": "score"},
            ": no column names the readers. Found: id, who, score. Name it with --reader COLUMN.",
        ),
        ("", {}, ": the table is empty. The first row must name the columns."),
    ],
)
def test_bad_input_is_refused_with_file_row_column_and_value(read, tmp_path, text, options, message):
    with pytest.raises(TableError) as caught:
        read(text, **options)
    assert str(caught.value) == f"{tmp_path / 'p.csv'}{message}"


def test_a_long_table_without_scores_is_refused(read):
    with pytest.raises(TableError, match=r"no column of scores. Found: id, reader. Name it with --score"):
        read("id,reader\nf1,Ann\nf1,Bob\n", readers=("reader",))


def test_a_long_table_has_one_column_of_readers(read):
    with pytest.raises(
        TableError, match="--score says that the table is long: name one --reader, the column with thei"
    ):
        read("id,A,B\n1,2,3\n", score="A", readers=("A", "B"))
