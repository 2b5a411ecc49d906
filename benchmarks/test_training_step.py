"""What the trainer adds to a bare training step: decoding, augmentation, bookkeeping.

    pytest benchmarks/test_training_step.py -s --import-mode=importlib

One step of MobileNetV2 at the protocol `quick`, inside `fit`, against the same step on films that lie ready. Prints the
trainer's speed as a share of the bare one; the goal is 0.95.

At 512 pixels with the paper's whole augmentation, the share of a step that passes before the network gets its films,
taken inside the trainer's own steps; the goal is under 2 %.
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from torch.optim.optimizer import register_optimizer_step_post_hook

from ra_bench import FilmSet, FitTask, ModelSpec
from ra_bench.training.augment import training_batch
from ra_bench.training.build import build_model
from ra_bench.training.device import reproducible
from ra_bench.training.loop import fit
from ra_bench.training.loss import loss_function
from ra_bench.training.optimise import make_optimiser
from ra_bench.training.protocol import SHIPPED, base_size, read_protocol, with_overrides
from ra_bench.training.standard import Spread

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from torch import nn

    from ra_bench import Protocol

STEPS, ROUNDS = 6, 10
CPU = torch.device("cpu")


def mobilenetv2() -> nn.Module:
    from torchvision.models import mobilenet_v2

    net: nn.Module = mobilenet_v2(num_classes=1, dropout=0.0)
    return net


MODEL = ModelSpec(name="mobilenetv2", build=mobilenetv2, citation="")


def noise(count: int, protocol: Protocol) -> FilmSet:
    height, width = base_size(protocol)
    films = np.random.default_rng(0).integers(0, 256, (count, height, width), dtype=np.uint8)
    return FilmSet(ids=tuple(map(str, range(count))), films=films, sizes=np.tile([height, width], (count, 1)))


def trainer_epochs(protocol: Protocol, folder: Path) -> Callable[[], float]:
    """Each call trains one epoch inside `fit` and gives seconds a step, validation left out."""
    train, other = noise(STEPS * protocol.batch_size, protocol), noise(1, protocol)
    reports = fit(
        FitTask(
            model=MODEL,
            protocol=with_overrides(protocol, {"epochs": ROUNDS + 1}),
            seed=0,
            device="cpu",
            folder=folder,
            pretrained=None,
            train=train,
            train_scores=np.arange(len(train.ids), dtype=np.float64),
            validation=other,
            validation_scores=np.zeros(1),
            test=other,
        )
    )
    return lambda: next(reports).seconds / STEPS


def bare_epochs(protocol: Protocol) -> Callable[[], float]:
    """Each call does as many steps on one batch that lies ready, and gives seconds a step."""
    films = noise(protocol.batch_size, protocol)
    given = {"protocol": protocol, "greys": Spread(mean=127.0, sd=74.0), "seed": 0, "epoch": 0, "device": CPU}
    shown = training_batch(films, range(protocol.batch_size), **given)
    target = torch.linspace(-1, 1, protocol.batch_size)
    model = build_model(MODEL, protocol).to(memory_format=torch.channels_last).train()
    optimiser = make_optimiser(protocol.optimiser, model.parameters())
    loss_of = loss_function(protocol.loss)

    def epoch() -> float:
        started = perf_counter()
        for _ in range(STEPS):
            loss = loss_of(model(shown)[:, 0], target)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        return (perf_counter() - started) / STEPS

    return epoch


def test_the_trainer_is_nearly_as_fast_as_a_bare_step(benchmark, tmp_path):
    torch.set_num_threads(1)
    protocol = read_protocol(SHIPPED / "quick.toml")
    with reproducible(0, CPU):
        bare, trainer = bare_epochs(protocol), trainer_epochs(protocol, tmp_path)
        bare(), trainer()  # the first of each warms caches up
        pairs = [(bare(), trainer()) for _ in range(ROUNDS - 1)]  # in turn, so that a busy machine slows both
        benchmark.pedantic(trainer, rounds=1)
    alone, inside = (min(seconds) for seconds in zip(*pairs, strict=True))  # the least disturbed of each
    benchmark.extra_info["share of the bare speed"] = alone / inside
    print(
        f"\nbare {1000 * alone:.1f} ms, trainer {1000 * inside:.1f} ms a step: {alone / inside:.3f} of the bare speed"
    )
    assert alone / inside > 0.8, "far below the goal of 0.95: the trainer waits for something"


def test_a_step_hardly_waits_for_its_films(benchmark, tmp_path):
    torch.set_num_threads(1)
    times: list[float] = []  # when a step ended, when the next had its films, in turn
    seen = register_optimizer_step_post_hook(lambda *_: times.append(perf_counter()))
    protocol = with_overrides(read_protocol(SHIPPED / "wang2022.toml"), {"height": 512, "width": 512, "epochs": 1})
    other = noise(1, protocol)
    train = noise(STEPS * protocol.batch_size, protocol)

    def timed() -> nn.Module:
        net = mobilenetv2()
        net.register_forward_pre_hook(lambda module, _: times.append(perf_counter()) if module.training else None)
        return net

    task = FitTask(
        model=ModelSpec(name="mobilenetv2", build=timed, citation=""),
        protocol=protocol,
        seed=0,
        device="cpu",
        folder=tmp_path,
        pretrained=None,
        train=train,
        train_scores=np.arange(len(train.ids), dtype=np.float64),
        validation=other,
        validation_scores=np.zeros(1),
        test=other,
    )
    try:
        benchmark.pedantic(lambda: next(fit(task)), rounds=1)
    finally:
        seen.remove()
    times = times[-2 * STEPS :]
    waited = np.diff(times)[1::2]  # from the end of a step to the films of the next
    worked = np.diff(times)[2::2]
    share = np.median(waited) / (np.median(waited) + np.median(worked))
    benchmark.extra_info["share of a step that waits"] = share
    print(f"\n512 pixels: {1000 * np.median(waited):.1f} ms of waiting, {100 * share:.2f} % of a step")
    assert share < 0.02


@pytest.mark.parametrize("name", ["quick", "wang2022"])
def test_making_a_batch(benchmark, name):
    torch.set_num_threads(1)
    protocol = read_protocol(SHIPPED / f"{name}.toml")
    films = noise(protocol.batch_size, protocol)
    given = {"protocol": protocol, "greys": Spread(mean=127.0, sd=74.0), "seed": 0, "epoch": 0, "device": CPU}
    benchmark(training_batch, films, range(protocol.batch_size), **given)
