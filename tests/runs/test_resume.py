"""A job that is killed goes on, and comes to the same bits as one that was not."""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass, field
from multiprocessing import get_context
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from ra_bench.runs.records import job_folder, read_record
from ra_bench.suite import plan
from ra_bench.suite.running import work_of
from ra_bench.training.progress_file import CHECKPOINT, RESUME, find_progress

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

#: What takes long to import; the processes begin with it in memory.
PRELOADED = ["ra_bench.runs.work", "ra_bench.training.pretrain", "ra_bench.builtin", "packaging.requirements"]
PRELOADED += ["torch._inductor"]

KILLS = 30
EPOCHS = 4  # those of the longer protocol


@dataclass
class Round:
    """One job, started as often as it took: what was heard of it, and how far it had come at each kill."""

    folder: Path
    heard: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    kept: list[tuple[int, int]] = field(default_factory=list)


class Killer:
    """Does one job again and again in processes that have torch loaded already."""

    def __init__(self, folder: Path, tiny_suite, protocol: Path) -> None:
        self.context = get_context("forkserver")
        self.context.set_forkserver_preload(PRELOADED)
        self.folder, self.tiny_suite, self.protocol = folder, tiny_suite, protocol

    def start(self, now: Round, seconds: float | None = None) -> bool:
        """Work until the end, or until it is killed; whether it was killed."""
        suite = self.tiny_suite(now.folder)
        wanted = plan(suite, models=["restless"], dataset="tiny", protocol=str(self.protocol))
        self.job = wanted.jobs[0].job
        receiver, sender = self.context.Pipe(duplex=False)
        process = self.context.Process(target=work_of(suite, wanted), args=(self.job, sender.send))
        process.start()
        sender.close()
        process.join(seconds)
        process.kill()
        process.join()
        try:
            while True:
                report = receiver.recv()
                now.heard[report.stage].append(report.epoch)
        except EOFError:
            receiver.close()
        return process.exitcode != 0

    def whole(self, name: str) -> tuple[Round, float]:
        """A round that nobody kills, and how long it took."""
        done, started = Round(folder=self.folder / name), perf_counter()
        assert not self.start(done)
        return done, perf_counter() - started

    def killed(self, shares: list[float], seconds: float) -> list[Round]:
        """Rounds that are killed after such shares of a whole job's seconds, and started again until they end."""
        rounds = [Round(folder=self.folder / "round0")]
        while shares:
            now, started = rounds[-1], perf_counter()
            if self.start(now, shares[-1] * seconds):
                shares.pop()
                now.kept.append(self.so_far(now))
            elif not now.kept:
                # Nobody else computes any more, and a whole job takes less: it would never be killed so late.
                seconds = perf_counter() - started
            # A kill may come after the record. A plan would leave the job alone then, and so does this.
            if self.record(now).exists():
                rounds.append(Round(folder=self.folder / f"round{len(rounds)}"))
        self.start(rounds[-1])
        return rounds

    def record(self, now: Round) -> Path:
        """Where the record of a round is, once it is committed."""
        return job_folder(now.folder / "runs", self.job) / "record.json"

    def so_far(self, now: Round) -> tuple[int, int]:
        """The last epoch that was told, counted over both stages, and the last one that is kept."""
        stages = {"": 0, "pretraining": 0, "training": EPOCHS}
        told = max((stages[stage] + epochs[-1] for stage, epochs in now.heard.items()), default=0)
        runs = job_folder(now.folder / "runs", self.job)
        bodies = [file for ending in ("safetensors", "pt") for file in now.folder.glob(f"data/pretrained/*.{ending}")]
        body = [EPOCHS for file in bodies if "resume" not in file.name and not file.name.startswith(".")]
        beside = {file.name.partition(".resume")[0] for file in bodies if ".resume" in file.name}
        found = [find_progress(runs / RESUME, self.job.key)]
        found += [find_progress(now.folder / f"data/pretrained/{name}.resume.pt", name) for name in beside]
        reports = [each.kept.reports[-1] for each in found if each.kept is not None]
        done = [2 * EPOCHS] if self.record(now).exists() else []
        return told, max([*body, *done, *(stages[report.stage] + report.epoch for report in reports)], default=0)


@pytest.fixture(scope="module")
def rounds(tmp_path_factory, tiny_suite, longer_protocol):
    killer = Killer(tmp_path_factory.mktemp("kills"), tiny_suite, longer_protocol)
    killer.whole("warm")
    never, seconds = killer.whole("never")
    # one in each thirtieth of the time that a whole job takes, in any order
    draw = np.random.default_rng(30)
    shares = draw.permutation((np.arange(KILLS) + draw.uniform(size=KILLS)) / KILLS)
    return killer, never, killer.killed(shares.tolist(), seconds)


def results(killer: Killer, each: Round) -> tuple[bytes, list[list[str]], int | None]:
    folder = job_folder(each.folder / "runs", killer.job)
    with (folder / "history.csv").open(newline="") as lines:
        history = [[cell for name, cell in row.items() if name != "seconds"] for row in csv.DictReader(lines)]
    return (folder / "predictions.csv").read_bytes(), history, read_record(folder).kept_epoch


def weights(killer: Killer, each: Round) -> dict[str, torch.Tensor]:
    return torch.load(job_folder(each.folder / "runs", killer.job) / CHECKPOINT, weights_only=True)["weights"]


def test_thirty_kills_at_any_moment_leave_predictions_and_history_as_they_were_to_the_bit(rounds):
    killer, never, killed = rounds
    assert sum(len(each.kept) for each in killed) == KILLS
    assert [results(killer, each) for each in killed] == [results(killer, never)] * len(killed)


def test_thirty_kills_leave_every_weight_as_it_was(rounds):
    killer, never, killed = rounds
    wanted = weights(killer, never)
    assert [
        name for each in killed for name, value in weights(killer, each).items() if not torch.equal(value, wanted[name])
    ] == []


def test_what_was_told_before_a_kill_was_kept(rounds):
    assert [(told, kept) for each in rounds[2] for told, kept in each.kept if kept < told] == []


def test_no_epoch_is_told_twice(rounds):
    told = [epochs for each in rounds[2] for epochs in each.heard.values()]
    assert [epochs for epochs in told if epochs != sorted(set(epochs))] == []


def test_the_kills_came_at_many_points_of_both_stages(rounds):
    points = {kept for each in rounds[2] for _, kept in each.kept}
    assert len(points) >= EPOCHS
    assert min(points) < EPOCHS < max(points)


def test_nothing_half_written_is_left_after_thirty_kills(rounds):
    killer, _, killed = rounds
    there = [sorted(file.name for file in job_folder(each.folder / "runs", killer.job).iterdir()) for each in killed]
    own = ["checkpoint.pt", "history.csv", "job.json", "log.txt", "predictions.csv", "record.json", "validation.csv"]
    assert there == [own] * len(killed)
