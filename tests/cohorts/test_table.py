"""The table: every complaint names file, row, column and value."""

from dataclasses import replace

import pytest

from ra_bench.cohorts.description import Description, SplitColumn
from ra_bench.cohorts.table import read_entries, read_table
from ra_bench.errors import TableError
from ra_bench.values import SVH_HANDS

TWO = Description(name="c", table="t.csv", image="id", readers=("A", "B"), scale=SVH_HANDS)
ONE = replace(TWO, readers=(), score="score")


@pytest.fixture
def entries(tmp_path):
    """Read a table from its text."""

    def read(text, description=TWO, name="t.csv", encoding="utf-8"):
        (tmp_path / name).write_bytes(text.encode(encoding))
        return read_entries(read_table(tmp_path / name), description)

    return read


@pytest.fixture
def refused(entries, tmp_path):
    """What is said of a table that cannot be used."""

    def read(text, description=TWO, name="t.csv", encoding="utf-8"):
        with pytest.raises(TableError) as caught:
            entries(text, description, name, encoding)
        message = str(caught.value)
        assert str(tmp_path / name) in message
        return message.replace(str(tmp_path / name), "FILE")

    return read


def test_readings_come_by_reader(entries):
    assert [e.readings for e in entries("id,A,B\n1,10,12.5\n2,0,1\n")] == [{"A": 10, "B": 12.5}, {"A": 0, "B": 1}]


def test_a_byte_order_mark_and_spaces_in_headers_and_cells_do_no_harm(entries):
    (entry,) = entries(" id , A ,B \n 1 , 10 ,12\n", encoding="utf-8-sig")
    assert entry.film == "1"
    assert entry.readings == {"A": 10, "B": 12}


@pytest.mark.parametrize("header", ["", "Unnamed: 0"])
def test_an_unnamed_index_column_is_dropped(tmp_path, header):
    (tmp_path / "t.csv").write_text(f"{header},id,A\n0,x,1\n1,y,2\n")
    assert read_table(tmp_path / "t.csv").columns == ("id", "A")


def test_semicolons_with_decimal_commas_are_understood(entries):
    assert entries("id;A;B\n1;10,5;12\n")[0].readings == {"A": 10.5, "B": 12}


def test_quoted_decimal_commas_are_understood(entries):
    assert entries('id,A,B\n1,"10,5",12\n')[0].readings == {"A": 10.5, "B": 12}


def test_tabs_are_understood(entries):
    assert entries("id\tA\tB\n1\t10,5\t12\n", name="t.tsv")[0].readings == {"A": 10.5, "B": 12}


def test_windows_line_ends_are_understood(entries):
    assert entries("id,A,B\r\n1,10,12\r\n")[0].readings == {"A": 10, "B": 12}


@pytest.mark.parametrize("blank", ["", "NaN", "n/a", "NULL", " ", "-"])
def test_what_is_not_there_is_left_out_and_never_zero(entries, blank):
    assert entries(f"id,A,B\n1,{blank},12\n")[0].readings == {"B": 12}


def test_a_film_without_any_reading_has_none(entries):
    assert entries("id,A,B\n1,,\n2,1,1\n")[0].readings == {}


def test_blank_rows_are_skipped_but_counted(refused):
    assert refused("id,A,B\n1,2,3\n\n,,\n2,x,3\n").startswith("FILE, row 5, column 'A': found 'x', which is no number.")


def test_a_missing_column_is_told_with_the_nearest(refused):
    message = refused("id,A,reader B\n1,1,1\n", replace(TWO, readers=("A", "readerB")))
    assert message == "FILE: no column 'readerB'. Did you mean 'reader B'? Found: id, A, reader B."


@pytest.mark.parametrize("missing", ["image", "patient", "visit"])
def test_every_named_column_must_be_there(refused, missing):
    assert "no column 'zzz'. Found: id, A, B." in refused("id,A,B\n1,1,1\n", replace(TWO, **{missing: "zzz"}))


@pytest.mark.parametrize("cell", ["about 5", "5 6", "inf", "1_0", "0x10", "5%"])
def test_a_reading_that_is_no_number_is_told(refused, cell):
    message = refused(f"id,A,B\n1,2,3\n2,{cell},3\n")
    assert message.startswith(f"FILE, row 3, column 'A': found '{cell}', which is no number. Correct it, or leave")


@pytest.mark.parametrize("cell", ["-1", "281", "1e9"])
def test_a_score_outside_the_scale_is_told(refused, cell):
    message = refused(f"id,score\n1,{cell}\n", ONE)
    assert message.startswith(
        f"FILE, row 2, column 'score': found '{cell}', outside the scale 'SvH, both hands', 0 to 280 SvH units."
    )


def test_the_ends_of_the_scale_are_inside(entries):
    assert [e.readings["score"] for e in entries("id,score\n1,0\n2,280\n", ONE)] == [0, 280]


def test_a_film_in_two_rows_is_told_with_both(refused):
    message = refused("id,A,B\n7.png,2,3\n8,2,3\n7,2,3\n")
    assert message.startswith("FILE, row 4, column 'id': film '7' stands in row 2 too.")


def test_an_empty_film_cell_is_told(refused):
    assert "row 2, column 'id': found '', where a name must stand." in refused("id,A,B\n,2,3\n")


def test_an_empty_patient_cell_is_told(refused):
    message = refused("id,p,A,B\n1,x,2,3\n2,NaN,2,3\n", replace(TWO, patient="p"))
    assert "row 3, column 'p': found 'NaN', where a name must stand." in message


def test_patients_and_visits_are_text(entries):
    (entry,) = entries("id,p,v,A,B\n1,007,2021-01-01,2,3\n", replace(TWO, patient="p", visit="v"))
    assert (entry.patient, entry.visit) == ("007", "2021-01-01")


def test_a_pattern_makes_the_films_name(entries):
    (entry,) = entries("p,v,A,B\n12,3,2,3\n", replace(TWO, image="{p}_{v}.png"))
    assert entry.film == "12_3.png"


def test_the_columns_of_a_pattern_must_be_there(refused):
    assert "no column 'visit'" in refused("p,A,B\n12,2,3\n", replace(TWO, image="{p}_{visit}"))


def test_the_split_is_read_by_its_words_in_any_case(entries):
    split = SplitColumn(column="set", train=("tr",), validation=("va",), test=("te", "holdout"))
    found = entries("id,set,A,B\n1,TR,2,3\n2,va,2,3\n3,Holdout,2,3\n4,,2,3\n", replace(TWO, split=split))
    assert [e.side for e in found] == ["train", "validation", "test", None]


def test_a_word_that_the_split_does_not_name_is_told(refused):
    message = refused("id,set,A,B\n1,dev,2,3\n", replace(TWO, split=SplitColumn(column="set")))
    assert message == (
        "FILE, row 2, column 'set': found 'dev', which [split] in cohort.toml does not name. "
        "Named: train, validation, test."
    )


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(TableError, match=r"No such file or directory\. Check the path in cohort\.toml"):
        read_table(tmp_path / "t.csv")


@pytest.mark.parametrize("suffix", ["XLS", "ods"])
def test_other_spreadsheets_are_refused_with_a_way_out(tmp_path, suffix):
    with pytest.raises(TableError, match=r"tables cannot be read\. Save the sheet as xlsx or as 'CSV UTF-8'"):
        read_table(tmp_path / f"t.{suffix}")


def test_text_that_is_not_utf8_is_told_with_its_row(refused):
    message = refused("id,A,B\n1,2,3\nM\xfcller,2,3\n", encoding="latin-1")
    assert message == "FILE, row 3: the file is not UTF-8 text. Save the sheet as 'CSV UTF-8'."


def test_an_empty_file_is_told(refused):
    assert refused("") == "FILE: the table is empty. The first row must name the columns."


def test_a_header_without_rows_is_told(refused):
    assert refused("id,A,B\n").startswith("FILE: the table has a header and no rows.")


def test_two_columns_of_one_name_are_told(refused):
    assert refused("id,A,A\n1,2,3\n") == "FILE, row 1: two columns are called 'A'. Rename one."


def test_a_row_that_is_too_long_is_told_with_its_likely_cause(refused):
    message = refused("id,A,B\n1,10,5,12\n")
    assert message.startswith("FILE, row 2: 4 cells under 3 headers. If numbers have decimal commas, put ';'")


def test_a_row_that_is_too_short_has_blanks(entries):
    assert entries("id,A,B\n1,5\n")[0].readings == {"A": 5}
