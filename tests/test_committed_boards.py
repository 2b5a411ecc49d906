"""The boards that are committed are what their records give: a changed digit turns this red."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

CHECK = """
import sys
from ra_bench.cli.main import main
sys.argv = ["ra-bench", "leaderboard", "check", "--boards", sys.argv[1]]
try:
    main()
finally:
    assert "torch" not in sys.modules
"""


def checked(boards):
    """The check as a user has it: with the figures, which other tests leave out."""
    environment = {name: value for name, value in os.environ.items() if name != "RA_BENCH_FIGURES"}
    return subprocess.run(
        [sys.executable, "-c", CHECK, str(boards)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env=environment,
    )


@pytest.mark.slow
def test_the_committed_boards_are_what_their_records_give(request):
    done = checked(request.config.rootpath / "leaderboards")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_changed_digit_of_a_committed_board_turns_the_check_red(request, tmp_path):
    shutil.copytree(request.config.rootpath / "leaderboards/wang2022", tmp_path / "wang2022")
    file = tmp_path / "wang2022/board.md"
    file.write_text(file.read_text(encoding="utf-8").replace("0.95", "0.96", 1), encoding="utf-8")
    done = checked(tmp_path)
    assert done.returncode == 1
    assert f"{tmp_path}/wang2022/board.md:\n  --- board.md in the folder\n" in done.stdout
