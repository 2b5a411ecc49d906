"""How long `ra-bench list` takes with sixty guests installed: under a second on an idle machine.

Printed as seconds, and as a multiple of what Python itself takes to start.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time

PLUGINS = 60
LIMIT = 1.0

SOURCE = '''
"""A guest with two models and a metric."""

from ra_bench import MetricSpec, ModelSpec, hookimpl


def build():
    raise NotImplementedError


@hookimpl
def register_models():
    names = ("guest-{number}", "guest-{number}-transfer")
    return [ModelSpec(name=name, build=build, citation="Nobody", head="head", parameters={number}) for name in names]


@hookimpl
def register_metrics():
    return [MetricSpec(name="metric-{number}", label="", unit="", compute=build, best="low")]
'''


def put_plugins(folder, count):
    for number in range(count):
        package, info = folder / f"ra_guest_{number}", folder / f"ra_guest_{number}-1.dist-info"
        package.mkdir()
        info.mkdir()
        (package / "__init__.py").write_text("")
        (package / "plugin.py").write_text(SOURCE.format(number=number))
        needs = "".join(f"Requires-Dist: {name}\n" for name in ("ra-bench>=0.1,<0.3", "torch>=2.4", "timm>=1.0"))
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: ra-guest-{number}\nVersion: 1\n{needs}")
        (info / "entry_points.txt").write_text(f"[ra_bench]\nguest-{number} = ra_guest_{number}.plugin\n")


def seconds(command, environment, times=7):
    """Least seconds of several, by the clock and of the processor: what other programs add is not ours."""
    clock, processor = [], []
    for _ in range(times):
        start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        clock.append(time.perf_counter() - start)
        processor.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(clock), min(processor)


def test_sixty_plugins_are_listed_within_a_second(tmp_path):
    put_plugins(tmp_path, PLUGINS)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPATH"] = os.pathsep.join([*sys.path, str(tmp_path)])
    command = [sys.executable, "-c", "from ra_bench.cli.main import main; main()", "list"]
    listed = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
    assert f"guest-{PLUGINS - 1}-transfer" in listed
    _, python = seconds([sys.executable, "-c", "pass"], environment)
    clock, processor = seconds(command, environment)
    print(
        f"\nlist with {PLUGINS} plugins: {clock:.2f} s, {processor:.2f} s of the processor, "
        f"{processor / python:.0f} times `python -c pass` ({python:.3f} s)"
    )
    assert processor < LIMIT  # one thread: on an idle machine the clock says the same
