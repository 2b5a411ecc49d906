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


# --- build, and its short form --------------------------------------------------------------------------------------


def boards(first, tmp_path):
    """A copy of the boards of the run that many tests look at."""
    shutil.copytree(first[0] / "leaderboards", tmp_path / "leaderboards")
    return tmp_path / "leaderboards/tiny-tiny"


def test_leaderboard_alone_is_short_for_build(first, cli, tmp_path):
    boards(first, tmp_path)
    assert cli("leaderboard") == cli("leaderboard", "build") == cli("leaderboard", "build", "tiny-tiny")


def test_help_tells_of_the_commands_and_of_the_short_form(cli):
    said = cli("leaderboard", "--help")
    assert said.code == 0
    assert "short for `ra-bench leaderboard build [BOARD]...`" in " ".join(said.out.split())
    assert {"build", "check", "export", "publish", "verify"} <= set(said.out.split())


# --- check ----------------------------------------------------------------------------------------------------------


def test_a_board_that_was_not_touched_passes_the_check(first, cli, tmp_path):
    boards(first, tmp_path)
    said = cli("leaderboard", "check")
    assert (said.code, said.out, said.err) == (0, "leaderboards/tiny-tiny: as its records give it\n", "")


def test_a_changed_digit_fails_the_check_with_a_diff_and_what_to_do(first, cli, tmp_path):
    file = boards(first, tmp_path) / "board.md"
    line = next(line for line in file.read_text().splitlines() if "| fifty " in line)
    digit = next(letter for letter in line if letter.isdigit())
    changed = line.replace(digit, str((int(digit) + 1) % 10), 1)
    file.write_text(file.read_text().replace(line, changed))
    said = cli("leaderboard", "check", "tiny-tiny")
    assert said.code == 1
    assert "leaderboards/tiny-tiny/board.md:\n" in said.out
    assert f"\n  -{changed}\n  +{line}\n" in said.out
    assert "write it anew: ra-bench leaderboard build tiny-tiny" in said.err
    assert cli("leaderboard", "build", "tiny-tiny").code == 0
    assert cli("leaderboard", "check").code == 0


def test_a_board_that_cannot_be_made_fails_the_check_and_does_not_stop_the_others(first, cli, tmp_path):
    board = boards(first, tmp_path)
    (board.parent / "empty").mkdir()
    said = cli("leaderboard", "check")
    assert said.code == 1
    assert "leaderboards/tiny-tiny: as its records give it" in said.out
    assert "Board 'empty': leaderboards/empty holds neither" in said.err


# --- publish and export ---------------------------------------------------------------------------------------------


def test_a_published_folder_verifies_itself(first, cli, tmp_path, tiny_file):
    boards(first, tmp_path)
    said = cli("leaderboard", "publish", "tiny-tiny")
    assert (said.code, said.err) == (0, "")
    assert "files to published/tiny-tiny. Look at: published/tiny-tiny/board.md" in said.out
    checked = cli("leaderboard", "verify", "published/tiny-tiny", "-p", tiny_file)
    assert (checked.code, checked.err) == (0, "")
    assert "Measured against the readings and patients of 'tiny', version one, as they are here" in checked.out
    assert "  re-scored  fifty\n" in checked.out


def test_publishing_into_a_folder_of_somebody_else_is_refused(first, cli, tmp_path):
    boards(first, tmp_path)
    said = cli("leaderboard", "publish", "tiny-tiny", "--out", "leaderboards")
    assert said.code == 1
    assert "leaderboards is not empty, and holds no SHA256SUMS" in said.err


def test_an_export_goes_to_the_terminal_or_to_a_file(first, cli, tmp_path):
    boards(first, tmp_path)
    shown = cli("leaderboard", "export", "tiny-tiny", "--format", "csv")
    written = cli("leaderboard", "export", "tiny-tiny", "--format", "csv", "-o", "board.csv")
    assert (shown.code, written.out) == (0, "Wrote board.csv\n")
    assert (tmp_path / "board.csv").read_text(encoding="utf-8") == shown.out
    assert shown.out.startswith("kind,rank,name,")


def test_each_format_is_made(first, cli, tmp_path):
    boards(first, tmp_path)
    assert "\\toprule" in cli("leaderboard", "export", "tiny-tiny", "--format", "latex").out
    assert "the cohort tiny, version one" in cli("leaderboard", "export", "tiny-tiny", "--format", "methods").out
    hub = cli("leaderboard", "export", "tiny-tiny", "--format", "hf", "--model", "fifty", "--hub-dataset", "a/b")
    assert '    id: "a/b"\n' in hub.out


def test_a_format_that_is_not_there_is_wrong_usage(first, cli, tmp_path):
    said = cli("leaderboard", "export", "tiny-tiny", "--format", "word")
    assert said.code == 2
    assert "'word' is not one of 'latex', 'csv', 'hf', 'methods'" in said.err


# --- verify ---------------------------------------------------------------------------------------------------------


def test_a_number_that_does_not_follow_is_listed_and_the_exit_code_is_1(first, cli, tmp_path, tiny_file):
    file = boards(first, tmp_path) / "board.json"
    file.write_text(file.read_text().replace('"films": 4', '"films": 5', 1))
    said = cli("leaderboard", "verify", "leaderboards/tiny-tiny", "-p", tiny_file)
    assert said.code == 1
    assert "films is 5 on the board, 4 by the records" in said.out
    assert "Error: leaderboards/tiny-tiny: 1 thing does not follow from what is in it." in said.err


def test_readings_that_were_made_up_are_found_where_the_cohort_is_known(first, cli, tmp_path, tiny_file):
    board = boards(first, tmp_path)
    for file in board.glob("records/*/predictions.csv"):
        head, row, *rest = file.read_text().splitlines()
        cells = row.split(",")
        file.write_text("\n".join([head, ",".join([*cells[:2], "7.0", *cells[3:]]), *rest]) + "\n")
    assert cli("leaderboard", "build").code == 0
    assert cli("leaderboard", "verify", "leaderboards/tiny-tiny").code == 0
    said = cli("leaderboard", "verify", "leaderboards/tiny-tiny", "-p", tiny_file)
    assert said.code == 1
    assert "1 readings are not the cohort's, such as 7 of 'first' on " in said.out


def test_a_training_that_was_done_here_again_is_told_of(first, cli, tmp_path, tiny_file, arguments):
    boards(first, tmp_path)
    (tmp_path / "leaderboards").rename(tmp_path / "handed-in")
    assert cli(*arguments, "fifty").code == 0
    said = cli("leaderboard", "verify", "handed-in/tiny-tiny", "-p", tiny_file)
    assert said.code == 0
    assert "  re-trained  fifty: predictions differ by 0 at most\n" in said.out
    assert "  re-scored   forty\n" in said.out
