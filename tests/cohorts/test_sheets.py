"""Workbooks: what a sheet means is read, and what it leaves open is refused."""

import sys
from dataclasses import replace
from datetime import date, datetime

import pytest

from ra_bench.cohorts.description import Description
from ra_bench.cohorts.sheets import read_cells, read_header
from ra_bench.cohorts.table import read_entries, read_table
from ra_bench.errors import TableError
from ra_bench.values import SVH_HANDS

openpyxl = pytest.importorskip("openpyxl")

TWO = Description(name="c", table="t.xlsx", image="id", readers=("A", "B"), scale=SVH_HANDS)


@pytest.fixture
def book(tmp_path):
    """Write a workbook: rows by sheet, and number formats by cell of the first sheet."""

    def write(*sheets, formats=None):
        workbook = openpyxl.Workbook()
        workbook.remove(workbook.active)
        for rows in sheets:
            sheet = workbook.create_sheet()
            for row in rows:
                sheet.append(row)
        for cell, number_format in (formats or {}).items():
            workbook.worksheets[0][cell].number_format = number_format
        workbook.save(tmp_path / "t.xlsx")
        return tmp_path / "t.xlsx"

    return write


def refused(file, description=TWO):
    with pytest.raises(TableError) as caught:
        read_entries(read_table(file), description)
    return str(caught.value).replace(str(file), "FILE")


def test_a_workbook_is_a_table_like_any_other(book):
    file = book([[" id ", "A", "B"], ["x", 10, 12.5], ["y", None, "0,5"]])
    assert [e.readings for e in read_entries(read_table(file), TWO)] == [{"A": 10, "B": 12.5}, {"B": 0.5}]


def test_an_unnamed_index_column_of_a_workbook_is_dropped(book):
    assert read_table(book([[None, "id", "A"], [0, "x", 1]])).columns == ("id", "A")


def test_numbers_that_name_films_have_no_point(book):
    assert read_cells(book([["id"], [1377], [1378.0], [12.5], [True]])) == [
        ["id"],
        ["1377"],
        ["1378"],
        ["12.5"],
        ["True"],
    ]


def test_zeros_that_a_format_shows_are_kept(book):
    file = book([["id"], [7], [1234]], formats={"A2": "000", "A3": "000"})
    assert read_cells(file) == [["id"], ["007"], ["1234"]]


def test_dates_are_written_as_dates(book):
    file = book([["visit"], [date(2021, 1, 31)], [datetime.fromisoformat("2021-01-31 09:30")]])
    assert read_cells(file) == [["visit"], ["2021-01-31"], ["2021-01-31 09:30:00"]]


def test_a_score_that_the_program_took_for_a_date_is_told(book):
    message = refused(book([["id", "A", "B"], ["x", datetime.fromisoformat("2021-05-01"), 3]]))
    assert message.startswith("FILE, row 2, column 'A': found '2021-05-01', which is no number.")


def test_blank_rows_of_a_workbook_are_counted(book):
    message = refused(book([["id", "A", "B"], ["x", 1, 2], [None, None, None], ["y", "?", 2]]))
    assert message.startswith("FILE, row 4, column 'A': found '?', which is no number.")


def test_a_value_that_a_formula_could_not_give_is_told(book):
    message = refused(book([["id", "A", "B"], ["x", "#DIV/0!", 2]]))
    assert "row 2, column 'A': found '#DIV/0!', which is no number." in message


def test_a_formula_without_a_value_is_told_and_never_blank(book):
    message = refused(book([["id", "A", "B"], ["x", "=1+2", 2]]))
    assert message.startswith("FILE, row 2, cell B2: found the formula '=1+2' without a value. Open the workbook in a")


def test_empty_sheets_do_no_harm(book):
    assert read_cells(book([], [["id"], ["x"]])) == [["id"], ["x"]]


def test_two_filled_sheets_are_told(book):
    message = refused(book([["id", "A", "B"]], [["notes"]]))
    assert message == (
        "FILE: 2 sheets hold something ('Sheet', 'Sheet1'), and which is meant is not said. "
        "Keep one, or save the one that is meant as 'CSV UTF-8'."
    )


def test_a_workbook_without_any_cell_is_told(book):
    assert refused(book([])) == "FILE: no sheet holds anything. The first row must name the columns."


def test_a_file_that_is_no_workbook_is_told(tmp_path):
    (tmp_path / "t.xlsx").write_text("<html>sign in</html>")
    assert "is no workbook that can be read (BadZipFile: File is not a zip file)." in refused(tmp_path / "t.xlsx")


def test_a_missing_workbook_is_told(tmp_path):
    assert refused(tmp_path / "t.xlsx").startswith("Cannot read the table FILE: No such file or directory.")


def test_without_the_extra_a_workbook_is_refused_with_the_command_that_brings_it(book, monkeypatch):
    file = book([["id", "A", "B"], ["x", 1, 2]])
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    message = refused(file)
    assert "Install it with \"pip install 'ra-bench[xlsx]'\", or save the sheet as 'CSV UTF-8'." in message


def test_a_header_is_read_without_the_rest(tmp_path):
    (tmp_path / "t.csv").write_bytes(b"\xef\xbb\xbf id ;B\n\xff\xff")
    assert read_header(tmp_path / "t.csv") == ["id", "B"]


def test_a_header_that_is_no_text_is_told(tmp_path):
    (tmp_path / "t.csv").write_bytes(b"\xff\xfe")
    with pytest.raises(TableError, match=r"t\.csv, row 1: the header cannot be read"):
        read_header(tmp_path / "t.csv")


def test_a_quote_left_open_is_told(tmp_path):
    (tmp_path / "t.csv").write_text('id,A,B\nx,"1,2\n' + "y" * 200_000)
    assert "field larger than field limit (131072). Is a quote left open in this row?" in refused(
        tmp_path / "t.csv", replace(TWO, table="t.csv")
    )
