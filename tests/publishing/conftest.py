"""A board of a few models with made-up predictions, written to a folder, under the fixture `made`."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from ra_bench.boards.board import build_board
from ra_bench.boards.leaderboard import rebuild, save_board
from ra_bench.boards.render import json, markdown
from ra_bench.builtin import register_metrics
from ra_bench.plugins import load_plugins
from ra_bench.runs.records import SCORED
from ra_bench.specs import RendererSpec
from ra_bench.values import Board, EpochReport, Job, Predictions, RunRecord

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

METRICS = tuple(register_metrics())
RENDERERS = (
    RendererSpec(name="markdown", suffix=".md", render=markdown.render),
    RendererSpec(name="json", suffix=".json", render=json.render),
)
#: Everything that somebody may put into a name or a text.
HOSTILE = '=cmd|"x"<script>$\\input{%\n\u202eend*[a](b)`'
FILMS = 40
FACTS = (
    ("cohort", "clinic, version cohort1"),
    ("scale", "SvH, both hands, 0 to 280 SvH units"),
    ("readers", "2: anna, bela"),
    ("training", "80 films of 80 patients"),
    ("validation", "10 films of 10 patients"),
    ("test", "40 films of 40 patients"),
    ("split", "by patient"),
    ("protocol", "quick: Small films."),
    ("citation", "Clinic A. Films of hands. 2020."),
    ("command", "ra-bench run --models all --dataset PATH/cohort.toml --folds 2"),
)
PROTOCOL = {
    "name": "quick",
    "height": 96,
    "width": 128,
    "epochs": 3,
    "batch_size": 16,
    "loss": {"name": "mse"},
    "optimiser": {
        "name": "adamw",
        "learning_rate": 0.001,
        "weight_decay": 0.05,
        "momentum": 0.9,
        "schedule": "one-cycle",
    },
    "augmentation": {"smallest_scale": 1.0, "flip": True, "turns": [0], "brightness": 0.0, "contrast": 0.0},
    "keep": "last",
}


def predictions(error: float, seed: int) -> Predictions:
    """Normal errors of so many units around the mean of two readers; each film is of another patient."""
    draw = np.random.default_rng(7)
    first = np.round(draw.uniform(0, 200, FILMS))
    second = np.clip(first + np.round(draw.normal(0, 8, FILMS)), 0, 280)
    noise = np.random.default_rng(seed).normal(0, error, FILMS)
    return Predictions(
        ids=tuple(f"film{row:02d}" for row in range(FILMS)),
        patients=tuple(f"patient{row:02d}" for row in range(FILMS)),
        readings={"anna": tuple(first.tolist()), "bela": tuple(second.tolist())},
        predicted=tuple(((first + second) / 2 + noise).tolist()),
    )


def record(model: str, error: float = 10, seed: int = 0, **changes: Any) -> RunRecord:
    job = Job(
        key=f"{sum(map(ord, model)) * 10 + seed:064x}",
        board="clinic",
        model=model,
        seed=seed,
        dataset="clinic",
        cohort="cohort1",
        split="split1",
        protocol="quick",
        protocol_hash="protocol1",
        plugin="ra-bench-made-up",
        plugin_version="0.1.0",
        plugin_source="source1",
        trainer=changes.pop("trainer", "standard"),
        trainer_source="source2",
    )
    epoch = EpochReport(
        stage="training", epoch=1, epochs=1, train_loss=1, validation_rmse=9, learning_rate=0.1, seconds=1, films=80
    )
    usual = {
        "job": job,
        "protocol": PROTOCOL,
        "predictions": predictions(error, seed + 1),
        "history": (epoch, replace(epoch, epoch=2)),
        "parameters": 1234567,
        "madds": 89000000,
        "seconds": 120.0,
        "seconds_per_epoch": 12.25,
        "peak_memory": 2**30,
        "kept_epoch": 2,
        "pretrained_on": None,
        "overrides": {},
        "device": "cpu",
        "finished": "2026-03-01T12:00:00+00:00",
        "environment": {"python": "3.11.9", "ra-bench": "0.1.0"},
    }
    return RunRecord(**{**usual, **changes})


def records() -> list[RunRecord]:
    """Two seeds of one model, another model, a baseline, and one that was only scored."""
    return [
        record("close", 6),
        record("close", 6, 1),
        record("far", 25),
        record("mean", 60, trainer="closed-form", parameters=None, madds=None, protocol={}),
        record("theirs", 14, trainer=SCORED, device="elsewhere", protocol={}, environment={}),
    ]


def write(
    folder: Path, of: Sequence[RunRecord] | None = None, renderers: Sequence[RendererSpec] = RENDERERS, **given: Any
) -> Board:
    """The board's folder, as a run writes it."""
    of = records() if of is None else of
    board = build_board(
        folder.name, records=of, metrics=METRICS, baselines=("mean",), facts=given.pop("facts", FACTS), **given
    )
    return save_board(board, of, folder, renderers)


def hostile_board() -> Board:
    """Every text of a guest, a person or a table is hostile."""
    made = build_board(
        HOSTILE, records=records(), metrics=METRICS, facts=((HOSTILE, HOSTILE), ("citation", HOSTILE)), title=HOSTILE
    )
    rows = tuple(replace(row, name=HOSTILE, remark=HOSTILE, pretrained_on=HOSTILE) for row in made.rows[:1])
    return replace(
        made,
        rows=rows + made.rows[1:],
        columns=tuple(replace(column, label=HOSTILE, unit=HOSTILE) for column in made.columns),
        remarks=(HOSTILE,),
    )


@pytest.fixture
def made() -> SimpleNamespace:
    return SimpleNamespace(
        facts=FACTS,
        hostile=HOSTILE,
        hostile_board=hostile_board,
        metrics=METRICS,
        rebuild=rebuild,
        record=record,
        records=records,
        registry=load_plugins(("ra_bench.builtin",)),
        renderers=RENDERERS,
        write=write,
    )
