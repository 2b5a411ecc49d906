"""What tests take no time with: a tiny protocol, films whose brightness is their score, a cohort and a task of them.

Made on the spot, from a seed; nothing is read or kept. numpy is needed, torch only where `tiny_net` is built.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ra_bench.specs import FilmSet, FitTask, ModelSpec
from ra_bench.training.protocol import base_size, with_overrides
from ra_bench.values import SVH_HANDS, Cohort, Loss, Optimiser, Pretraining, Protocol, Sample, SplitRule

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import nn

_RULE = Optimiser(name="adamw", learning_rate=0.02, schedule="one-cycle", warmup=0.25)

#: Two epochs of films of 32 x 32.
TINY = Protocol(
    name="tiny",
    summary="For tests.",
    height=32,
    width=32,
    split=SplitRule(train=60, validation=20, test=20),
    epochs=2,
    batch_size=8,
    loss=Loss(name="mse"),
    optimiser=_RULE,
    pretraining=Pretraining(epochs=2, batch_size=8, optimiser=_RULE),
)


def tiny_net() -> nn.Module:
    """Two convolutions, the second depthwise, and a head named "head": films to scores (batch, 1)."""
    from torch import nn

    net = nn.Sequential()
    net.add_module("stem", nn.Conv2d(3, 8, 3, stride=2, bias=False))
    net.add_module("norm", nn.BatchNorm2d(8))
    net.add_module("depthwise", nn.Conv2d(8, 8, 3, stride=2, groups=8))
    net.add_module("rectify", nn.ReLU())
    net.add_module("pool", nn.AdaptiveAvgPool2d(1))
    net.add_module("flatten", nn.Flatten())
    net.add_module("head", nn.Linear(8, 1))
    return net


#: A model of `tiny_net`, for trainers.
TINY_NET = ModelSpec(name="tiny-net", build=tiny_net, citation="For tests.", head="head")


def tiny_films(
    count: int, protocol: Protocol = TINY, *, name: str = "film", seed: int = 0
) -> tuple[FilmSet, NDArray[np.float64]]:
    """Films of noise around a grey of 60 + score, as a trainer gets them, and their scores (0-100), shape (count,).

    Examples
    --------
    >>> films, scores = tiny_films(3)
    >>> films.ids, films.films.shape, scores.round(1).tolist()
    (('film0', 'film1', 'film2'), (3, 32, 32), [63.7, 27.0, 4.1])
    """
    draw = np.random.default_rng(seed)
    height, width = base_size(protocol)
    scores = draw.uniform(0, 100, count)
    films = np.clip(draw.normal(60 + scores[:, None, None], 10, (count, height, width)), 0, 255).astype(np.uint8)
    films.setflags(write=False)  # as a read-only memory map is
    ids = tuple(f"{name}{number}" for number in range(count))
    return FilmSet(ids=ids, films=films, sizes=np.tile([height, width], (count, 1))), scores


def tiny_cohort(films: int = 24) -> Cohort:
    """A cohort of `tiny_films`, two of a patient, with two readers who differ by up to two units.

    Examples
    --------
    >>> cohort = tiny_cohort()
    >>> len(cohort.samples), cohort.samples[0].readings
    (24, {'first': 64.0, 'second': 64.0})
    """
    shown, scores = tiny_films(films)
    samples = tuple(
        Sample(
            sample_id=name,
            patient_id=f"patient{place // 2}",
            visit=str(place % 2),
            film=partial(shown.films.__getitem__, place),
            readings={"first": float(round(score)), "second": float(round(score) + place % 3)},
        )
        for place, (name, score) in enumerate(zip(shown.ids, scores, strict=True))
    )
    return Cohort(
        name="tiny",
        version="one",
        scale=SVH_HANDS,
        samples=samples,
        citation="Made up for tests.",
        licence="Apache-2.0",
        simulated=True,
    )


def tiny_task(
    folder: Path,
    model: ModelSpec = TINY_NET,
    *,
    train: int = 24,
    overrides: Mapping[str, Any] | None = None,
    **fields: Any,
) -> FitTask:
    """A task of `train` films to fit, 8 to validate and 5 to predict; `overrides` are the protocol's, the rest its own.

    Examples
    --------
    >>> task = tiny_task(getfixture("tmp_path"))
    >>> len(task.train.ids), len(task.validation.ids), len(task.test.ids)
    (24, 8, 5)
    """
    protocol = with_overrides(TINY, overrides or {})
    films, scores = tiny_films(train, protocol, name="t", seed=1)
    validation, validation_scores = tiny_films(8, protocol, name="v", seed=2)
    test, _ = tiny_films(5, protocol, name="e", seed=3)
    task: dict[str, Any] = {
        "model": model,
        "protocol": protocol,
        "seed": 0,
        "device": "cpu",
        "folder": folder,
        "pretrained": None,
        "train": films,
        "train_scores": scores,
        "validation": validation,
        "validation_scores": validation_scores,
        "test": test,
    }
    return FitTask(**(task | fields))
