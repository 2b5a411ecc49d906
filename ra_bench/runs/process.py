"""What a worker process knows of itself: its log, its peak memory, its environment."""

from __future__ import annotations

import faulthandler
import os
import platform
import resource
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ra_bench.errors import StorageError

#: Distributions whose version can move a number on a board.
_TOLD = ("ra-bench", "torch", "torchvision", "timm", "numpy", "pandas", "scipy", "pillow")


@contextmanager
def logged_to(file: Path) -> Iterator[None]:
    """Send all that this process prints, native code included, to a file; a traceback goes there too.

    Raises
    ------
    StorageError
        The log cannot be opened.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    kept = [os.dup(1), os.dup(2)]
    try:
        with file.open("w", encoding="utf-8") as log:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
    except OSError as error:
        raise StorageError(f"Cannot write the log {file}: {error.strerror}. Free some space or mend its rights.") from error
    faulthandler.enable(file=2, all_threads=True)
    try:
        yield
    except BaseException:
        traceback.print_exc()
        raise
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for number, copy in enumerate(kept, start=1):
            os.dup2(copy, number)
            os.close(copy)


def peak_memory() -> int:
    """Largest resident memory of this process so far, in bytes; on a CUDA device, that of the device."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        return int(torch.cuda.max_memory_allocated())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # Linux counts in KiB


def environment() -> dict[str, str]:
    """What a number may depend on beside the job: versions, processor, threads."""
    told = {"python": platform.python_version(), "system": platform.system(), "processor": _processor()}
    for name in _TOLD:
        with suppress(PackageNotFoundError):
            told[name] = version(name)
    torch = sys.modules.get("torch")
    if torch is not None:
        told["threads"] = str(torch.get_num_threads())
        if torch.cuda.is_available():
            told["gpu"] = torch.cuda.get_device_name()
    return told


def _processor() -> str:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{platform.machine()}, {cores} cores"
