"""Where contenders come from, and that each has a name of its own."""

from __future__ import annotations

import pytest

from ra_bench.errors import RecordError, TableError
from ra_bench.reports.sources import read_contenders


def test_a_file_is_called_after_itself(made_up, tmp_path):
    (tmp_path / "net.csv").write_text(made_up.csv_of(made_up.predictions(5)))
    (found,) = read_contenders([tmp_path / "net.csv"])
    assert (found.name, found.seeds, found.patients_known) == ("net", (), True)


def test_files_of_one_name_are_told_apart_by_their_folders(made_up, tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "net.csv").write_text(made_up.csv_of(made_up.predictions(5)))
    found = read_contenders([tmp_path / "a" / "net.csv", tmp_path / "b" / "net.csv"])
    assert [one.name for one in found] == [f"net ({tmp_path / 'a' / 'net.csv'})", f"net ({tmp_path / 'b' / 'net.csv'})"]


def test_the_same_file_twice_is_refused(made_up, tmp_path):
    (tmp_path / "net.csv").write_text(made_up.csv_of(made_up.predictions(5)))
    with pytest.raises(RecordError, match="is given twice"):
        read_contenders([tmp_path / "net.csv", tmp_path / "net.csv"])


def test_a_folder_without_runs_is_refused_with_what_can_be_named(tmp_path):
    with pytest.raises(RecordError, match=r"holds no run\. Name a file of predictions"):
        read_contenders([tmp_path])


def test_a_board_without_predictions_says_why(tmp_path):
    (tmp_path / "board.json").write_text("{}")
    with pytest.raises(RecordError, match="keeps no predictions: its cohort is private, or nothing is measured yet"):
        read_contenders([tmp_path])


def test_a_file_without_a_reference_is_read_without_one(tmp_path):
    (tmp_path / "net.csv").write_text("id,predicted\nf1,3\nf2,9\n")
    (found,) = read_contenders([tmp_path / "net.csv"])
    assert found.predictions[0].readings == {}
    assert found.predictions[0].predicted == (3.0, 9.0)


def test_readings_that_are_no_numbers_are_not_passed_over(tmp_path):
    (tmp_path / "net.csv").write_text("id,predicted,reference\nf1,3,four\nf2,9,8\n")
    with pytest.raises(TableError, match="found 'four', which is no number"):
        read_contenders([tmp_path / "net.csv"])


def test_options_of_another_command_are_not_offered_as_ones_of_this(tmp_path):
    (tmp_path / "net.csv").write_text("id,zebra\nf1,3\nf2,9\n")
    with pytest.raises(TableError, match=r"Those are options of 'ra-bench score'\. Here, head the columns film"):
        read_contenders([tmp_path / "net.csv"])
