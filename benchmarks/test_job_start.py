"""From the launcher's start of a job to the job's first step; the goal is under 6 s, of which imports are most.

    pytest benchmarks/test_job_start.py -s --import-mode=importlib

MobileNetV2 at 256 x 256 in batches of 4 through `ra-bench run`, films decoded beforehand. A plugin in one file tells
when the parts begin: the job's process, its plugins, torch (imported there and then, so that it can be told from the
rest), the network, its first batch, its first step. One thread; the least disturbed of some starts, by the sum.
"""

from __future__ import annotations

import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

STARTS = 1
SIDES = {"training": 8, "validation": 3, "test": 4}  # so few that constant predictions are no failure
PARTS = (
    "process, ra_bench, plugins",
    "import of torch",
    "cohort, store, other imports",
    "import of the network",
    "first weights, costs, first batch",
    "first step",
)

PLUGIN = """
import multiprocessing
import time
from pathlib import Path

from ra_bench import ModelSpec, hookimpl

LOG = Path({log!r})


def note():
    with LOG.open("a", encoding="utf-8") as log:
        print(time.time(), file=log)


if multiprocessing.parent_process() is not None:
    note()
    import torch
    from torch.optim.optimizer import register_optimizer_step_post_hook

    def once(*_):
        note()
        seen.remove()

    seen = register_optimizer_step_post_hook(once)
    note()


def build():
    note()
    from ra_bench_mobilenetv2.net import mobilenetv2

    note()
    network = mobilenetv2()

    def once(module, _):
        if module.training:
            note()
            first.remove()

    first = network.register_forward_pre_hook(once)
    return network


@hookimpl
def register_models():
    return [ModelSpec(name="noted", build=build, citation="")]


@hookimpl
def on_job_start(job):
    LOG.write_text("", encoding="utf-8")
    note()
"""


def test_a_job_starts_soon(clinic: Any, protocol_file: Any, watch: Any, tmp_path):
    folder, protocol, log = clinic(SIDES, 800), protocol_file(1), tmp_path / "times.txt"
    plugin = tmp_path / "noted.py"
    plugin.write_text(PLUGIN.format(log=str(log)), encoding="utf-8")
    starts = []
    for number in range(STARTS):
        out = tmp_path / str(number)
        places = ["--data", folder / "data", "--runs", out / "runs", "--boards", out / "boards"]
        run = [Path(sys.executable).with_name("ra-bench"), "run", "--quiet", "--device", "cpu", "-p", plugin, *places]
        watch([*run, "--models", "noted", "--dataset", folder / "cohort.toml", "--protocol", protocol], threads=1)
        times = [float(line) for line in log.read_text(encoding="utf-8").splitlines()]
        starts.append([later - earlier for earlier, later in pairwise(times)])
    parts = min(starts, key=sum)
    print(f"\n{sum(parts):.2f} s from the start of a job to its first step:")
    print("\n".join(f"  {part:34} {seconds:6.2f} s" for part, seconds in zip(PARTS, parts, strict=True)))
    assert sum(parts) < 30, "far above the goal of 6 s"
