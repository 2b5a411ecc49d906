"""What it takes to make a board of many models again: processor seconds and memory.

    python benchmarks/many_models.py [MODELS [SEEDS [FILMS]]]

Writes a board with made-up predictions to a temporary folder, makes it again from there in a process of its own, and
prints what that took: 200 models, 5 seeds and 3,818 films if not said otherwise. On two cores that others used too,
with OMP_NUM_THREADS=1, that were 23 to 29 processor seconds and 0.70 GiB: 24 s on the clock where a core was free, 57 s
where none was. Two fifths of it are matrix products, a fifth is reading the records, a fifth drawing the figures.
With several threads on busy cores the threads wait for one another: 36 processor seconds, 72 s on the clock.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from ra_bench.boards.board import build_board
from ra_bench.boards.leaderboard import save_board
from ra_bench.builtin import register_metrics, register_renderers
from ra_bench.runs.records import write_record
from ra_bench.values import Job, Predictions, RunRecord

BUILD = """
import resource, sys, time
from pathlib import Path
from ra_bench.suite import open_suite, rebuild_boards
wall = time.perf_counter()
suite = open_suite(boards=Path(sys.argv[1]), data=Path(sys.argv[1]) / "data")
for folder, source in rebuild_boards(suite):
    print(source)
print(f"{time.process_time():.1f} processor seconds, {time.perf_counter() - wall:.1f} s on the clock")
print(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB at most")
"""


def record(model: int, seed: int, films: int) -> RunRecord:
    draw = np.random.default_rng(0)
    first = draw.gamma(1.2, 40, films).round()
    second = (first + draw.normal(0, 8, films)).round()
    error = np.random.default_rng((model, seed)).normal(0, 10 + model / 10, films)
    given = Predictions(
        ids=tuple(f"film{row:05d}" for row in range(films)),
        patients=tuple(f"patient{row:05d}" for row in range(films)),
        readings={"anna": tuple(first.tolist()), "bela": tuple(second.tolist())},
        predicted=tuple(((first + second) / 2 + error).tolist()),
    )
    names = dict.fromkeys(Job.__dataclass_fields__, "same") | {"fold": None, "weights": None}
    job = Job(**{**names, "model": f"model{model:03d}", "seed": seed, "board": "many", "key": f"{model}-{seed}"})
    return RunRecord(
        job=job,
        protocol={},
        predictions=given,
        history=(),
        parameters=10**6,
        madds=10**9,
        seconds=1.0,
        seconds_per_epoch=1.0,
        peak_memory=2**30,
        kept_epoch=1,
        pretrained_on=None,
        overrides={},
        device="cpu",
        finished="2026-01-01T00:00:00+00:00",
        environment={"python": "3.11"},
    )


def main() -> None:
    models, seeds, films = [int(text) for text in sys.argv[1:]] + [200, 5, 3818][len(sys.argv) - 1 :]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "many"
        few = [record(0, 0, films)]
        save_board(build_board("many", records=few, metrics=register_metrics()), few, folder, register_renderers())
        for model in range(models):
            for seed in range(seeds):
                write_record(folder / "records" / f"model{model:03d}-seed{seed}", record(model, seed, films))
        print(f"{models} models, {seeds} seeds, {films} films")
        subprocess.run([sys.executable, "-c", BUILD, place], check=True)


if __name__ == "__main__":
    main()
