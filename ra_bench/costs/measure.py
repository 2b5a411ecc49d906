"""One model in one process: counts, latency, inference, training; in this order, so that each peak of memory shows."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import count
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from ra_bench.costs.energy import open_meter
from ra_bench.costs.values import Cost
from ra_bench.errors import TrainingError
from ra_bench.runs.process import environment, peak_memory
from ra_bench.specs import FilmSet
from ra_bench.training.ahead import made_ahead
from ra_bench.training.augment import training_batch
from ra_bench.training.build import build_model
from ra_bench.training.cost import count_madds, count_parameters
from ra_bench.training.device import reproducible, resolve
from ra_bench.training.loss import loss_function
from ra_bench.training.optimise import make_optimiser
from ra_bench.training.predict import outputs
from ra_bench.training.protocol import base_size, with_overrides
from ra_bench.training.standard import spread_of_films

if TYPE_CHECKING:
    from collections.abc import Callable

    from ra_bench.costs.energy import Meter
    from ra_bench.costs.values import Bench
    from ra_bench.specs import ModelSpec
    from ra_bench.values import Protocol

#: Calls before any is timed: caches fill, memory is taken, cuDNN chooses.
WARM_UP = 2
#: Times taken at least and at most.
LEAST, MOST = 3, 100
#: A GPU works on a queue: steps are timed in groups, at whose ends one waits for it. Latency is timed call by call.
_GROUP = {"cuda": 10, "mps": 10}


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """Median seconds of a call, and joules a call, None where nobody tells."""

    seconds: float
    joules: float | None


def measure(spec: ModelSpec, bench: Bench) -> Cost:
    """Measure a model as the standard trainer would train it, on films of noise.

    Raises
    ------
    ProtocolError, TrainingError
        The device is not there, or the model has no network or one that does not fit.
    """
    if bench.threads is not None:
        torch.set_num_threads(bench.threads)
    device, protocol = resolve(bench.device), _protocol(spec, bench)
    with reproducible(0, device):
        model = _network(spec, protocol).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stubs miss it
        counted = count_madds(model, height=protocol.height, width=protocol.width)
        meter = open_meter(device)
        latency = _inference(model, spec.name, protocol, device, 1, bench.seconds, meter)
        inference = _inference(model, spec.name, protocol, device, protocol.batch_size, bench.seconds, meter)
        inference_host, inference_device = peak_memory("cpu"), _device_memory(device)
        training = _training(model, spec.name, protocol, device, bench.seconds, meter)
    return Cost(
        model=spec.name,
        parameters=count_parameters(model),
        madds=counted.madds,
        uncounted=counted.uncounted,
        batch_size=protocol.batch_size,
        step_seconds=training.seconds,
        latency=latency.seconds,
        inference_seconds=inference.seconds,
        training_host_memory=peak_memory("cpu"),
        inference_host_memory=inference_host,
        training_device_memory=_device_memory(device),
        inference_device_memory=inference_device,
        training_joules=None if training.joules is None else training.joules / protocol.batch_size,
        inference_joules=None if inference.joules is None else inference.joules / protocol.batch_size,
        energy_unknown=meter.unknown,
        trainer=spec.trainer,
        device=str(device),
        environment=environment(str(device)),
    )


def timed(call: Callable[[], object], device: torch.device, seconds: float, meter: Meter, group: int = 1) -> Timed:
    """Time a call again and again: at least `LEAST` groups of it, more as long as `seconds` are not used up."""
    for _ in range(WARM_UP):
        call()
    _wait(device)
    times: list[float] = []
    before, begun = (None if meter.read is None else meter.read()), time.perf_counter()
    while len(times) < LEAST or (len(times) < MOST and time.perf_counter() - begun < seconds):
        started = time.perf_counter()
        for _ in range(group):
            call()
        _wait(device)
        times.append((time.perf_counter() - started) / group)
    joules = None if meter.read is None or before is None else (meter.read() - before) / (len(times) * group)
    return Timed(seconds=median(times), joules=joules)


def _protocol(spec: ModelSpec, bench: Bench) -> Protocol:
    """As the model is trained, with the batch that was asked for."""
    asked = {} if bench.batch_size is None else {"batch_size": bench.batch_size}
    return with_overrides(bench.protocol, dict(spec.overrides) | asked)


def _network(spec: ModelSpec, protocol: Protocol) -> nn.Module:
    built = spec.build()
    if not isinstance(built, nn.Module):
        raise TrainingError(
            f"'{spec.name}' has no network: `build` gives a {type(built).__name__} for the trainer '{spec.trainer}', "
            "so there is no training step to measure. Leave it out; what its fit took stands on the board."
        )
    return build_model(replace(spec, build=lambda: built), protocol)


def _inference(
    model: nn.Module, name: str, protocol: Protocol, device: torch.device, films: int, seconds: float, meter: Meter
) -> Timed:
    """From normalised films on the device to scores in main memory, without the films' decoding."""
    shape = films, 3, protocol.height, protocol.width
    batch = torch.randn(shape).to(device, memory_format=torch.channels_last)
    model.eval()

    def call() -> Tensor:
        with torch.inference_mode():
            return outputs(model, batch, columns=1, name=name).cpu()

    return timed(call, device, seconds, meter)


def _training(
    model: nn.Module, name: str, protocol: Protocol, device: torch.device, seconds: float, meter: Meter
) -> Timed:
    """The step of training/loop.py, with its batch made from stored films."""
    films, targets = noise_films(protocol), torch.randn(protocol.batch_size).to(device)
    greys, loss_of = spread_of_films(films.films), loss_function(protocol.loss)
    optimiser = make_optimiser(protocol.optimiser, model.parameters())
    model.train()

    def prepared(epoch: int) -> Tensor:  # another epoch, another draw of the augmentation
        chosen = range(protocol.batch_size)
        return training_batch(films, chosen, protocol=protocol, greys=greys, seed=0, epoch=epoch, device=device)

    with closing(made_ahead(prepared, count(1), device)) as shown:

        def call() -> None:
            loss = loss_of(outputs(model, next(shown), columns=1, name=name)[:, 0], targets)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()

        return timed(call, device, seconds, meter, _GROUP.get(device.type, 1))


def noise_films(protocol: Protocol) -> FilmSet:
    """A batch of stored films without any content."""
    height, width = base_size(protocol)
    films = np.random.default_rng(0).integers(0, 256, (protocol.batch_size, height, width), dtype=np.uint8)
    ids = tuple(f"noise{number}" for number in range(protocol.batch_size))
    return FilmSet(ids=ids, films=films, sizes=np.tile([height, width], (protocol.batch_size, 1)))


def _wait(device: torch.device) -> None:
    """Until the device has done all that it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def _device_memory(device: torch.device) -> int | None:
    return int(torch.cuda.max_memory_allocated(device)) if device.type == "cuda" else None
