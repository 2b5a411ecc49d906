"""Predictions of a model, from whatever table or run: every complaint names file, row, column and value."""

from __future__ import annotations

import math

import pytest

from ra_bench.errors import RecordError, TableError
from ra_bench.reports.columns import Columns
from ra_bench.reports.tables import read_model_predictions
from ra_bench.values import Predictions


def test_a_spreadsheet_with_semicolons_decimal_commas_and_a_byte_order_mark_is_read(written):
    text = "Film Nr ; Reader 1;Reader 2;KI predicted\r\nA.png;12,5;;3\r\n\r\nB.PNG;0;1;n/a\r\nC;4;5,25;6\r\n"
    found = read_model_predictions(written(text, encoding="utf-8-sig"))
    given = found.predictions
    assert (given.ids, given.patients, found.patients_known) == (("A", "B", "C"), ("A", "B", "C"), False)
    assert given.readings["Reader 1"] == (12.5, 0, 4)
    assert given.readings["Reader 2"] == pytest.approx((math.nan, 1, 5.25), nan_ok=True)
    assert given.predicted == pytest.approx((3, math.nan, 6), nan_ok=True)


def test_a_table_with_tabs_is_read(written):
    found = read_model_predictions(written("id\tpredicted\treference\n1\t2\t3\n", name="p.tsv"))
    assert (found.name, found.predictions.predicted) == ("p", (2,))


def test_the_rows_of_a_spreadsheet_are_kept(written):
    found = read_model_predictions(written("id,predicted,reference\n1,2,3\n\n2,3,4\n"))
    assert (found.rows, found.film_column) == ((2, 4), "id")


def test_a_pattern_names_the_films(written):
    file = written("patient,visit,predicted,score\np1,0,2,3\np1,1,3,4\n")
    found = read_model_predictions(file, Columns(film="{patient}_{visit}"))
    assert found.predictions == Predictions(
        ids=("p1_0", "p1_1"), patients=("p1", "p1"), readings={"score": (3, 4)}, predicted=(2, 3)
    )


def test_the_name_of_a_model_is_that_of_its_file_unless_given(written):
    file = written("id,predicted,reference\n1,2,3\n", name="my net.csv")
    assert [read_model_predictions(file, name=name).name for name in (None, "net 2")] == ["my net", "net 2"]


def test_readings_are_not_looked_for_where_they_come_from_elsewhere(written):
    found = read_model_predictions(written("id,predicted\n1,2\n"), needs_reference=False)
    assert found.predictions.readings == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", ": the table is empty. The first row must name the columns."),
        ("id,predicted,reference\n", ": the table has a header and no rows. One row a film is needed."),
        (
            "id,predicted,reference\n1,2,3\n2,abc,4\n",
            (
                ", row 3, column 'predicted': found 'abc', which is no number. Correct it, or leave the cell empty if "
                "there is none."
            ),
        ),
        (
            "id,predicted,reference\n1,1e999,3\n",
            (
                ", row 2, column 'predicted': found '1e999', a number that no scale has. Correct it, or leave the "
                "cell empty if there is none."
            ),
        ),
        (
            "id,predicted,reference\n1,2,inf\n",
            (
                ", row 2, column 'reference': found 'inf', which is no number. Correct it, or leave the cell empty if "
                "there is none."
            ),
        ),
        (
            "id,predicted,reference\n1,2,3\n,3,4\n",
            ", row 3, column 'id': found '', where the name of the film must stand. Fill it in, or delete the row.",
        ),
        (
            "id,predicted,reference\n1.png,2,3\n1.jpg,3,4\n",
            ", row 3, column 'id': film '1' stands in row 2 too. Keep one row a film.",
        ),
        (
            "id,patient,predicted,reference\n1,p1,2,3\n2,,3,4\n",
            (
                ", row 3, column 'patient': found '', where the patient must stand. Fill it in for every film, or "
                "leave the column out."
            ),
        ),
        (
            "id,predicted,reference\n1,,3\n",
            ", column 'predicted': every cell is blank. Name another column with --predicted.",
        ),
        (
            "id,predicted,reader 1,reader 2\n1,2,3,\n2,3,4,\n",
            (
                ", column 'reader 2': every cell is blank. Correct the column, or name others with --reader or "
                "--reference."
            ),
        ),
        (
            "id,predicted,reader 1,reader 2\n1,2,3,\n2,,4,5\n",
            (
                ", column 'reader 2': none of the 1 films that it reads has a prediction. Correct the column, or name "
                "others with --reader or --reference."
            ),
        ),
        (
            "id,predicted,reference\n1,2,3,4\n",
            (
                ", row 2: 4 cells under 3 headers. If numbers have decimal commas, put ';' between cells or quotes "
                "around numbers."
            ),
        ),
    ],
)
def test_bad_input_is_refused_with_file_row_column_and_value(written, text, message):
    file = written(text)
    with pytest.raises(TableError) as caught:
        read_model_predictions(file)
    assert str(caught.value) == f"{file}{message}"


def test_a_file_that_is_not_there_is_said(tmp_path):
    with pytest.raises(
        TableError, match=r"x.csv: there is no such file. Name a csv, tsv or xlsx with a row a film, or the fo"
    ):
        read_model_predictions(tmp_path / "x.csv")


def test_a_run_has_no_columns_to_name(tmp_path):
    with pytest.raises(TableError, match=r"a run has no columns to name. Leave the options for columns out."):
        read_model_predictions(tmp_path, Columns(film="id"))


def test_a_folder_of_runs_is_told_which_ones(tmp_path):
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/record.json").touch()
    with pytest.raises(RecordError, match=r"is missing. Name one of 1 below it, such as .*/a/b."):
        read_model_predictions(tmp_path)


def test_a_folder_without_a_run_is_said(tmp_path):
    with pytest.raises(
        RecordError, match=r"holds no finished run: record.json is missing. Name the folder of a run, or a table\."
    ):
        read_model_predictions(tmp_path)
