"""What all code of a process shares: random states and torch's switches. Looked at, compared, brought back."""

from __future__ import annotations

import random
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from ra_bench.training.device import random_states, set_random_states

if TYPE_CHECKING:
    from collections.abc import Iterator

#: The generators that the suite seeds before a model is built, and what seeds them.
GENERATORS = {"python": "random.seed", "numpy": "numpy.random.seed", "torch": "torch.manual_seed"}


def switches() -> dict[str, Any]:
    """How torch is set, by the name of what sets it."""
    cudnn = torch.backends.cudnn
    return {
        "torch.set_default_dtype": torch.get_default_dtype(),
        "torch.set_default_device": torch.get_default_device(),
        "torch.set_num_threads": torch.get_num_threads(),
        "torch.set_float32_matmul_precision": torch.get_float32_matmul_precision(),
        "torch.set_grad_enabled": torch.is_grad_enabled(),
        "torch.autograd.set_detect_anomaly": torch.is_anomaly_enabled(),
        "torch.use_deterministic_algorithms": torch.are_deterministic_algorithms_enabled(),
        "torch.backends.cudnn.enabled": cudnn.enabled,
        "torch.backends.cudnn.benchmark": cudnn.benchmark,
        "torch.backends.cudnn.deterministic": cudnn.deterministic,
    }


def seed_all(seed: int) -> None:
    """Seed the generators, as a trainer does before it builds."""
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - a plugin may draw from the old global generator
    torch.manual_seed(seed)


def where_generators_stand() -> dict[str, str]:
    """A text for the state of each generator: equal where the states are."""
    states = random_states()
    return {name: repr(_plain(states[name])) for name in GENERATORS}


def _plain(state: Any) -> Any:
    if isinstance(state, torch.Tensor):
        return state.numpy().tobytes()
    return {key: _plain(value) for key, value in state.items()} if isinstance(state, dict) else state


@contextmanager
def apart() -> Iterator[None]:
    """Bring all of it back on leaving: checks leave no trace, whatever the plugin does."""
    states, before = random_states(), switches()
    try:
        yield
    finally:
        restore(before)
        set_random_states(states)


def restore(before: dict[str, Any]) -> None:
    """Set torch as `switches` found it."""
    cudnn = torch.backends.cudnn
    torch.set_default_dtype(before["torch.set_default_dtype"])
    if torch.get_default_device() != before["torch.set_default_device"]:
        torch.set_default_device(None)  # the suite sets none
    if torch.get_num_threads() != before["torch.set_num_threads"]:
        torch.set_num_threads(before["torch.set_num_threads"])
    torch.set_float32_matmul_precision(before["torch.set_float32_matmul_precision"])
    torch.set_grad_enabled(before["torch.set_grad_enabled"])
    torch.autograd.set_detect_anomaly(before["torch.autograd.set_detect_anomaly"])
    torch.use_deterministic_algorithms(before["torch.use_deterministic_algorithms"])
    cudnn.enabled = before["torch.backends.cudnn.enabled"]
    cudnn.benchmark = before["torch.backends.cudnn.benchmark"]
    cudnn.deterministic = before["torch.backends.cudnn.deterministic"]
