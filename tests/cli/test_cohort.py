"""`ra-bench cohort`: from a folder of films to a cohort.toml and a contact sheet."""

from __future__ import annotations

import io

import pytest

from ra_bench.cohorts.load import load_cohort
from ra_bench.cohorts.locks import share


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


@pytest.fixture
def kept(made, tmp_path):
    """The folder of a store of six films."""
    load_cohort(tmp_path / "clinic/cohort.toml", tmp_path / "data", size=(48, 64))
    (folder,) = (tmp_path / "data/films").iterdir()
    return folder


def test_what_is_kept_of_films_is_listed(kept, cli):
    lines = cli("cohort", "cache", "--data", "data").out.splitlines()
    assert lines[0].split() == ["name", "cohort", "size", "films", "MB", "last", "used", "state"]
    assert lines[1].split()[:6] == [kept.name, "clinic", "48", "x", "64", "6"]
    assert lines[1].endswith("whole")
    assert lines[2].split()[:2] == ["film-looks", "6"]


def test_damage_is_found_on_demand(kept, cli):
    films = kept / "films.bin"
    films.write_bytes(b"\xff" + films.read_bytes()[1:])
    assert cli("cohort", "cache", "--data", "data", "clinic", "--check").out.splitlines()[1].endswith("damaged")


def test_what_is_kept_is_deleted_by_name_and_the_rest_stays(kept, cli):
    said = cli("cohort", "cache", "--data", "data", "clinic", "--prune", "--yes")
    assert said.code == 0
    assert said.out.splitlines()[-1] == f"Deleted {kept.name}, 0.0 MB."
    assert not kept.exists()
    assert cli("cohort", "cache", "--data", "data").out.splitlines()[1].startswith("film-looks")
    assert cli("cohort", "cache", "--data", "data", "--prune", "--yes").code == 0
    assert cli("cohort", "cache", "--data", "data").out.startswith("Nothing is kept in ")


def test_nothing_is_deleted_without_a_yes(kept, cli, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    said = cli("cohort", "cache", "--data", "data", "--prune")
    assert (said.code, said.out.splitlines()[-1][-20:]) == (0, "Nothing was deleted.")
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    said = cli("cohort", "cache", "--data", "data", "--prune")
    assert said.code == 2
    assert "Error: nobody answers. To delete without being asked, say --yes." in said.err
    assert kept.exists()


def test_what_is_in_use_stays_and_is_told(kept, cli):
    with share(kept / ".users.lock"):
        said = cli("cohort", "cache", "--data", "data", "--prune", "--yes")
    assert said.code == 1
    assert f"Error: '{kept.name}' is in use and is left as it is. Delete it when the run has ended." in said.err
    assert "Deleted film-looks" in said.out
    assert kept.exists()


def test_a_name_that_nothing_has_and_an_age_that_nothing_has(kept, cli):
    assert "Nothing is kept under the name 'clinics'." in cli("cohort", "cache", "--data", "data", "clinics").err
    assert cli("cohort", "cache", "--data", "data", "--older-than", "1").out == "Nothing of that kind is kept.\n"
    assert cli("cohort", "cache", "--data", "data", "--yes").code == 2
