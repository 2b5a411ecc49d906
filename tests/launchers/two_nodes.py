"""A Ray cluster of two nodes on this machine, each with one core, for the tests of the Ray launcher.

A program of its own: prints the cluster's address, then takes a line a command, "kill second" or "kill head", and
answers "done". At the end of its input everything is ended that it started.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from pathlib import Path

from ray.cluster_utils import Cluster

SETTINGS = {"num_cpus": 1, "include_dashboard": False, "object_store_memory": 80 * 2**20}


def serve() -> None:
    """Start the nodes and do what is asked."""
    cluster = Cluster()
    nodes = {name: cluster.add_node(**SETTINGS) for name in ("head", "second")}
    print(cluster.address, flush=True)  # noqa: T201 - what the test waits for
    for line in sys.stdin:
        cluster.remove_node(nodes.pop(line.split()[1]), allow_graceful=False)
        print("done", flush=True)  # noqa: T201
    cluster.shutdown()


def end_session() -> None:
    """End what is left of this session: helpers of a node that was killed go on for a while."""
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError):
            number = int(process.name)
            if number != os.getpid() and os.getsid(number) == os.getpid():
                os.kill(number, signal.SIGKILL)


if __name__ == "__main__":
    try:
        serve()
    finally:
        end_session()
