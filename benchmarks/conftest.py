"""What benchmarks of whole commands share: a small cohort on a disk, and a watch on another program's epochs."""

from __future__ import annotations

import os
import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from ra_bench.cohorts.synthetic import render_film, simulate_readings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

COHORT = """
name = "clinic"
table = "scores.csv"
films = "films"
image = "film"
score = "score"
citation = "Simulated."
licence = "CC0"
private = true

[split]
column = "split"
train = ["training"]

[scale]
name = "SvH, both hands"
minimum = 0
maximum = 280
unit = "SvH units"
"""

PROTOCOL = """
name = "peers"
summary = "What the peers do, too."
height = 256
width = 256
epochs = {epochs}
batch_size = 4
initialisation = "model"
keep = "best-validation-rmse"
seeds = [0]

[split]
train = 64
validation = 16
test = 16

[loss]
name = "mse"

[optimiser]
name = "adamw"
learning_rate = 0.001
weight_decay = 0.05
schedule = "one-cycle"
warmup = 0.2

[augmentation]
smallest_scale = 0.9
flip = true
turns = [0, 90, 180, 270]
brightness = 0.1
contrast = 0.1

[pretraining]
epochs = 1
batch_size = 16
uncertain = "ones"

[pretraining.optimiser]
name = "adamw"
learning_rate = 0.001
"""


EPOCH = re.compile(r"epoch (\d+)/\d+, loss")
TICKS = os.sysconf("SC_CLK_TCK")


@pytest.fixture(scope="session")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Callable[[dict[str, int], int], Path]:
    """The folder of a cohort with so many films a side, as PNG of a width; made once."""
    made: dict[str, Path] = {}

    def folder(sides: dict[str, int], width: int) -> Path:
        name = f"{'-'.join(map(str, sides.values()))}-{width}"
        if name not in made:
            made[name] = written_clinic(tmp_path_factory.mktemp(name), sides=sides, width=width)
        return made[name]

    return folder


def written_clinic(folder: Path, *, sides: dict[str, int], width: int) -> Path:
    """Films, a table of scores with a split, cohort.toml."""
    (folder / "films").mkdir()
    sides_of_films = [side for side, count in sides.items() for _ in range(count)]
    simulated = simulate_readings(len(sides_of_films), seed=1)
    rows = ["film,score,split"]
    for number, side in enumerate(sides_of_films):
        film = Image.fromarray(render_film(simulated.damage[number], seed=number, width=min(800, width)))
        film.resize((width, width * 3 // 4)).save(folder / "films" / f"{number:03d}.png")  # to draw it large is slow
        rows.append(f"{number:03d},{simulated.damage[number].sum():.0f},{side}")
    (folder / "scores.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (folder / "cohort.toml").write_text(COHORT, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def protocol_file(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Path]:
    """A protocol of so many epochs: 256 x 256 pixels, batches of 4, the augmentation of `wang2022`."""

    def file(epochs: int) -> Path:
        made = tmp_path_factory.mktemp("protocol") / "peers.toml"
        made.write_text(PROTOCOL.format(epochs=epochs), encoding="utf-8")
        return made

    return file


@dataclass(frozen=True, kw_only=True)
class Watched:
    """Seconds since a command began at the end of each epoch and at its own, by the clock and by the processor."""

    epochs: list[tuple[float, float]]
    end: tuple[float, float]
    said: str


@pytest.fixture(scope="session")
def watch() -> Callable[..., Watched]:
    return watched


def watched(command: Sequence[str | Path], *, threads: int | None) -> Watched:
    """Run a command that prints a line an epoch, in so many threads; None: as many as it takes by itself.

    The processor's seconds count all that it starts.
    """
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    if threads is not None:
        environment["OMP_NUM_THREADS"] = str(threads)
    started, epochs, said = time.perf_counter(), [], []
    before = os.times()
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                said.append(line)
                if EPOCH.search(line):
                    epochs.append((time.perf_counter() - started, processor_seconds(process.pid)))
        except BaseException:  # ctrl-C: it does not hear the terminal's keys
            process.terminate()
            raise
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    assert process.returncode == 0, "".join(said)
    return Watched(epochs=epochs, end=(time.perf_counter() - started, used), said="".join(said))


def processor_seconds(session: int) -> float:
    """Of all processes of a session, those that have ended among them."""
    ticks = 0
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = file.read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        if int(fields[3]) == session:
            ticks += sum(map(int, fields[11:15]))  # its own, in programs and in the system, and of its ended children
    return ticks / TICKS
