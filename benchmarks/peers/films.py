"""What the peers share: the films and scores of a folder, the networks of the suite, and the command line."""

from __future__ import annotations

import argparse
import csv
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageOps
from torch.utils.data import Dataset

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch
    from torch import nn

NETWORKS = {
    "resnet50": ("ra_bench_resnet50.net", "resnet50"),
    "mobilenetv2": ("ra_bench_mobilenetv2.net", "mobilenetv2"),
    "resnet-dwise50": ("ra_bench_resnet_dwise50.net", "resnet_dwise50"),
    "resnet50-dsc": ("ra_bench_resnet_dwise50.net", "resnet50_dsc"),
}
SIDE, BATCH, RATE, WEIGHT_DECAY = 256, 4, 0.001, 0.05
#: Films are kept a little larger than the input, so that a random crop has a scale of 0.9 to 1.
BASE, SCALE = 285, (0.81, 1.0)
MEAN, SD = 0.5, 0.3


@dataclass(frozen=True, kw_only=True)
class Arguments:
    folder: Path
    network: str
    epochs: int
    workers: int
    out: Path


def arguments() -> Arguments:
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, required=True, help="with scores.csv, and films as PNG in films/")
    parser.add_argument("--network", choices=NETWORKS, required=True)
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--workers", type=int, default=0, help="processes that load films")
    parser.add_argument("--out", type=Path, required=True, help="where weights go")
    return Arguments(**vars(parser.parse_args()))


def network(name: str) -> nn.Module:
    module, function = NETWORKS[name]
    net: nn.Module = getattr(import_module(module), function)()
    return net


class Films(Dataset[tuple["torch.Tensor", np.float32]]):
    """One side of a split: films as a transform makes them, and scores as z-scores of the training films."""

    def __init__(self, folder: Path, side: str, transform: Callable[[Image.Image], torch.Tensor] | None = None) -> None:
        with (folder / "scores.csv").open(encoding="utf-8") as table:
            rows = list(csv.DictReader(table))
        train = [float(row["score"]) for row in rows if row["split"] == "training"]
        self.mean, self.sd = float(np.mean(train)), float(np.std(train))
        chosen = [row for row in rows if row["split"] == side]
        self.files = [folder / "films" / f"{row['film']}.png" for row in chosen]
        self.scores = [np.float32((float(row["score"]) - self.mean) / self.sd) for row in chosen]
        self.transform = transform

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, place: int) -> tuple[torch.Tensor, np.float32]:
        grey = Image.open(self.files[place]).convert("L")
        film = ImageOps.pad(grey, (BASE, BASE)).convert("RGB")  # made small while it is one channel
        assert self.transform is not None
        return self.transform(film), self.scores[place]
