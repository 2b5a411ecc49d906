"""Two jobs on two cores: side by side with a thread each, or one after the other with two threads.

    pytest benchmarks/test_jobs_side_by_side.py -s --import-mode=importlib -k mobilenetv2

Through the real command: `ra-bench run --seeds 0,1 --jobs 2` against `--jobs 1`, in turn, at 256 x 256 in batches of 4.
Prints for each network which is better: by the whole command, and by the training alone, from the jobs' records
(seconds an epoch of two jobs one after the other, against those of two that share the time). The films are decoded
beforehand. It needs two cores that nobody else uses: a job with two threads waits for the slower at every layer.

Measured on two such cores: two at a time train 1.08 (`mobilenetv2`), 1.13 (`resnet50-dsc`), 0.96 (`resnet-dwise50`) and
0.99 times (`resnet50`) as fast; the whole command of three short epochs is 1.34, 1.35, 1.12 and 1.16 times as fast,
since two jobs start at once.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

EPOCHS, ROUNDS = 3, 2
SIDES = {"training": 32, "validation": 3, "test": 4}  # so few that constant predictions are no failure
NETWORKS = ("resnet50", "mobilenetv2", "resnet-dwise50", "resnet50-dsc")


def command(clinic: Path, protocol: Path, network: str, out: Path, *, jobs: int) -> list[str | Path]:
    places = ["--data", clinic / "data", "--runs", out / "runs", "--boards", out / "boards"]
    run = [Path(sys.executable).with_name("ra-bench"), "run", "--quiet", "--device", "cpu", "--seeds", "0,1", *places]
    named = ["--models", network, "--dataset", clinic / "cohort.toml", "--protocol", protocol]
    return [*run, *named, "--jobs", str(jobs)]


def training_seconds(out: Path, *, jobs: int) -> float:
    """Seconds in which one epoch of each of the two jobs is trained."""
    records = [json.loads(file.read_text(encoding="utf-8")) for file in (out / "runs").rglob("record.json")]
    assert len(records) == 2
    return sum(record["seconds_per_epoch"] for record in records) / jobs


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="there is nothing to share")
@pytest.mark.parametrize("network", NETWORKS)
def test_two_jobs_at_a_time_against_one_after_the_other(clinic: Any, protocol_file: Any, watch: Any, tmp_path, network):
    folder, protocol = clinic(SIDES, 800), protocol_file(EPOCHS)
    command_seconds: dict[int, list[float]] = {1: [], 2: []}
    seconds: dict[int, list[float]] = {1: [], 2: []}
    watch(command(folder, protocol_file(1), network, tmp_path, jobs=2), threads=None)  # decodes films, warms caches up
    for number in range(ROUNDS):
        for jobs in (1, 2):
            out = tmp_path / f"{number}-{jobs}"
            watched = watch(command(folder, protocol, network, out, jobs=jobs), threads=None)
            command_seconds[jobs].append(watched.end[0])
            seconds[jobs].append(training_seconds(out, jobs=jobs))
    whole = min(command_seconds[1]) / min(command_seconds[2])
    training = min(seconds[1]) / min(seconds[2])
    print(
        f"\n{network}: two jobs at a time train {training:.2f} times as fast as one after the other, the whole command "
        f"is {whole:.2f} times as fast: {'two at a time' if whole > 1 else 'one after the other'} is better"
    )
    assert whole > 0.6, "two at a time get into each other's way"
