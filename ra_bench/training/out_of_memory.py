"""Which errors say that memory was not enough. No torch in this file: what never imported it cannot have raised its."""

from __future__ import annotations

import sys

#: How libraries say that memory ran out when they raise no MemoryError.
_SAID = ("can't allocate memory", "not enough memory", "cannot allocate memory", "std::bad_alloc")
_GPU_SAID = ("cuda out of memory", "out of memory on device", "mps backend out of memory")
_GPU_CODES = ("cuda error: out of memory", "cudnn_status_alloc_failed", "cublas_status_alloc_failed")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the memory of the machine was not enough."""
    return isinstance(error, MemoryError) or _says(error, _SAID)


def is_out_of_gpu_memory(error: BaseException) -> bool:
    """Whether the memory of a GPU was not enough."""
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(error, torch.OutOfMemoryError):
        return True
    return _says(error, (*_GPU_SAID, *_GPU_CODES))


def _says(error: BaseException, phrases: tuple[str, ...]) -> bool:
    """Whether an error that libraries raise for all and everything says so in words."""
    return isinstance(error, (RuntimeError, OSError)) and any(phrase in str(error).lower() for phrase in phrases)
