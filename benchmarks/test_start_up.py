"""How long the command line takes to answer: --help under 0.4 s, list models under 0.6 s, on an idle machine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize(("arguments", "seconds"), [(["--help"], 0.4), (["list", "models"], 0.6)])
def test_the_command_line_answers_at_once(benchmark, arguments, seconds):
    program = Path(sys.executable).with_name("ra-bench")

    def answer():
        subprocess.run([program, *arguments], check=True, stdout=subprocess.DEVNULL)

    benchmark.pedantic(answer, rounds=5, warmup_rounds=1)
    assert benchmark.stats["min"] < seconds  # what other programs add is not ours
