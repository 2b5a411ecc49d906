"""Which GPUs there are for jobs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from ra_bench.errors import TrainingError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

#: One of these is there where a driver for CUDA or ROCm is. To ask torch takes seconds, and most machines have none.
DRIVERS = (Path("/dev/nvidiactl"), Path("/dev/dxg"), Path("/dev/kfd"))


def count_gpus() -> int:
    """How many GPUs torch finds. Takes no memory on any of them."""
    import torch

    return torch.cuda.device_count() if torch.cuda.is_available() else 0


def gpus_for(
    device: str, *, count: Callable[[], int] = count_gpus, drivers: Iterable[Path] = DRIVERS
) -> tuple[str, ...]:
    """The GPUs that jobs on a device ("auto", "cpu", "cuda", "mps") may use, as CUDA_VISIBLE_DEVICES names them.

    They are those that the user made visible, in their order, as many as `count` finds.
    """
    if device == "auto" and not any(file.exists() for file in drivers):
        return ()
    if device not in {"auto", "cuda"}:
        return ()
    found = count()
    said = os.environ.get("CUDA_VISIBLE_DEVICES")
    names = [str(number) for number in range(found)] if said is None else said.split(",")
    return tuple(name.strip() for name in names[:found])


def check_gpus(device: str, devices: int, gpus: Sequence[str]) -> None:
    """Refuse more devices a job than there are GPUs for it. On a CPU they are processes, of which there may be many.

    Raises
    ------
    TrainingError
        There are too few GPUs, or the device is one of which there is only one.
    """
    if devices == 1:
        return
    if device == "mps":
        raise TrainingError(f"--devices {devices} needs GPUs of CUDA or a CPU; there is one mps. Leave out --devices.")
    if (gpus or device == "cuda") and len(gpus) < devices:
        raise TrainingError(
            f"--devices {devices} needs as many GPUs, and {len(gpus)} are visible: {', '.join(gpus) or 'none'}. "
            f"Use --devices {max(1, len(gpus))}, make more visible (CUDA_VISIBLE_DEVICES), or train with --device cpu."
        )
