"""`ra-bench cohort check`: what it prints and writes, and how it ends."""

from __future__ import annotations

import json
import re

import pytest


@pytest.fixture
def made(cli, tmp_path):
    assert cli("cohort", "make", "clinic", "--films", "24", "--width", "64").code == 0
    return tmp_path / "clinic"


def test_a_clean_cohort_ends_with_0_and_is_called_simulated(made, cli):
    said = cli("cohort", "check", "clinic/cohort.toml")
    assert said.code == 0
    assert said.out.startswith(
        "Cohort clinic: SIMULATED films, simulated readers\nNothing was found: no error, no warning.\n"
    )
    assert said.err == ""
    assert not (made.parent / "clinic-check.html").exists()


@pytest.mark.slow
def test_an_error_ends_with_1_and_a_run_says_the_same_and_names_the_command(made, cli):
    (made / "films" / "synthetic-0003.png").unlink()
    said = cli("cohort", "check", "clinic/cohort.toml")
    assert said.code == 1
    assert "error: 1 of 24 films cannot be found. [missing-films]" in said.out
    assert "- row 4: film 'synthetic-0003' is not there." in said.out
    run = cli("run", "--models", "mean", "--dataset", "clinic/cohort.toml", "-q")
    assert run.code == 1
    assert "row 4: film 'synthetic-0003' is not there." in run.err
    (command,) = re.findall(r"All of it at once: ra-bench (.*)", run.err)
    assert cli(*command.split()).out == said.out


def test_a_warning_ends_with_0_and_stands_on_the_board(made, cli):
    table = made / "readings.csv"
    table.write_text("\n".join(table.read_text().splitlines()[:-1]) + "\n")
    said = cli("cohort", "check", "clinic/cohort.toml")
    assert said.code == 0
    assert "No error, 1 warning." in said.out
    assert "- synthetic-0024.png" in said.out
    run = cli("run", "--models", "mean", "--dataset", "clinic/cohort.toml", "--protocol", "smoke", "-q")
    assert run.code == 0
    board = (made.parent / "leaderboards" / "clinic-smoke" / "board.md").read_text()
    assert "1 film of the folder stands in no row of the table and is not used." in board
    assert "synthetic-0024" not in board.split("## Remarks")[-1]


def test_two_hundred_malformed_films_are_all_listed_and_nothing_is_written(made, cli, tmp_path):
    films = made / "films"
    for film in films.iterdir():
        film.unlink()
    kinds = [b"", b"<html>403</html>", b"\x89PNG\r\n\x1a\n", b"BM", b"II*\0", b"\0" * 128 + b"DICM", b"text"]
    for number in range(200):
        (films / f"f{number:03d}.png").write_bytes(kinds[number % len(kinds)])
    rows = "".join(f"f{number:03d},p{number},1,2\n" for number in range(200))
    (made / "readings.csv").write_text("film,patient,reader 1,reader 2\n" + rows)
    said = cli("cohort", "check", "clinic/cohort.toml", "--data", tmp_path / "kept")
    assert said.code == 1
    assert "error: 200 of 200 films cannot be used. [unreadable-films]" in said.out
    assert set(re.findall(r"f\d{3}\.png", said.out)) == {f"f{number:03d}.png" for number in range(200)}
    assert "Traceback" not in said.out + said.err
    assert not (tmp_path / "kept").exists()


def test_the_page_is_one_file_that_fetches_nothing_in_light_and_dark(made, cli, tmp_path):
    said = cli("cohort", "check", "clinic/cohort.toml", "--out", "report")
    assert said.out.endswith("Wrote report/clinic-check.html\nWrote report/clinic-check.json\n")
    page = (tmp_path / "report" / "clinic-check.html").read_text()
    assert "SIMULATED films" in page
    assert "prefers-color-scheme: dark" in page
    assert re.findall(r"(?:src|href)=|url\(|@import|https?:|<script", page) == []
    assert len(re.findall(r"<rect class=\"train\"", page)) > 1
    values = json.loads((tmp_path / "report" / "clinic-check.json").read_text())
    assert (values["name"], values["simulated"], values["findings"]) == ("clinic", True, [])
    assert sum(values["scores"]["counts"]["train"]) == values["sides"][1]["films"] == 17


def test_names_on_the_page_are_text_and_no_markup(made, cli, tmp_path):
    table = made / "readings.csv"
    table.write_text(table.read_text() + "<b>bold.png,<i>who,1,2\n")
    cli("cohort", "check", "clinic/cohort.toml", "--out", "report")
    page = (tmp_path / "report" / "clinic-check.html").read_text()
    assert "&lt;b&gt;bold" in page
    assert "<b>bold" not in page


def test_a_dataset_that_is_not_there_and_a_wrong_flag_are_told(cli):
    assert "Error: Cannot read the description none.toml" in cli("cohort", "check", "none.toml").err
    assert "No dataset named 'synthetic-hand'" in cli("cohort", "check", "synthetic-hand").err
    assert cli("cohort", "check", "synthetic-hands", "--fast").code == 2


def test_a_folder_that_cannot_be_written_to_is_told(made, cli, tmp_path):
    (tmp_path / "file").touch()
    said = cli("cohort", "check", "clinic/cohort.toml", "--out", "file/below")
    assert said.code == 1
    assert "Error: Cannot make the folder file/below" in said.err
