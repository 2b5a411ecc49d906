"""Where to train, and how to get the same numbers again."""

from __future__ import annotations

import random
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from ra_bench.errors import TrainingError
from ra_bench.training.arithmetic import tensor_cores

if TYPE_CHECKING:
    from collections.abc import Iterator


def resolve(name: str) -> torch.device:
    """The device of a name: "auto" (the best there is), "cpu", "cuda", "cuda:1" or "mps".

    Raises
    ------
    TrainingError
        An unknown name, or a device that this machine or this torch does not have.
    """
    kind, _, number = name.partition(":")
    if kind not in {"auto", "cpu", "cuda", "mps"} or (number and not (kind == "cuda" and number.isdecimal())):
        raise TrainingError(f"There is no device '{name}'. Use auto, cpu, cuda, cuda:N or mps.")
    cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    if kind == "auto":
        return torch.device("cuda" if cuda else "mps" if mps else "cpu")
    there = {"cpu": True, "cuda": cuda, "mps": mps}
    if not there[kind]:
        raise TrainingError(
            f"The device '{name}' is not there: this torch ({torch.__version__}) finds none. "
            f"Found: {', '.join(device for device, found in there.items() if found)}. "
            "Use one of them or 'auto', or install a torch that fits the driver."
        )
    if number and int(number) >= torch.cuda.device_count():
        raise TrainingError(
            f"The device '{name}' is not there: {torch.cuda.device_count()} GPUs are visible, counted from cuda:0."
        )
    return torch.device(name)


def moved(values: torch.Tensor, device: torch.device) -> torch.Tensor:
    """To the device; to a GPU from pinned memory, so that the copy does not wait for the work in its queue."""
    return values.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else values.to(device)


@contextmanager
def reproducible(seed: int, device: torch.device, *, tf32: bool = False) -> Iterator[None]:
    """Seed every generator, and let torch choose algorithms that give the same bits again, until it is left.

    On a CPU an operation that cannot do so is an error of torch. On a GPU some common ones cannot, so there the
    convolutions are repeatable and the rest is as it comes.
    """
    memory = torch.utils.deterministic  # it would fill new memory with nan in this mode, which costs time
    before = torch.are_deterministic_algorithms_enabled(), memory.fill_uninitialized_memory  # type: ignore[attr-defined]  # set by its class
    cudnn = torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002 - a plugin's model may draw from the old global generator
    torch.manual_seed(seed)
    torch.use_deterministic_algorithms(device.type == "cpu")
    memory.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = True, False
    try:
        with tensor_cores(tf32=tf32):
            yield
    finally:
        torch.use_deterministic_algorithms(before[0])
        memory.fill_uninitialized_memory = before[1]  # type: ignore[attr-defined]
        torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = cudnn


def random_states() -> dict[str, Any]:
    """Where every generator stands that `reproducible` seeds, as tensors, numbers and texts."""
    numpy = dict(np.random.get_state(legacy=False))  # noqa: NPY002 - a plugin's model may draw from it
    words = torch.from_numpy(numpy["state"]["key"].astype(np.int64))
    return {
        "python": random.getstate(),
        "numpy": numpy | {"state": numpy["state"] | {"key": words}},
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if _uses_cuda() else [],
        "mps": torch.mps.get_rng_state() if torch.backends.mps.is_available() else None,
    }


def set_random_states(states: dict[str, Any]) -> None:
    """Bring every generator to where `random_states` found it; those of a GPU that is not there stay as they are."""
    numpy = states["numpy"]
    words = numpy["state"]["key"].numpy().astype(np.uint32)
    random.setstate(states["python"])
    np.random.set_state(numpy | {"state": numpy["state"] | {"key": words}})  # noqa: NPY002 - see above
    torch.set_rng_state(states["torch"])
    if _uses_cuda():
        for number, state in enumerate(states["cuda"][: torch.cuda.device_count()]):
            torch.cuda.set_rng_state(state, number)
    if states["mps"] is not None and torch.backends.mps.is_available():
        torch.mps.set_rng_state(states["mps"])


def _uses_cuda() -> bool:
    """Whether this process computes on a GPU: asking one that it does not use would take its memory."""
    return bool(torch.cuda.is_initialized())  # type: ignore[no-untyped-call]  # torch gives it no types
