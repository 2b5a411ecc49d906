"""Torch and its devices, memory, shared memory.

Torch is asked in a process of its own: a broken one ends that alone.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ra_bench.health.values import Part, Problem
from ra_bench.runs.gpus import DRIVERS
from ra_bench.runs.process import cores

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Seconds until torch counts as hanging: on a cold network drive it takes half a minute.
_PATIENCE = 120

#: With less free memory the smallest training may not fit; with less shared memory processes that train one job on
#: several GPUs may not be able to talk to each other. Docker gives a container 64 MiB.
_LITTLE_MEMORY, _LITTLE_SHARED = 2**30, 2**27

_QUESTION = """
import json, torch
said = {"torch": torch.__version__, "threads": torch.get_num_threads(), "cuda": [], "vision": ""}
if torch.cuda.is_available():
    for number in range(torch.cuda.device_count()):
        free, total = torch.cuda.mem_get_info(number)
        said["cuda"].append({"name": torch.cuda.get_device_name(number), "free": free, "total": total})
said["mps"] = torch.backends.mps.is_available()
try:
    import torchvision
except ModuleNotFoundError:
    pass
except Exception as error:
    said["vision"] = f"{type(error).__name__}: {error}"
print(json.dumps(said))
"""


def look_at_torch(python: str = sys.executable, drivers: Iterable[Path] = DRIVERS) -> Part:
    """Versions of torch and torchvision, and the devices that torch finds."""
    facts: dict[str, Any] = {name: _version(name) for name in ("torch", "torchvision")}
    if facts["torch"] is None:
        problem = Problem(
            said="torch is not installed. Boards can be made; nothing can be trained.",
            fix="pip install torch torchvision (for a GPU: choose the command on pytorch.org)",
        )
        return Part(name="torch", facts=facts, problems=(problem,))
    try:
        asked = subprocess.run(  # noqa: S603 - our own interpreter with our own text
            [python, "-c", _QUESTION], capture_output=True, text=True, timeout=_PATIENCE, check=False
        )
        said = json.loads(asked.stdout.splitlines()[-1]) if asked.returncode == 0 else None
        why = "" if said else _last_line(asked.stderr) or f"its process ended with exit code {asked.returncode}"
    except subprocess.TimeoutExpired:
        said, why = None, f"no answer in {_PATIENCE} seconds"
    except (ValueError, IndexError):
        said, why = None, "its answer cannot be read"
    if said is None:
        problem = Problem(
            said=f"torch {facts['torch']} cannot be used: {why}.", fix="pip install --force-reinstall torch torchvision"
        )
        return Part(name="torch", facts=facts, problems=(problem,))
    facts |= {"threads": said["threads"], "cuda": said["cuda"], "mps": said["mps"]}
    return Part(name="torch", facts=facts, problems=tuple(_torch_problems(said, drivers)))


def look_at_memory(meminfo: Path = Path("/proc/meminfo"), shared: Path = Path("/dev/shm")) -> Part:  # noqa: S108 - looked at only
    """Cores, memory and shared memory."""
    facts: dict[str, Any] = {"cores": cores(), "memory": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")}
    problems = []
    if meminfo.exists():
        lines = dict(line.split(":", 1) for line in meminfo.read_text(encoding="ascii").splitlines() if ":" in line)
        facts["available"] = int(lines["MemAvailable"].split()[0]) * 1024
        if facts["available"] < _LITTLE_MEMORY:
            problems.append(
                Problem(
                    said=f"Only {facts['available'] / 2**20:,.0f} MiB of memory are available.",
                    fix="Close other programs, and run one job at a time (--jobs 1).",
                )
            )
    if shared.is_dir():
        facts["shared_memory"] = shutil.disk_usage(shared).total
        if facts["shared_memory"] < _LITTLE_SHARED:
            problems.append(
                Problem(
                    said=f"{shared} has {facts['shared_memory'] / 2**20:,.0f} MiB: too little for several GPUs a job.",
                    fix="Start the container with --shm-size=1g, or mount a larger one. With --devices 1 it is enough.",
                )
            )
    return Part(name="machine", facts=facts, problems=tuple(problems))


def _torch_problems(said: dict[str, Any], drivers: Iterable[Path]) -> Iterable[Problem]:
    if said["vision"]:
        yield Problem(
            said=f"torchvision cannot be imported beside torch {said['torch']}: {said['vision']}.",
            fix="Install two that belong together: pip install --upgrade torch torchvision",
        )
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES") == ""
    if not said["cuda"] and not hidden and any(file.exists() for file in drivers):
        yield Problem(
            said=f"There is a driver for a GPU, but torch {said['torch']} finds none.",
            fix="Look with nvidia-smi (or rocm-smi); if it sees one, install the torch for its driver: pytorch.org.",
        )


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1].rstrip(".") if lines else ""
