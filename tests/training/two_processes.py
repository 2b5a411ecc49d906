"""What test_distributed.py runs in two processes, with torch's own `torchrun`: every case, with results in a folder.

The tests do the same cases in one process and compare.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import distributed, nn

from ra_bench import FilmSet, FitTask, ModelSpec
from ra_bench.testing.tiny import TINY, tiny_films, tiny_net
from ra_bench.training.distributed import Team, join, leave, team
from ra_bench.training.loop import fit
from ra_bench.training.predict import predict_all
from ra_bench.training.pretrain import pretrain
from ra_bench.training.protocol import with_overrides
from ra_bench.training.standard import Spread


def plain() -> nn.Module:
    """Nothing is normalised over a batch."""
    net = tiny_net()
    net.norm = nn.Identity()
    return net


class Idle(nn.Module):
    """A network with a layer that its output does not depend on."""

    def __init__(self) -> None:
        super().__init__()
        self.net, self.idle = plain(), nn.Linear(3, 3)

    def forward(self, films: torch.Tensor) -> torch.Tensor:
        return self.net(films)


@dataclass(frozen=True)
class Case:
    """A training: of 8, 8 and `last` films in a batch."""

    last: int = 7
    net: Any = plain
    overrides: dict[str, Any] = field(default_factory=dict)


CASES = {
    "mse": Case(),
    "wang2022": Case(overrides={"loss.name": "wang2022"}),
    "wang2022-last-of-three": Case(last=3, overrides={"loss.name": "wang2022"}),
    "wang2022-last-of-two": Case(last=2, overrides={"loss.name": "wang2022"}),
    "wang2022-in-parts": Case(overrides={"loss.name": "wang2022", "compute.parts": 2}),
    "huber-clipped": Case(last=5, overrides={"loss.name": "huber", "optimiser.clip": 0.05}),
    # AdamW would hide gradients that are too large by a factor.
    "plain-descent": Case(overrides={"loss.name": "wang2022", "optimiser.name": "sgd", "optimiser.momentum": 0.9}),
    "idle": Case(net=Idle),
    "normalised": Case(last=5, net=tiny_net),
}


def task_of(case: Case, folder: Path) -> FitTask:
    """The task of a case, the same in every process."""
    protocol = with_overrides(TINY, {"epochs": 3, **case.overrides})
    (train, scores), (validation, known), (test, _) = (
        tiny_films(count, protocol, name=name, seed=seed)
        for count, name, seed in ((16 + case.last, "t", 1), (7, "v", 2), (5, "e", 3))
    )
    return FitTask(
        model=ModelSpec(name="net", build=case.net, citation="", head="head"),
        protocol=protocol,
        seed=0,
        device="cpu",
        folder=folder,
        pretrained=None,
        train=train,
        train_scores=scores,
        validation=validation,
        validation_scores=known,
        test=test,
    )


def trained(case: Case, folder: Path) -> dict[str, Any]:
    """What comes of a case: predictions, losses and, where it was written, the checkpoint."""
    folder.mkdir(parents=True)
    losses, training = [], fit(task_of(case, folder))
    while True:
        try:
            losses.append(next(training).train_loss)
        except StopIteration as end:
            return {"losses": losses, "validation": end.value.validation, "test": end.value.test}


def pretrained(folder: Path) -> None:
    """A body, trained to tell whether a film is bright; one finding of each film is uncertain and left out."""
    folder.mkdir(parents=True)
    protocol = with_overrides(TINY, {"pretraining.epochs": 3, "pretraining.uncertain": "ignore"})
    films, scores = tiny_films(21, protocol, name="c", seed=4)
    findings = np.stack([scores > 50, np.where(scores > 80, -1, scores > 20)], axis=1).astype(float)
    model = ModelSpec(name="net", build=plain, citation="", head="head")
    for _ in pretrain(
        model, protocol, films, findings, films, findings, seed=0, device="cpu", file=folder / "body.safetensors"
    ):
        pass


def told(net: nn.Module, films: FilmSet, crew: Team) -> Any:
    """Raw outputs of one network for films, two columns."""
    greys = Spread(mean=100.0, sd=30.0)
    return predict_all(
        net, films, columns=2, protocol=TINY, greys=greys, device=torch.device("cpu"), name="net", team=crew
    )


def two_columns() -> nn.Module:
    """A network with weights that are the same in every process."""
    torch.manual_seed(3)
    net = tiny_net()
    net.head = nn.Linear(8, 2)
    return net


def main(folder: Path) -> None:
    """Do everything, and write a folder for this process."""
    torch.set_num_threads(1)
    join("gloo", patience=timedelta(minutes=5))
    own = folder / str(distributed.get_rank())
    results = {name: trained(case, own / name) for name, case in CASES.items()}
    pretrained(own / "pretrained")
    net, crew = two_columns(), team()
    for count in (7, 1, 0):
        results[f"films-{count}"] = {"told": told(net, tiny_films(count, TINY, name="p", seed=5)[0], crew)}
    (net[1]).running_mean.fill_(float(crew.rank))
    crew.agree(net)
    results["team"] = {
        "agreed": net[1].running_mean.tolist(),
        "most": crew.most(3 + crew.rank),
        "same": crew.same(f"said by {crew.rank}"),
    }
    leave()
    results["threads"] = [file.read_text(encoding="utf-8").strip() for file in Path("/proc/self/task").glob("*/comm")]
    torch.save(results, own / "results.pt")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
