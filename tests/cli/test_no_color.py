"""NO_COLOR takes the colours out, in a terminal too."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

BOARDS = Path(__file__).parent.parent.parent / "leaderboards"
BY_CLICK = ["tables", "wang2022", "--boards", str(BOARDS)]
BY_RICH = (
    "from rich.console import Console; from ra_bench.boards.render.json import read_board; from pathlib import Path; "
    "from ra_bench.cli.check_display import _print_finding; from ra_bench.cohorts.audit.finding import Finding; "
    "_print_finding(Console(), Finding(level='error', kind='leak', said='It leaks'))"
)


def in_a_terminal(*command, **variables):
    """What a program prints into a terminal."""
    ours, its = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "FORCE_COLOR"}}
    done = subprocess.Popen(
        [sys.executable, *command],
        env={**environment, "TERM": "xterm-256color", **variables},
        stdout=its,
        stderr=its,
        stdin=its,
    )
    os.close(its)
    said = b""
    while True:
        try:
            said += os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
    os.close(ours)
    assert done.wait() == 0, said.decode()
    return said.decode()


@pytest.mark.slow
@pytest.mark.parametrize("command", [["-c", "from ra_bench.cli.main import main; main()", *BY_CLICK], ["-c", BY_RICH]])
def test_no_color_leaves_no_colour(command):
    assert "\x1b[3" in in_a_terminal(*command) or "\x1b[1;3" in in_a_terminal(*command)
    without = in_a_terminal(*command, NO_COLOR="1")
    assert "\x1b[3" not in without
    assert "\x1b[1;3" not in without
