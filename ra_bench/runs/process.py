"""What a worker process knows of itself: its log, its device, its peak memory, its environment."""

from __future__ import annotations

import faulthandler
import logging
import os
import platform
import resource
import signal
import sys
import traceback
from contextlib import contextmanager, suppress
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from ra_bench.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: Distributions whose version can move a number on a board.
_TOLD = ("ra-bench", "torch", "torchvision", "timm", "numpy", "pandas", "scipy", "pillow")


@contextmanager
def logged_to(file: Path, *, append: bool = False) -> Iterator[None]:
    """Send all that this process prints, native code included, and what ra_bench logs to a file, or to its end.

    A traceback goes there too. A log that cannot be written to its end (a full disk) is cut short; that stops nothing.

    Raises
    ------
    StorageError
        The log cannot be opened.
    """
    try:
        log = file.open("a" if append else "w", encoding="utf-8", buffering=1)
    except OSError as error:
        raise StorageError(
            f"Cannot write the log {file}: {error.strerror}. "
            "Free some space or choose a folder that can be written to with --runs."
        ) from error
    handler = logging.StreamHandler(log)
    handler.setFormatter(logging.Formatter("%(asctime)s %(name)s: %(message)s", "%H:%M:%S"))
    logger = logging.getLogger("ra_bench")
    level = logger.level
    _flush()
    kept = [os.dup(1), os.dup(2)]
    os.dup2(log.fileno(), 1)
    os.dup2(log.fileno(), 2)
    faulthandler.enable(file=2, all_threads=True)
    # Told to end, it says where it was, even from native code that hangs; then comes what the signal does otherwise.
    faulthandler.register(signal.SIGTERM, file=2, all_threads=True, chain=True)
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    except BaseException:
        with suppress(OSError):
            traceback.print_exc(file=log)
        raise
    finally:
        faulthandler.unregister(signal.SIGTERM)
        logger.setLevel(level)
        logger.removeHandler(handler)
        _flush()
        for number, copy in enumerate(kept, start=1):
            os.dup2(copy, number)
            os.close(copy)
        with suppress(OSError):
            log.close()


def device_used() -> str:
    """Where this process has computed: the GPU on which it held most memory, or "cpu" if it never held any."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        held = [torch.cuda.max_memory_allocated(number) for number in range(torch.cuda.device_count())]
        if max(held) > 0:
            return f"cuda:{held.index(max(held))}"
    if torch is not None and torch.backends.mps.is_available() and torch.mps.driver_allocated_memory() > 0:
        return "mps"
    return "cpu"


def peak_memory(device: str) -> int:
    """Largest resident memory of this process so far, in bytes; on a CUDA device, that of the device."""
    if device.startswith("cuda"):
        return int(sys.modules["torch"].cuda.max_memory_allocated(device))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # Linux counts in KiB


def environment(device: str) -> dict[str, str]:
    """What a number may depend on beside the job: versions, processor, threads."""
    told = {"python": platform.python_version(), "system": platform.system(), "processor": _processor()}
    for name in _TOLD:
        with suppress(PackageNotFoundError):
            told[name] = version(name)
    if torch := sys.modules.get("torch"):
        told["threads"] = str(torch.get_num_threads())
        if device.startswith("cuda"):
            told["gpu"] = torch.cuda.get_device_name(device)
    return told


def cores() -> int:
    """How many cores this process may use: a job scheduler or a container may give it some of the machine's."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _processor() -> str:
    return f"{platform.machine()}, {cores()} cores"


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
