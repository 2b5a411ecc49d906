"""`ra-bench compare` on a board, on runs and on files."""

from __future__ import annotations

import json
import shutil


def test_a_board_is_compared_in_itself(first, cli, tmp_path):
    shutil.copytree(first[0] / "leaderboards", tmp_path / "leaderboards")
    said = cli("compare", "leaderboards/tiny-tiny")
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("2 models on ")
    assert "fifty" in said.out
    assert "forty" in said.out


def test_runs_and_the_file_of_one_are_compared(first, cli, tmp_path):
    (run,) = first[0].glob("runs/tiny-tiny/fifty/*")
    (other,) = first[0].glob("runs/tiny-tiny/forty/*")
    shutil.copy(other / "predictions.csv", tmp_path / "elsewhere.csv")
    said = cli("compare", run, "elsewhere.csv", "-o", "found")
    assert (said.code, said.err) == (0, "")
    found = json.loads((tmp_path / "found/comparison.json").read_text())
    assert {model["name"] for model in found["models"]} == {"fifty", "elsewhere"}
    assert found["models"][0]["metrics"]["rho"]["value"] is None


def test_other_films_end_with_code_1_and_the_option_that_helps(first, cli, tmp_path):
    (run,) = first[0].glob("runs/tiny-tiny/fifty/*")
    lines = (run / "predictions.csv").read_text().splitlines(keepends=True)
    (tmp_path / "short.csv").write_text("".join(lines[:-1]))
    said = cli("compare", run, "short.csv")
    assert said.code == 1
    assert "Add --common" in said.err
    assert cli("compare", run, "short.csv", "--common").code == 0


def test_without_a_source_it_says_what_is_missing(cli):
    said = cli("compare")
    assert said.code == 2
    assert "Missing argument 'SOURCE...'" in said.err
