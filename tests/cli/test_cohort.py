"""`ra-bench cohort`: from a folder of films to a cohort.toml and a contact sheet."""

from __future__ import annotations

import pytest


@pytest.fixture
def made(cli):
    said = cli("cohort", "make", "clinic", "--films", "6", "--width", "64")
    assert said.code == 0
    return said


def test_simulated_films_are_made_and_the_next_command_is_told(made, tmp_path):
    assert made.out == "Wrote 6 simulated films.\n  ra-bench run --models all --dataset clinic/cohort.toml\n"
    assert len(list((tmp_path / "clinic/films").glob("*.png"))) == 6


def test_a_contact_sheet_is_written(made, cli, tmp_path):
    said = cli("cohort", "show", "clinic/cohort.toml", "-n", "4", "-o", "sheet.png")
    assert said.out == "Wrote sheet.png\n"
    assert (tmp_path / "sheet.png").read_bytes().startswith(b"\x89PNG")


def test_the_contact_sheet_has_the_name_of_the_cohort_if_none_is_given(made, cli, tmp_path):
    assert cli("cohort", "show", "clinic/cohort.toml").out == "Wrote clinic.png\n"


def test_a_description_that_is_there_is_kept_unless_it_may_be_replaced(made, cli, tmp_path):
    file = tmp_path / "clinic/cohort.toml"
    mine = file.read_text().replace('"clinic"', '"mine"')
    file.write_text(mine)
    said = cli("cohort", "init", "clinic")
    assert said.code == 1
    assert (
        "Error: clinic/cohort.toml is there already and is left as it is. Edit it, or write it anew with --f"
        in said.err
    )
    assert file.read_text() == mine
    said = cli("cohort", "init", "clinic", "--force")
    assert said.code == 0
    assert said.out.endswith(
        "then:\n  ra-bench cohort check clinic/cohort.toml\n  ra-bench run --models all --dataset clinic/cohort.toml\n"
    )
    assert 'name = "clinic"' in file.read_text()


def test_a_pretraining_set_has_no_contact_sheet(cli, tiny_file):
    said = cli("cohort", "show", "tiny-findings", "-p", tiny_file)
    assert said.code == 1
    assert "Error: 'tiny-findings' is a pretraining set and has no scores." in said.err
