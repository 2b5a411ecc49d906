"""Energy that a GPU tells: NVIDIA's counter of all that it took since the driver was loaded, read through NVML."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """`read` gives joules up to now; None where the hardware does not tell, and `unknown` says why."""

    read: Callable[[], float] | None
    unknown: str = ""


def open_meter(device: torch.device, nvml: Any = None) -> Meter:
    """The energy counter of a GPU. It counts the whole card, whoever uses it.

    Parameters
    ----------
    device
        Where the model runs. Only CUDA devices have a counter.
    nvml
        The module that speaks with the driver; `pynvml` of the package nvidia-ml-py if not given.
    """
    if device.type != "cuda":
        return Meter(read=None, unknown=f"the device '{device.type}' does not tell; NVIDIA GPUs do")
    import torch

    return meter_of(str(torch.cuda.get_device_properties(device).uuid), nvml)


def meter_of(uuid: str, nvml: Any = None) -> Meter:
    """The counter of the GPU with a UUID, by which it is found whatever CUDA_VISIBLE_DEVICES hides."""
    if nvml is None:
        try:
            nvml = import_module("pynvml")
        except ImportError:
            return Meter(read=None, unknown="install nvidia-ml-py to have it: pip install 'ra-bench[nvml]'")
    try:
        nvml.nvmlInit()
        handle = nvml.nvmlDeviceGetHandleByUUID(uuid if uuid.startswith(("GPU-", "MIG-")) else f"GPU-{uuid}")
        nvml.nvmlDeviceGetTotalEnergyConsumption(handle)
    except nvml.NVMLError as error:  # an old GPU, a part of one (MIG), no driver
        return Meter(read=None, unknown=f"NVML says: {error}")

    def read() -> float:
        millijoules: int = nvml.nvmlDeviceGetTotalEnergyConsumption(handle)
        return millijoules / 1000

    return Meter(read=read)
