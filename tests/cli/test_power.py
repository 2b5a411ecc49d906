"""`ra-bench power`: films needed, on the command line."""

from __future__ import annotations

import shutil


def test_separate_prints_a_table(cli):
    said = cli("power", "separate", "20", "22")
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("Films needed to tell an RMSE of 20 from one of 22")


def test_equivalent_prints_a_number(cli):
    said = cli("power", "equivalent", "--sd", "19", "--margin", "3")
    assert (said.code, said.err) == (0, "")
    assert "within ±3: 345" in said.out


def test_of_estimates_from_a_board(first, cli, tmp_path):
    shutil.copytree(first[0] / "leaderboards", tmp_path / "leaderboards")
    said = cli("power", "of", "leaderboards/tiny-tiny", "--difference", "1")
    assert (said.code, said.err) == (0, "")
    assert "To separate two RMSEs (95 % interval, 80 % power)" in said.out


def test_a_number_out_of_range_is_wrong_usage(cli):
    said = cli("power", "separate", "20", "20")
    assert said.code == 2
    assert "no number of films separates equal ones" in said.err
