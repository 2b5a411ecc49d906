"""`ra-bench leaderboard`: boards anew from what lies in their folders."""

from __future__ import annotations

import shutil
import subprocess
import sys


def test_a_board_is_written_anew_with_the_same_bytes(first, cli, tmp_path):
    shutil.copytree(first[0] / "leaderboards", tmp_path / "leaderboards")
    board = tmp_path / "leaderboards/tiny-tiny/board.md"
    before = board.read_bytes()
    board.unlink()
    said = cli("leaderboard", "tiny-tiny")
    assert (said.code, said.err) == (0, "")
    assert said.out == "Wrote leaderboards/tiny-tiny/board.md: measured again from 2 records\n"
    assert board.read_bytes() == before


MEDIAN = """
import numpy as np
from ra_bench import MetricSpec, hookimpl

@hookimpl
def register_metrics():
    def compute(reference, predicted):
        return float(np.median(np.abs(predicted - reference)))
    return [MetricSpec(name="median-error", label="median error", unit="", compute=compute, best="low")]
"""


def test_a_metric_of_a_plugin_file_is_added_to_a_board_that_stands(first, cli, tmp_path):
    shutil.copytree(first[0] / "leaderboards", tmp_path / "leaderboards")
    (tmp_path / "median.py").write_text(MEDIAN)
    said = cli("leaderboard", "-p", "median.py")
    assert (said.code, said.err) == (0, "")
    assert said.out.endswith("board.md: measured again from 2 records; new: median error\n")
    assert "median error ↓" in (tmp_path / "leaderboards/tiny-tiny/board.md").read_text()


def test_a_board_with_a_guests_column_is_not_written_without_the_guest(first, cli, tmp_path):
    shutil.copytree(first[0] / "leaderboards", tmp_path / "leaderboards")
    (tmp_path / "median.py").write_text(MEDIAN)
    cli("leaderboard", "-p", "median.py")
    said = cli("leaderboard")
    assert said.code == 1
    assert "No metric named 'median-error'" in said.err
    assert "give its file with -p" in said.err


def test_no_torch_is_imported_to_write_a_board(first, tmp_path):
    shutil.copytree(first[0] / "leaderboards", tmp_path / "leaderboards")
    script = (
        "import sys\nfrom ra_bench.cli.main import main\nsys.argv = ['ra-bench', 'leaderboard']\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code\nassert 'torch' not in sys.modules\n"
    )
    assert subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=False).returncode == 0


def test_a_board_that_is_not_there_is_answered_with_the_nearest(first, cli, tmp_path):
    shutil.copytree(first[0] / "leaderboards", tmp_path / "leaderboards")
    said = cli("leaderboard", "tiny-tin")
    assert said.code == 1
    assert said.err.startswith(
        "Error: No board named 'tiny-tin'. Did you mean 'tiny-tiny'? Known: tiny-tiny.\nMake it wi"
    )


def test_without_any_board_it_says_how_to_make_one(cli):
    said = cli("leaderboard")
    assert (said.code, said.out) == (1, "")
    assert (
        "Error: No board in leaderboards. Make one with 'ra-bench run', or name the folder with --boards." in said.err
    )


def test_thumbnails_are_put_on_the_page_of_the_named_board(first, cli, tmp_path, tiny_file):
    shutil.copytree(first[0] / "leaderboards", tmp_path / "leaderboards")
    page = tmp_path / "leaderboards/tiny-tiny/index.html"
    assert "data:image/jpeg" not in page.read_text()
    said = cli("leaderboard", "tiny-tiny", "-p", tiny_file, "--thumbnails", "tiny")
    assert (said.code, said.err) == (0, "")
    assert "data:image/jpeg" in page.read_text()


def test_thumbnails_without_a_board_are_refused(first, cli, tmp_path):
    shutil.copytree(first[0] / "leaderboards", tmp_path / "leaderboards")
    said = cli("leaderboard", "--thumbnails", "synthetic-hands")
    assert said.code == 1
    assert "name the boards that were measured on it" in said.err
