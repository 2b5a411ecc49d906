"""What a plugin promises, whatever it brings: it loads, and listing it costs nothing."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from ra_bench.errors import PluginError
from ra_bench.testing import torch_free

if TYPE_CHECKING:
    from ra_bench.plugins import Plugin, Registry
    from ra_bench.testing.check import Promise


def loads(plugin: Plugin, registry: Registry) -> str:  # noqa: ARG001 - asked like the others
    """It is loaded, and all that it brings was taken."""
    if plugin.state != "loaded":
        raise PluginError(
            f"Plugin '{plugin.name}' ({plugin.distribution} {plugin.version}) is {plugin.state}: {plugin.reason}"
        )
    return ", ".join(f"{kind} {name}" for kind, name in plugin.provides)


def lists_without_torch(plugin: Plugin, registry: Registry) -> None:
    """Loading and listing it, in a fresh process, does not import torch."""
    file = plugin.distribution if plugin.version == "file" else ""
    others = [other.name for other in registry.plugins if other.version != "file" and other.distribution != "ra-bench"]
    others = [name for name in others if file or name != plugin.name]
    ran = subprocess.run(  # noqa: S603 - this Python, and a module of ours
        [sys.executable, "-m", torch_free.__name__, file, *others], capture_output=True, text=True, check=False
    )
    if ran.returncode == torch_free.FOUND:
        raise PluginError(
            f"Loading the plugin '{plugin.name}' imports torch: {ran.stdout.strip()}. Import it inside `build`, in a "
            "module that only `build` imports, and for types under `if TYPE_CHECKING:`. `ra-bench list` would take "
            "seconds."
        )
    if ran.returncode:
        raise PluginError(f"Plugin '{plugin.name}' does not load in a fresh process: {ran.stderr.strip()[-500:]}")


PLUGIN: tuple[Promise, ...] = (loads, lists_without_torch)
