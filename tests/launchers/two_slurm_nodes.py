"""A Slurm of two nodes on this machine, with one core each, for the tests of the Slurm launcher.

A program of its own, for root, given an empty folder: keys, sockets, states and logs lie there, and the machine's own
settings are not touched. It prints the path of the settings, which belongs into `SLURM_CONF`, and ends what it started
at the end of its input. The nodes are this machine under the two names that it has anyway.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import sys
from pathlib import Path

DAEMONS = ("munged", "slurmctld", "slurmd")

SETTINGS = """\
ClusterName=tests
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={folder}/munge.socket
StateSaveLocation={folder}/state
SlurmctldPidFile={folder}/slurmctld.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdSpoolDir={folder}/spool-%n
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmdLogFile={folder}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
SchedulerParameters=sched_interval=1,batch_sched_delay=0
ReturnToService=2
KillWait=5
NodeName={host} NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[1]} CPUs=1
NodeName=localhost NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[2]} CPUs=1
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def own_name() -> str:
    """The name of this machine, which must lead to it."""
    host = socket.gethostname().partition(".")[0]
    try:
        socket.gethostbyname(host)
    except OSError as error:
        sys.exit(f"this machine's name {host!r} leads nowhere: {error}")
    if host == "localhost":
        sys.exit("this machine has no name of its own, so it cannot be two nodes")
    return host


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens at."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def serve(folder: Path) -> None:
    """Start the daemons, and end them at the end of the input."""
    path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
    if missing := [name for name in DAEMONS if shutil.which(name, path=path) is None]:
        sys.exit(f"{', '.join(missing)} not installed")
    if os.getuid() != 0:
        sys.exit("only root can start one")
    host = own_name()
    settings = folder / "slurm.conf"
    settings.write_text(SETTINGS.format(host=host, folder=folder, ports=free_ports(3)))
    key = folder / "munge.key"
    key.touch(mode=0o600)
    key.write_bytes(secrets.token_bytes(128))
    (folder / "state").mkdir()
    files = {"socket": "socket", "pid-file": "pid", "log-file": "log", "seed-file": "seed"}
    munge = [f"--{option}={folder}/munge.{end}" for option, end in files.items()]
    nodes = [["slurmd", "-D", "-N", name] for name in (host, "localhost")]
    environment = os.environ | {"PATH": path, "SLURM_CONF": str(settings)}
    with contextlib.ExitStack() as stack:
        log = stack.enter_context((folder / "daemons.log").open("wb"))
        for command in (
            ["munged", "--foreground", "--force", f"--key-file={key}", *munge],
            ["slurmctld", "-D"],
            *nodes,
        ):
            daemon = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            stack.callback(daemon.wait)
            stack.callback(daemon.terminate)
        print(settings, flush=True)  # noqa: T201 - what the test waits for
        sys.stdin.read()


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
